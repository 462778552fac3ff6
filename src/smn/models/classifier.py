"""A backbone, the statistics of its layers, and two linear heads: which movement, and is it a painting at all."""

import torch
from torch import Tensor, nn

from smn.errors import InputError
from smn.models.backbones import Backbone, build_backbone
from smn.models.painting import PaintingHead

_CLIP = 5.0


class StyleStatistics(nn.Module):
    """Mean and standard deviation of every channel over the picture.

    Statistics of early and middle layers describe style and forget what is depicted where (Gatys et al. 2016; Huang &
    Belongie 2017 use the same pair of moments).
    """

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Feature maps, each (N, C, H, W), as one vector (N, 2 * sum of C)."""
        moments = []
        for values in maps:
            flat = values.float().flatten(2)
            mean = flat.mean(2)
            variance = (flat - mean[:, :, None]).square().mean(2)
            moments += [mean, (variance + 1e-6).sqrt()]
        return torch.cat(moments, dim=1)


class Classifier(nn.Module):
    """Pictures to logits.

    Args:
        backbone: gives feature maps.
        levels: which of the backbone's levels are used.
        classes: number of labels, K.
        dropout: share of features dropped in training, 0..1.

    Raises:
        InputError: the backbone has no such levels.
    """

    explains = True
    shift: Tensor
    scale: Tensor

    def __init__(self, backbone: Backbone, levels: tuple[int, ...], *, classes: int, dropout: float) -> None:
        super().__init__()
        channels = backbone.level_channels()
        count = len(channels)
        if not levels or not set(levels) <= set(range(count)) or len(set(levels)) < len(levels):
            raise InputError(
                f"The levels {list(levels)} do not fit the backbone; name each at most once, from 0 to {count - 1}."
            )
        self.backbone = backbone.network
        # What lies behind the last level in use would be dead weight in every checkpoint and bundle.
        self.backbone.prune_intermediate_layers(list(levels), prune_norm=True, prune_head=True, **backbone.options)  # type: ignore[operator]
        self.levels, self.options = list(levels), dict(backbone.options)
        self.pool = StyleStatistics()
        width = 2 * sum(channels[level] for level in levels)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, classes)
        self.painting = PaintingHead(width)
        # Zero weights: every class is equally likely at the start, and the first steps are not noise.
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("shift", torch.zeros(width))
        self.register_buffer("scale", torch.ones(width))

    @property
    def width(self) -> int:
        """Length D of a feature vector."""
        return self.painting.in_features

    def maps(self, images: Tensor) -> list[Tensor]:
        """Feature maps (N, C, H, W), a level each, of normalised pictures (N, 3, H, W)."""
        return self.backbone.forward_intermediates(  # type: ignore[operator,no-any-return]
            images, indices=self.levels, intermediates_only=True, **self.options
        )

    def statistics(self, images: Tensor) -> Tensor:
        """Raw style statistics (N, D) of normalised pictures (N, 3, H, W)."""
        return self.pool(self.maps(images))  # type: ignore[no-any-return]

    def standardise(self, statistics: Tensor) -> Tensor:
        """Statistics (N, D) brought to mean 0 and deviation 1 as seen in training, clipped at five deviations."""
        return ((statistics - self.shift) * self.scale).clamp(-_CLIP, _CLIP)

    def fit_standardisation(self, statistics: Tensor) -> None:
        """Learn `standardise` from the statistics (N, D) of the training pictures."""
        self.shift.copy_(statistics.mean(0))
        self.scale.copy_(1.0 / (statistics.std(0) + 1e-3))

    def embed(self, images: Tensor) -> Tensor:
        """Feature vectors (N, D) of normalised pictures (N, 3, H, W)."""
        return self.standardise(self.statistics(images))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (N, K), painting log-odds (N,) and embeddings (N, D) of normalised pictures (N, 3, H, W)."""
        embedding = self.embed(images)
        return self.head(self.dropout(embedding)), self.painting(embedding), embedding

    def explain(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `forward` gives, and where in the picture the evidence for each label is: (N, K, G, G).

        The head is linear in means over the picture, so every logit is a mean over the picture, too, of what each place
        adds to it, as in the class activation maps of Zhou et al. 2016; here the places of all levels are added, and
        of the deviations as well, because a deviation is the mean of the squared differences over itself. The mean of
        a map differs from its logit by a constant of the label, but for statistics that are clipped.
        """
        maps = self.maps(images)
        embedding = self.standardise(self.pool(maps))
        return self.head(embedding), self.painting(embedding), embedding, self._locate(maps)

    def _locate(self, maps: list[Tensor]) -> Tensor:
        weights, start, side = self.head.weight * self.scale, 0, maps[-1].shape[-1]
        evidence: list[Tensor] = []
        for values in maps:
            mean = values.mean((2, 3), keepdim=True)
            square = (values - mean).square()
            deviation = (square.mean((2, 3), keepdim=True) + 1e-6).sqrt()
            for part in (values, square / deviation):
                of_part = weights[:, start : start + values.shape[1]]
                evidence.append(torch.einsum("kc,nchw->nkhw", of_part, _shrink(part, side)))
                start += values.shape[1]
        return torch.stack(evidence).sum(0)


def _shrink(values: Tensor, side: int) -> Tensor:
    """Means of a map (N, C, H, H) over a grid (N, C, side, side); what does not fill a cell at the edge is left out."""
    return nn.functional.avg_pool2d(values, values.shape[-1] // side)[:, :, :side, :side]


def build_classifier(
    backbone: str, *, levels: tuple[int, ...], classes: int, dropout: float = 0.0, pretrained: bool = True
) -> tuple[Classifier, Backbone]:
    """A classifier on the named backbone, and the backbone's facts."""
    base = build_backbone(backbone, pretrained=pretrained)
    return Classifier(base, levels, classes=classes, dropout=dropout), base
