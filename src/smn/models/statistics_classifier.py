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


class StatisticsClassifier(nn.Module):
    """Pictures to logits.

    A transformer's levels give the class token beside the mean and deviation of the patches.

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
        self.levels, self.options, self.class_token = list(levels), dict(backbone.options), backbone.class_token
        if backbone.class_token:
            self.backbone.prune_intermediate_layers(self.levels, prune_norm=False, prune_head=True)  # type: ignore[operator]
            self.options["return_prefix_tokens"] = True
        else:
            self.backbone.prune_intermediate_layers(self.levels, prune_norm=True, prune_head=True, **backbone.options)  # type: ignore[operator]
        self.pool = StyleStatistics()
        width = (3 if backbone.class_token else 2) * sum(channels[level] for level in levels)
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

    def features(self, images: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """What the levels give of normalised pictures (N, 3, H, W): maps (N, C, H, W) each, and class tokens (N, T).

        A network of convolutions has no class tokens. While a transformer is trained with patch dropout, a map is the
        row of the patches that are left, (N, C, L, 1).
        """
        if not self.class_token:
            levels = self.backbone.forward_intermediates(  # type: ignore[operator]
                images, indices=self.levels, intermediates_only=True, **self.options
            )
            return levels, None
        dropped = self.training and getattr(self.backbone.patch_drop, "prob", 0.0) > 0
        levels = self.backbone.forward_intermediates(  # type: ignore[operator]
            images,
            indices=self.levels,
            intermediates_only=True,
            output_fmt="NLC" if dropped else "NCHW",
            **self.options,
        )
        maps = [level[0].transpose(1, 2).unsqueeze(3) if dropped else level[0] for level in levels]
        return maps, torch.cat([level[1][:, 0] for level in levels], dim=1).float()

    def statistics(self, images: Tensor) -> Tensor:
        """Raw style statistics (N, D) of normalised pictures (N, 3, H, W)."""
        return self._describe(*self.features(images))

    def _describe(self, maps: list[Tensor], tokens: Tensor | None) -> Tensor:
        moments: Tensor = self.pool(maps)
        return moments if tokens is None else torch.cat([moments, tokens], dim=1)

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
        """Logits (N, K), painting log-odds (N, J) and embeddings (N, D) of normalised pictures (N, 3, H, W)."""
        embedding = self.embed(images)
        return self.head(self.dropout(embedding)), self.painting(embedding), embedding

    def explain(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What `forward` gives, and where in the picture the evidence for each label is: (N, K, G, G).

        The head is linear in means over the picture, so every logit is a mean over the picture, too, of what each place
        adds to it, as in the class activation maps of Zhou et al. 2016; here the places of all levels are added, and
        of the deviations as well, because a deviation is the mean of the squared differences over itself. The mean of
        a map differs from its logit by a constant of the label, but for statistics that are clipped. What class tokens
        add is not to be found at any one place, so every place has an even share of it.
        """
        maps, tokens = self.features(images)
        embedding = self.standardise(self._describe(maps, tokens))
        return self.head(embedding), self.painting(embedding), embedding, self._locate(maps, tokens)

    def _locate(self, maps: list[Tensor], tokens: Tensor | None) -> Tensor:
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
        located = torch.stack(evidence).sum(0)
        return located if tokens is None else located + (tokens @ weights[:, start:].T)[:, :, None, None]


def _shrink(values: Tensor, side: int) -> Tensor:
    """Means of a map (N, C, H, H) over a grid (N, C, side, side); what does not fill a cell at the edge is left out."""
    return nn.functional.avg_pool2d(values, values.shape[-1] // side)[:, :, :side, :side]


def build_classifier(
    backbone: str,
    *,
    levels: tuple[int, ...],
    classes: int,
    dropout: float = 0.0,
    weights: str = "own",
    size: int = 224,
    pretrained: bool = True,
) -> tuple[StatisticsClassifier, Backbone]:
    """A classifier on the named backbone, and the backbone's facts; see `smn.models.build_backbone`."""
    base = build_backbone(backbone, weights=weights, size=size, pretrained=pretrained)
    return StatisticsClassifier(base, levels, classes=classes, dropout=dropout), base
