"""Reads the answers that ``smn predict --out`` wrote, in any of its formats, and applies what a person decided."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from smn.clean.decisions import Decision, Verdict
from smn.errors import InputError
from smn.extras import require_extra
from smn.manifest import NOT_A_PAINTING
from smn.movements import find_movement, get_family, get_movement
from smn.predict.formats import CARRIED, csv_header
from smn.predict.prediction import Outcome, parse_prediction

Row = dict[str, Any]
"""What `smn.predict.Prediction.to_dict` gives, with ``columns``, ``sha256`` and ``decision`` where there are any."""


def read_answers(file: str | Path) -> list[Row]:
    """The rows of a file of answers.

    Args:
        file: ``.jsonl``, ``.json``, ``.csv`` or ``.parquet``, as ``smn predict --out`` writes it.

    Raises:
        InputError: it is not there, or no such file.
        MissingExtraError: Parquet needs the extra ``data``.
    """
    file = Path(file)
    readers = {".jsonl": _read_jsonl, ".json": _read_json, ".csv": _read_csv, ".parquet": _read_parquet}
    if file.suffix.lower() not in readers:
        raise InputError(f"{file} ends in {file.suffix!r}; give answers in .jsonl, .json, .csv or .parquet.")
    if not file.is_file():
        raise InputError(f"There is no file {file}; make it with: smn predict ... --out {file}")
    rows: list[Row] = []
    try:
        for row in readers[file.suffix.lower()](file):
            parse_prediction(row)
            rows.append(row)
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise InputError(f"Row {len(rows) + 1} of {file} is no answer of smn predict ({error}).") from error
    twice = [path for path, count in Counter(row["path"] for row in rows).items() if count > 1]
    if twice:
        raise InputError(f"{file} has several rows for {twice[0]}; keep one of them.")
    return rows


def _read_jsonl(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8") as stream:
        for line in stream:
            if line.strip():
                yield json.loads(line)


def _read_json(file: Path) -> Iterator[Row]:
    yield from json.loads(file.read_text(encoding="utf-8"))


def _read_parquet(file: Path) -> Iterator[Row]:
    require_extra("data", "pyarrow")
    from pyarrow import parquet

    yield from parquet.read_table(file).to_pylist()


def _read_csv(file: Path) -> Iterator[Row]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        header = list(reader.fieldnames or ())
        top_k = sum(name.startswith("guess_") for name in header)
        own = csv_header(top_k)
        for flat in reader:
            row = _unflatten(flat, top_k)
            columns = {name.removeprefix(CARRIED): flat[name] for name in header if name not in own}
            yield {**row, "columns": columns} if columns else row


def _unflatten(flat: Mapping[str, str], top_k: int) -> Row:
    """A row of CSV in the form of JSON; of families, only the most likely one is known."""
    guesses = [(flat[f"guess_{rank}"], flat[f"probability_{rank}"]) for rank in range(1, top_k + 1)]
    work = {name: flat.get(f"work_{name}") or None for name in ("title", "artist", "year", "movement", "similarity")}
    known = dict.fromkeys(("source", "museum", "wikidata_id", "image_url"))
    similarity = _number(work["similarity"])
    return {
        "path": flat["path"], "outcome": flat["outcome"], "movement": flat["movement"] or None,
        "confidence": _number(flat["confidence"]),
        "predictions": [{"movement": one, "label": name_of(one), "probability": _number(share)}
                        for one, share in guesses if one],
        "families": [{"family": flat["family"], "label": get_family(flat["family"]).name,
                      "probability": _number(flat["family_probability"])}] if flat["family"] else [],
        "is_painting": {"True": True, "False": False}.get(flat["is_painting"]),
        "painting_score": _number(flat["painting_score"]), "model": flat["model"], "error": flat["error"] or None,
        "family": flat["sure_family"] or None, "set": flat["set"].split() or None, "rectified": None,
        "looks_like": flat["looks_like"] or None,
        "work": None if similarity is None else work | known | {
            "similarity": similarity, "confidence": similarity,
            "year": int(work["year"]) if work["year"] else None,
        },
    }  # fmt: skip


def _number(text: str | None) -> float | None:
    return float(text) if text else None


def name_of(label: str) -> str:
    """The name of a movement by its id; a label of another taxonomy as a name."""
    found = find_movement(label)
    return found.name if found is not None else label.replace("-", " ").title()


def movement_name(row: Mapping[str, Any]) -> str | None:
    """The name of the movement that a row answers with, or None."""
    movement = row["movement"]
    named = {guess["movement"]: guess["label"] for guess in row["predictions"]}
    return None if movement is None else named.get(movement) or name_of(movement)


def outcome_name(row: Mapping[str, Any]) -> str:
    """What a row's outcome is called where people read it, such as ``not a painting``; ``rejected`` if a person did."""
    outcome = "rejected" if is_rejected(row) else str(row["outcome"])
    return "unreadable" if outcome == Outcome.ERROR else outcome.replace("_", " ")


def is_rejected(row: Mapping[str, Any]) -> bool:
    """Whether a person rejected the answer of a row."""
    return (row.get("decision") or {}).get("verdict") == Verdict.DROP and row["outcome"] != Outcome.ERROR


def columns_of(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """The names of the columns that a list of pictures brought along."""
    return tuple(dict.fromkeys(name for row in rows for name in row.get("columns") or {}))


def is_about(decision: Decision, row: Mapping[str, Any]) -> bool:
    """Whether a decision is about what a row answered; where either has no ``sha256``, nobody knows, and it is."""
    return not decision.sha256 or row.get("sha256") in (None, "", decision.sha256)


def apply_to_answers(rows: Iterable[Row], decisions: Mapping[str, Decision]) -> list[Row]:
    """Answers as a person corrected them.

    A row that was decided has ``decision`` with the keys ``verdict``, ``note`` and ``decided_at``. What was changed has
    the person's movement; what was rejected has none and is ``unsure``. Neither has a ``confidence``, which was about
    the model's answer; ``predictions`` stay the model's.

    Args:
        rows: from `read_answers`.
        decisions: what stands, by path; see `smn.clean.decisions.standing_decisions`. Those about a picture whose
            content is another now are left aside, see `is_about`.
    """
    return [_apply(row, decisions.get(row["path"])) for row in rows]


def _apply(row: Row, decision: Decision | None) -> Row:
    if decision is None or not is_about(decision, row):
        return row
    told = {"verdict": decision.verdict.value, "note": decision.note, "decided_at": decision.decided_at}
    changed: Row = {}
    if decision.verdict is Verdict.RELABEL and decision.movement == NOT_A_PAINTING:
        changed = {"outcome": Outcome.NOT_A_PAINTING.value, "movement": None, "family": None, "confidence": None}
    elif decision.verdict is Verdict.RELABEL and decision.movement is not None:
        family = get_movement(decision.movement).family
        changed = {"outcome": Outcome.MOVEMENT.value, "movement": decision.movement, "family": family,
                   "confidence": None}  # fmt: skip
    elif decision.verdict is Verdict.DROP and row["outcome"] != Outcome.ERROR:
        changed = {"outcome": Outcome.UNSURE.value, "movement": None, "family": None, "confidence": None}
    return {**row, **changed, "decision": told}
