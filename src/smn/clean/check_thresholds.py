"""Thresholds below which a score is a finding: one a check, others for movements, from the command line or a file.

Thresholds are a flat mapping. ``"dark"`` is the threshold of a check, ``"baroque.dark"`` that of a check for one
movement, which overrides it. The same spelling works in TOML, where ``baroque.dark = 0.05`` needs no section.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smn.clean.checks import CHECKS, RETIRED, get_check
from smn.errors import InputError, UnknownNameError

Thresholds = Mapping[str, float]
"""From ``check`` or ``movement.check`` to a threshold, 0..1."""

_SIGNATURE = "# Written by smn clean check, and replaced by it unless it was edited: "
_MIN_PICTURES = 20  # of a movement that gets a threshold of its own
_MAX_SHARE = 0.1  # of a movement that its own threshold may flag
_CUTOFF = 3.5  # of the modified z-score
_NORMAL = 0.6745  # the median absolute deviation of a normal distribution, in standard deviations


def parse_thresholds(texts: Sequence[str]) -> dict[str, float]:
    """Read thresholds written as ``check=0.2`` or ``movement.check=0.2``.

    Raises:
        InputError: one is not written so, or not in 0..1.
        UnknownNameError: there is no such check.
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        found[_checked_name(name.strip())] = _checked_value(number, text, where="--threshold")
    return found


def read_thresholds(file: str | Path) -> dict[str, float]:
    """Read thresholds from a TOML file, as `render_thresholds` writes it.

    Raises:
        InputError: it cannot be read, or a value is no number in 0..1.
        UnknownNameError: there is no such check.
    """
    file = Path(file)
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror}); name a TOML file of thresholds.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file} is not valid TOML ({error}); write lines like: baroque.dark = 0.05") from error
    found: dict[str, float] = {}
    for name, value in data.items():
        lines = (
            {f"{name}.{check}": inner for check, inner in value.items()} if isinstance(value, dict) else {name: value}
        )
        for key, number in lines.items():
            if key.rpartition(".")[2] in RETIRED:
                continue
            found[_checked_name(key)] = _checked_value(number, f"{key} = {number!r}", where=str(file))
    return found


def render_thresholds(thresholds: Thresholds) -> str:
    """Thresholds as TOML with comments, ready to be edited and given back; see `are_edited`."""
    lines = [
        "# A score below its threshold is a finding. A line like  baroque.dark = 0.05  holds for one movement only.",
        "# Edit, then run: smn clean check MANIFEST --out FOLDER --thresholds THIS_FILE",
    ]
    for name, check in CHECKS.items():
        if name not in thresholds:
            continue
        movements = sorted(key.removesuffix(f".{name}") for key in thresholds if key.endswith(f".{name}"))
        lines += ["", f"# {check.title}: {check.meaning}", f"{name} = {thresholds[name]!r}"]
        lines += [f"{_quoted(movement)}.{name} = {thresholds[f'{movement}.{name}']!r}" for movement in movements]
    body = "\n".join(lines) + "\n"
    return f"{_SIGNATURE}{_digest(body)}\n{body}"


def are_edited(text: str) -> bool:
    """Whether a text differs from what `render_thresholds` wrote, by the digest in its first line."""
    first, _, body = text.partition("\n")
    return first != f"{_SIGNATURE}{_digest(body)}"


def resolve_thresholds(
    scores: Mapping[str, NDArray[np.float32]], movements: Sequence[str | None], *, given: Thresholds
) -> dict[str, float]:
    """Every threshold that holds for these scores.

    For a check that is ``relative``, a movement of 20 pictures or more gets a lower threshold of its own where the
    check's threshold would flag what is normal there: the score at which the modified z-score, 0.6745 (score - median)
    / MAD, falls below -3.5 (Iglewicz & Hoaglin 1993, "How to Detect and Handle Outliers"), or the 10th percentile if
    that is lower, for the MAD is 0 where most pictures have the highest score. So a finding is low by itself, far from
    its movement's median, and rare in it.

    Args:
        scores: (N,) by check; NaN where not scored.
        movements: of the N rows.
        given: thresholds that the user wants; those of a movement are taken as they are.

    Raises:
        UnknownNameError: ``given`` names a movement that no row has.
    """
    members = {name: np.array([other == name for other in movements]) for name in sorted(set(filter(None, movements)))}
    for key in given:
        movement, _, _ = key.rpartition(".")
        if movement and movement not in members:
            raise UnknownNameError("movement in this manifest", movement, members)
    resolved: dict[str, float] = {}
    for name, score in scores.items():
        check = get_check(name)
        resolved[name] = given.get(name, check.threshold)
        for movement, rows in members.items() if check.relative else ():
            cut = _outlier_cut(score[rows])
            if cut is not None and cut < resolved[name]:
                resolved[f"{movement}.{name}"] = cut
    return resolved | {key: value for key, value in given.items() if key.rpartition(".")[2] in scores}


def threshold_of(thresholds: Thresholds, check: str, movement: str | None) -> float:
    """The threshold that holds for a check and a movement."""
    return thresholds.get(f"{movement}.{check}", thresholds[check])


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:12]


def _outlier_cut(score: NDArray[np.float32]) -> float | None:
    """The score below which a picture is an outlier among these, at least 0; None where they are too few."""
    known = score[~np.isnan(score)].astype(np.float64)
    if len(known) < _MIN_PICTURES:
        return None
    middle = np.median(known)
    mad = np.median(np.abs(known - middle))
    cut = min(middle - _CUTOFF * mad / _NORMAL, np.quantile(known, _MAX_SHARE))
    return round(max(0.0, float(cut)), 4)


def _checked_name(name: str) -> str:
    get_check(name.rpartition(".")[2])
    return name


def _checked_value(value: Any, text: str, *, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(
            f"{where}: {text!r} is no threshold; write check=0.2 or movement.check=0.2, with a number in 0..1."
        )
    return float(value)


def _quoted(movement: str) -> str:
    plain = movement.replace("-", "").replace("_", "")
    return movement if plain.isascii() and plain.isalnum() else json.dumps(movement, ensure_ascii=False)
