"""Fits the rule by which matches with the works of an index are judged, see `smn.works.recognition`."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from smn.bundle import Bundle
from smn.bundle.row_reader import Failure, read_pictures
from smn.bundle.runtime import Runtime
from smn.images.preprocess import PreprocessSpec
from smn.similar.same_works import ShownWork
from smn.works.fingerprints import hash_parts
from smn.works.recognition import UNRELATED, Match, MatchRule, find_matches
from smn.works.work_index import WorkIndex

MIN_WORKS = 50
"""Works that an index needs before a rule can be fitted on it."""

FALSE = 0.005
"""The share of pictures that no entry shows that may be matched at most."""

TWICE = (0.97, 6)
"""Cosine and bits from which on two entries show the same file, encoded again."""

Box = tuple[float, float, float, float]  # left, upper, right, lower, as shares
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
_ASKED = 150  # works of an index that are asked for
_SURE_BITS = 60  # of a layout, beyond which it is never taken for another's where nothing else is asked
_CROPS: tuple[Box, ...] = (WHOLE, (0.06, 0.04, 0.96, 0.94), (0.0, 0.1, 0.9, 1.0))


def fit_rule(
    right: Sequence[Match], wrong: Sequence[Match], *, limits: Sequence[tuple[Sequence[Match], float]],
    refused: Sequence[Match] = (),
) -> MatchRule:  # fmt: skip
    """The rule that tells right matches from wrong ones by what was measured of them.

    Args:
        right: matches with the very work.
        wrong: the best matches with another, of pictures that are not refused.
        limits: sets of wrong matches, and the share of each that may pass.
        refused: wrong matches of pictures that the model takes for no painting, of which `FALSE` may pass.
    """
    from sklearn.linear_model import LogisticRegression

    both = [*right, *wrong, *refused]
    known = np.array([(one.similarity, min(one.bits, UNRELATED), one.margin) for one in both], dtype=np.float64)
    labels = np.repeat([1, 0], [len(right), len(wrong) + len(refused)])
    scale = np.array([1.0, 100.0, 1.0])
    model = LogisticRegression(C=10.0, class_weight="balanced").fit(known / scale, labels)
    similarity, bits, margin = (float(weight) for weight in model.coef_[0] / scale)
    # Rounded first: what passes must be what the rule in the index lets pass.
    plain = MatchRule(
        round(similarity, 4), round(bits, 5), round(margin, 4), round(float(model.intercept_[0]), 4), 0.0, 0.0,
        ((0.0, 1.0),),
    )  # fmt: skip

    def find_threshold(limits: Sequence[tuple[Sequence[Match], float]]) -> float:
        least = [_allow([plain.score(one) for one in matches], share) for matches, share in limits if matches]
        return float(np.ceil(1e4 * max(least)) / 1e4)

    threshold = find_threshold(limits)
    stricter = find_threshold([*limits, (refused, FALSE)])
    scores = np.array([plain.score(one) for one in both])
    passed = scores >= np.repeat([threshold, stricter], [len(right) + len(wrong), len(refused)])
    worth = _measure_worth(scores[passed], labels[passed])
    return replace(plain, threshold=threshold, threshold_refused=stricter, worth=worth)


def choose_wrong(matches: Sequence[Match]) -> list[Match]:
    """The most likely one of the matches with other works, as a list of one or none."""
    return [max(matches, key=lambda one: one.similarity - 0.006 * one.bits)] if matches else []


def _allow(scores: Sequence[float], share: float) -> float:
    """The least threshold that at most this share of scores reaches."""
    falling = np.sort(scores)[::-1]
    allowed = int(share * len(falling))
    return float(np.nextafter(falling[allowed], np.inf)) if allowed < len(falling) else float(falling[-1])


def _measure_worth(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[tuple[float, float], ...]:
    """In thirds of the accepted matches: the mean score and the share that is right, which may not fall."""
    parts = [part for part in np.array_split(np.argsort(scores), 3) if len(part)]
    # One wrong match more than were seen: a few hundred pairs cannot show a share of 100 %.
    shares = np.maximum.accumulate([(labels[part].sum()) / (len(part) + 1) for part in parts])
    middles = [float(scores[part].mean()) for part in parts]
    return tuple((round(middle, 3), round(float(share), 4)) for middle, share in zip(middles, shares, strict=True))


def fit_own_rule(index: WorkIndex, shown: Sequence[ShownWork], bundle: Bundle, *, seed: int = 0) -> dict[str, Any]:
    """The rule of an index that another model than the package's made: what ``rules.json`` holds.

    Altered copies of some of its pictures are looked up: cropped, and at half their size. A match with the copy's own
    work is right; the best match by layout without that work is wrong. What a match is worth is the share of such
    copies whose match was right.

    Args:
        index: of at least `MIN_WORKS` works; with fewer there is no rule.
        shown: the pictures that it was made of.
        bundle: the model that made it.
        seed: of the choice of pictures.

    Returns:
        ``{"recognition": ...}``; empty where no rule can be fitted.
    """
    places = {index.work(place).id: place for place in range(len(index))}
    usable = [one for one in shown if one.work.id in places and one.manifest is not None]
    if len(usable) < MIN_WORKS:
        return {}
    chosen = np.random.default_rng(seed).permutation(len(usable))[:_ASKED]
    right: list[Match] = []
    wrong: list[Match] = []
    for place, found, without in _look_up([usable[at] for at in sorted(chosen.tolist())], places, index, bundle):
        right += [one for one in found if one.place == place]
        others = [one for one in without if one.similarity < TWICE[0] or one.bits > TWICE[1]]
        wrong += sorted(others, key=lambda one: one.bits)[:1]
    rule = _fit_layout_rule(right, wrong) if right and wrong else None
    if rule is None or not rule.worth:
        return {}
    return {"recognition": asdict(rule) | {"worth": [list(pair) for pair in rule.worth]}}


def _fit_layout_rule(right: Sequence[Match], wrong: Sequence[Match]) -> MatchRule:
    """A rule that goes by the layout alone.

    The vectors of a collection are weighed by its own spread, and the model may have learned from its pictures. So its
    works look less alike than any of them and a stranger: a threshold on vectors that its own pictures suggest would
    let strangers pass.
    """
    plain = MatchRule(0.0, -1.0, 0.0, 0.0, 0.0, 0.0, ((0.0, 1.0),))
    both = [*right, *wrong]
    scores = np.array([plain.score(one) for one in both])
    threshold = max(_allow(scores[len(right) :].tolist(), FALSE), plain.score(replace(both[0], bits=_SURE_BITS)))
    labels = np.repeat([1, 0], [len(right), len(wrong)])
    passed = scores >= threshold
    worth = _measure_worth(scores[passed], labels[passed])
    return replace(plain, threshold=threshold, threshold_refused=threshold, worth=worth)


def _look_up(
    asked: Sequence[ShownWork], places: dict[str, int], index: WorkIndex, bundle: Bundle
) -> list[tuple[int, list[Match], list[Match]]]:
    """For each altered copy the place of its work, the works that it may show, and those without its own work."""
    runtime, spec = Runtime(bundle), bundle.preprocess
    found: list[tuple[int, list[Match], list[Match]]] = []
    for manifest in {id(one.manifest): one.manifest for one in asked}.values():
        if manifest is None:
            continue
        mine = [one for one in asked if one.manifest is manifest]
        rows = np.array([one.row for one in mine], dtype=np.int64)
        for box in _CROPS:
            prepare = partial(_prepare, spec=spec, box=box)
            pictures = read_pictures(manifest, rows, prepare, reduce_to=None, title="rule", ahead=16)
            for one, result in zip(mine, runtime.run_batches(pictures), strict=True):
                if isinstance(result, Failure):
                    continue
                place, embedding, hashes = places[one.work.id], result[0].embedding[0], result[1]
                without = find_matches(index, embedding, hashes, without=frozenset({place}))
                found.append((place, find_matches(index, embedding, hashes), without))
    return found


def _prepare(image: Image.Image, *, spec: PreprocessSpec, box: Box) -> tuple[NDArray[np.float32], NDArray[np.uint64]]:
    """Network input and hashes of a part of a picture; the whole of it is made small."""
    width, height = image.size
    left, upper, right, lower = box
    part = image.crop((round(width * left), round(height * upper), round(width * right), round(height * lower)))
    if box == WHOLE:
        part = part.resize((max(1, width // 2), max(1, height // 2)))
    values = spec.apply(part)
    return values, hash_parts(values, spec)
