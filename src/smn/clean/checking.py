"""Makes every check on a manifest and writes the findings; the manifest and its pictures stay as they are."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn import __version__
from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.clean.checks import CHECKS, get_check
from smn.clean.findings import About, Findings, build_table, read_findings, write_findings
from smn.clean.measuring import measure
from smn.clean.report import to_markdown
from smn.clean.scores import Measured, Progress, Scores
from smn.clean.sheet import draw_worst
from smn.clean.thresholds import Thresholds, are_edited, read_thresholds, render_thresholds, resolve_thresholds
from smn.errors import InputError, OutputExistsError
from smn.manifest import Manifest, read_manifest

FILES = ("findings.parquet", "findings.md", "thresholds.toml", "worst.png")
"""What is written into the folder; what was measured lies in ``measured`` beside them."""

DUPLICATE_CHECKS = ("exact_duplicate", "near_duplicate", "leak")
LABEL_CHECKS = ("not_a_painting", "label", "outlier")

_LACKING = {
    "near_duplicate": "they have the same pixels as another, see exact_duplicate",
    "leak": "they are in no split, and there is no held-out set; name one with --against MANIFEST",
    "label": "they have no movement, one with too few pictures or artists to learn it from, or their artist's own",
    "outlier": "they have no movement, or one with too few pictures or artists to learn it from",
}
"""Why a check may not judge rows whose pictures can be read."""


def check_manifest(
    manifest: str | Path,
    *,
    out: str | Path,
    against: str | Path | None = None,
    negatives: str | Path | None = None,
    bundle: str | Path | None = DEFAULT,
    checks: Sequence[str] | None = None,
    thresholds: Thresholds | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Findings:
    """Check a manifest and write what was found; see `smn.clean.checks.CHECKS`.

    Args:
        manifest: the manifest to check, file or folder.
        out: the folder to write `FILES` into. What is there is replaced only if it was made of the same data.
        against: a held-out manifest, which must not share a picture with the manifest.
        negatives: a manifest of pictures that are no paintings, which sharpens that check.
        bundle: the folder of the model that looks at the pictures. None does without: `DUPLICATE_CHECKS` only, much
            faster, and of crops and mirror images only those of one artist and title are found.
        checks: the checks to make; by default all.
        thresholds: where scores become findings, by ``check`` or ``movement.check``; the others are resolved, see
            `smn.clean.thresholds.resolve_thresholds`.
        seed: of everything random.
        progress: called with what is being done, how many are done, and how many there are.

    Raises:
        OutputExistsError: ``out`` holds findings of other data, or files of other origin.
        InputError: the manifest is empty, or other checks are asked for without a model, or the thresholds in ``out``
            were edited and are not among ``thresholds``.
        UnknownNameError: there is no such check, or no such movement in the manifest.
        MissingExtraError: something of the extra ``clean`` is not installed.
    """
    table, out, given = read_manifest(manifest), Path(out), dict(thresholds or {})
    chosen = _choose(DUPLICATE_CHECKS if bundle is None and checks is None else checks)
    if bundle is None and (others := [name for name in chosen if name not in DUPLICATE_CHECKS]):
        raise InputError(
            f"Without a model there is no check {others[0]}; allowed are {', '.join(DUPLICATE_CHECKS)}. "
            "Correct --checks, or leave out --no-model."
        )
    if not len(table):
        raise InputError(f"{table.file} has no rows, so there is nothing to check; import pictures first.")
    resolve_thresholds({}, table.column("movement"), given=given)  # an unknown movement is told before hours of work
    refresh = _claim(out, table, given=given)
    model = None if bundle is None else read_bundle(bundle)
    held_out, things = (read_manifest(path) if path else None for path in (against, negatives))
    scores, readable = _score(
        table, chosen, held_out=held_out, negatives=things,
        bundle=model, cache=out / "measured", seed=seed, progress=progress or _silent,
    )  # fmt: skip
    resolved = resolve_thresholds(
        {name: score.score for name, score in scores.items()}, table.column("movement"), given=given
    )
    about = About(
        version=__version__,
        manifest=str(table.file.resolve()),
        data_hash=table.data_hash(),
        model="none" if model is None else model.name,
        model_sha256="" if model is None else model.model_sha256,
        against=_file_of(held_out),
        negatives=_file_of(things),
        seed=seed,
        thresholds=resolved,
        unjudged=_explain(scores, readable),
    )
    found = Findings(out / FILES[0], build_table(table, scores, thresholds=resolved), about)
    _write(found, table, refresh=refresh)
    return found


def _choose(checks: Sequence[str] | None) -> list[str]:
    """The checks asked for, in the order of the registry."""
    wanted = {get_check(name).name for name in (CHECKS if checks is None else checks)}
    return [name for name in CHECKS if name in wanted]


def _write(found: Findings, manifest: Manifest, *, refresh: bool) -> None:
    """Write the findings first: they are what says that the other files are ours."""
    folder = found.file.parent
    write_findings(found, replace=refresh)
    _write_text(folder / FILES[1], to_markdown(found))
    _write_text(folder / FILES[2], render_thresholds(found.about.thresholds))
    if draw_worst(found, manifest, folder / FILES[3]) is None:
        (folder / FILES[3]).unlink(missing_ok=True)


def _silent(what: str, done: int, total: int) -> None:
    """Shows nothing."""


def _claim(out: Path, manifest: Manifest, *, given: Thresholds) -> bool:
    """Make sure that everything in the folder may be written; whether it holds findings of the same data already."""
    file = out / FILES[0]
    if not file.exists():
        for name in FILES:
            if (out / name).exists():
                raise OutputExistsError(out / name)
        return False
    try:
        old = read_findings(file)
    except InputError as error:
        raise OutputExistsError(file) from error
    if old.about.data_hash != manifest.data_hash():
        raise OutputExistsError(file)
    own = out / FILES[2]
    if own.exists() and are_edited(own.read_text(encoding="utf-8")):
        values = read_thresholds(own)
        if any(given.get(name) != value for name, value in values.items()):
            raise InputError(f"{own} was edited; give it back with --thresholds {own}, or move it away.")
    return True


def _score(
    manifest: Manifest,
    chosen: Sequence[str],
    *,
    held_out: Manifest | None,
    negatives: Manifest | None,
    bundle: Bundle | None,
    cache: Path,
    seed: int,
    progress: Progress,
) -> tuple[dict[str, Scores], NDArray[np.bool_]]:
    """The chosen checks' scores, in the order of the checks, and (N,) which pictures could be read."""
    from smn.clean.duplicates import score_duplicates
    from smn.clean.labels import score_labels

    def look(other: Manifest | None, what: str) -> Measured | None:
        return None if other is None else measure(other, bundle=bundle, cache=cache, progress=progress, what=what)

    measured = measure(manifest, bundle=bundle, cache=cache, progress=progress)
    scores = {} if bundle is None else score_pictures(measured)
    if set(chosen) & set(DUPLICATE_CHECKS):
        beside = look(held_out, "Measuring the held-out set")
        scores |= score_duplicates(measured, held_out=beside, progress=progress)
    if set(chosen) & set(LABEL_CHECKS):
        beside = look(negatives, "Measuring what is no painting")
        scores |= score_labels(measured, negatives=beside, seed=seed, progress=progress)
    return {name: scores[name] for name in chosen}, measured.readable


