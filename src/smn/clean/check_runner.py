"""Runs the checks on a manifest and writes the findings; the manifest and its pictures are not changed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smn._version import __version__
from smn.bundle import DEFAULT, Bundle, read_bundle
from smn.clean.check_thresholds import Thresholds, are_edited, read_thresholds, render_thresholds, resolve_thresholds
from smn.clean.checks import CHECKS, Scores, get_check
from smn.clean.findings import About, Findings, build_table, read_findings, write_findings
from smn.clean.findings_report import draw_worst, to_markdown
from smn.clean.measurements import Measured, measure
from smn.errors import InputError, OutputExistsError
from smn.files import write_text
from smn.manifest import Manifest, read_manifest
from smn.progress import Progress

FILES = ("findings.parquet", "findings.md", "thresholds.toml", "worst.png")
"""The files written into the folder; the cache of measurements is the folder ``measured`` beside them."""

DUPLICATE_CHECKS = ("exact_duplicate", "near_duplicate", "leak")
LABEL_CHECKS = ("not_a_painting", "label", "outlier")

_UNSCORED = {
    "near_duplicate": "they have the same pixels as another, see exact_duplicate",
    "leak": "they are in no split, and there is no held-out set; name one with --against MANIFEST",
    "label": "they have no movement, one with too few pictures or artists to learn it from, or their artist's own",
    "outlier": "they have no movement, or one with too few pictures or artists to learn it from",
}
"""Why a check may have no score of rows whose pictures can be read."""


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
        negatives: a manifest of pictures that are no paintings, to learn that check from.
        bundle: the folder of the model that embeds the pictures. None runs without one: `DUPLICATE_CHECKS` only, much
            faster, and of crops and mirror images only those of one artist and title are found.
        checks: the checks to run; by default all.
        thresholds: where scores become findings, by ``check`` or ``movement.check``; the others are resolved, see
            `smn.clean.check_thresholds.resolve_thresholds`.
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
    resolve_thresholds({}, table.column("movement"), given=given)  # an unknown movement fails before hours of work
    replace = _check_out(out, table, given=given)
    model = None if bundle is None else read_bundle(bundle)
    held_out, things = (read_manifest(path) if path else None for path in (against, negatives))
    scores, readable = _score(
        table, chosen, held_out=held_out, negatives=things,
        bundle=model, cache=out / "measured", seed=seed, progress=progress or (lambda *_: None),
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
        unjudged=_explain_unscored(scores, readable),
    )
    found = Findings(out / FILES[0], build_table(table, scores, thresholds=resolved), about)
    _write(found, table, replace=replace)
    return found


def _choose(checks: Sequence[str] | None) -> list[str]:
    """The checks asked for, in the order of the registry."""
    wanted = {get_check(name).name for name in (CHECKS if checks is None else checks)}
    return [name for name in CHECKS if name in wanted]


def _write(found: Findings, manifest: Manifest, *, replace: bool) -> None:
    """Write the findings first: they identify the other files in the folder as ours."""
    folder = found.file.parent
    write_findings(found, replace=replace)
    write_text(folder / FILES[1], to_markdown(found))
    write_text(folder / FILES[2], render_thresholds(found.about.thresholds))
    if draw_worst(found, manifest, folder / FILES[3]) is None:
        (folder / FILES[3]).unlink(missing_ok=True)


def _check_out(out: Path, manifest: Manifest, *, given: Thresholds) -> bool:
    """Check that all files may be written; whether the folder holds findings of the same data already."""
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
    """Scores of the chosen checks, in their order, and (N,) which pictures could be read."""
    from smn.clean.checks.duplicates import score_duplicates
    from smn.clean.checks.label_checks import score_labels

    def measure_other(other: Manifest | None, what: str) -> Measured | None:
        return None if other is None else measure(other, bundle=bundle, cache=cache, progress=progress, what=what)

    measured = measure(manifest, bundle=bundle, cache=cache, progress=progress)
    scores = {} if bundle is None else score_pictures(measured)
    if set(chosen) & set(DUPLICATE_CHECKS):
        other = measure_other(held_out, "Measuring the held-out set")
        scores |= score_duplicates(measured, held_out=other, progress=progress)
    if set(chosen) & set(LABEL_CHECKS):
        other = measure_other(negatives, "Measuring what is no painting")
        scores |= score_labels(measured, negatives=other, seed=seed, progress=progress)
    return {name: scores[name] for name in chosen}, measured.readable


def score_pictures(measured: Measured) -> dict[str, Scores]:
    """Scores and evidence of the checks of a single picture."""
    from smn.clean.checks.image_quality import EVIDENCE, PICTURE_CHECKS

    scores = {"broken": Scores(measured.values["broken"], {"reason": measured.reasons})}
    for name in PICTURE_CHECKS:
        evidence = {part: measured.values[f"{name}.{part}"].tolist() for part in EVIDENCE.get(name, ())}
        scores[name] = Scores(measured.values[name], evidence)
    return scores


def _explain_unscored(scores: Mapping[str, Scores], readable: NDArray[np.bool_]) -> dict[str, str]:
    """By check, why some rows have no score."""
    reasons = {}
    for name, score in scores.items():
        unscored = np.isnan(score.score)
        unreadable, other = int((unscored & ~readable).sum()), int((unscored & readable).sum())
        parts = [f"{unreadable:,} rows: their pictures cannot be read"] if unreadable else []
        if other:
            parts.append(f"{other:,} rows: {_UNSCORED.get(name, 'too little is known of them')}")
        if parts:
            reasons[name] = "; ".join(parts) + "."
    return reasons


def _file_of(manifest: Manifest | None) -> str | None:
    return None if manifest is None else str(manifest.file.resolve())