def score_pictures(measured: Measured) -> dict[str, Scores]:
    """The scores of the checks that look at one picture alone, with their evidence."""
    from smn.clean.pictures import EVIDENCE, PICTURE_CHECKS

    scores = {"broken": Scores(measured.values["broken"], {"reason": measured.reasons})}
    for name in PICTURE_CHECKS:
        evidence = {part: measured.values[f"{name}.{part}"].tolist() for part in EVIDENCE.get(name, ())}
        scores[name] = Scores(measured.values[name], evidence)
    return scores


def _explain(scores: Mapping[str, Scores], readable: NDArray[np.bool_]) -> dict[str, str]:
    """Why checks could not judge some rows."""
    reasons = {}
    for name, score in scores.items():
        unjudged = np.isnan(score.score)
        unreadable, lacking = int((unjudged & ~readable).sum()), int((unjudged & readable).sum())
        parts = [f"{unreadable:,} rows: their pictures cannot be read"] if unreadable else []
        if lacking:
            parts.append(f"{lacking:,} rows: {_LACKING.get(name, 'too little is known of them')}")
        if parts:
            reasons[name] = "; ".join(parts) + "."
    return reasons


def _file_of(manifest: Manifest | None) -> str | None:
    return None if manifest is None else str(manifest.file.resolve())


def _write_text(file: Path, text: str) -> None:
    partial = file.with_name(file.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, file)
