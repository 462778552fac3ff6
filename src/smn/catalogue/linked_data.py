"""Answers as linked data: IIIF annotation pages for canvases, and Linked Art records for objects."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from smn.catalogue.answers_file import movement_name, outcome_name
from smn.catalogue.undo_journal import Result, WriteJournal, Written, write_each
from smn.errors import InputError
from smn.movements import find_movement
from smn.progress import Progress

_PRESENTATION = "http://iiif.io/api/presentation/3/context.json"
_LINKED_ART = "https://linked.art/ns/v1/linked-art.json"
_AAT = "http://vocab.getty.edu/aat/"
_WIKIDATA = "http://www.wikidata.org/entity/"
# "Styles and periods" and "brief text", by which Linked Art tells a style from other types, and a statement.
_STYLE = {"id": f"{_AAT}300015646", "type": "Type", "_label": "Style"}
_BRIEF_TEXT = {"id": f"{_AAT}300418049", "type": "Type", "_label": "Brief Text"}

Record = tuple[str, dict[str, Any]]
"""The name of a file, without its ending, and what it holds."""


def annotation_page(row: Mapping[str, Any], *, base: str) -> Record:
    """A page with one annotation of a canvas, as W3C's Web Annotation and IIIF Presentation 3 want it.

    The bodies are a tag with the movement's name, its Wikidata entity where there is one, and a sentence that says how
    sure it is and who says so.

    Args:
        row: with the column ``canvas``, as answers for a IIIF manifest have it.
        base: address below which the page will be published.

    Raises:
        InputError: the row has no canvas, or no movement.
    """
    canvas = (row.get("columns") or {}).get("canvas")
    if not canvas:
        raise InputError("The row has no column canvas; predict from a IIIF manifest, or from a list with that column.")
    name = _required_name(row)
    wikidata = _identifier(row, "wikidata")
    bodies: list[dict[str, Any]] = [
        {"type": "TextualBody", "value": name, "format": "text/plain", "language": "en", "purpose": "tagging"},
        {"type": "TextualBody", "value": _statement(row), "format": "text/plain", "language": "en",
         "purpose": "describing"},
    ]  # fmt: skip
    if wikidata:
        bodies.append({"type": "SpecificResource", "source": f"{_WIKIDATA}{wikidata}", "purpose": "classifying"})
    digest = hashlib.sha256(canvas.encode()).hexdigest()[:16]
    page = f"{base.rstrip('/')}/{digest}.json"
    annotation = {
        "id": f"{page}#movement", "type": "Annotation", "motivation": "tagging", "body": bodies, "target": canvas,
        "generator": {"id": f"urn:smn:{quote(row['model'])}", "type": "Software", "name": f"smn {row['model']}"},
    }  # fmt: skip
    return digest, {"@context": _PRESENTATION, "id": page, "type": "AnnotationPage", "items": [annotation]}


def linked_art_record(row: Mapping[str, Any], *, base: str, id_column: str | None = None) -> Record:
    """An object with its style, by its id in the Art & Architecture Thesaurus, else in Wikidata.

    Args:
        row: from `smn.catalogue.answers_file.read_answers`.
        base: address below which the objects are, such as ``https://museum.org/object``.
        id_column: the carried column that holds the object's number; None for its path.

    Raises:
        InputError: the row has no movement, or no value in that column.
    """
    name = _required_name(row)
    columns = row.get("columns") or {}
    number = row["path"] if id_column is None else columns.get(id_column)
    if not number:
        raise InputError(f"The row has nothing in the column {id_column}; name another with --id-column.")
    aat, wikidata = _identifier(row, "aat"), _identifier(row, "wikidata")
    known = f"{_AAT}{aat}" if aat else f"{_WIKIDATA}{wikidata}" if wikidata else None
    style = [{"id": known, "type": "Type", "_label": name, "classified_as": [_STYLE]}] if known else []
    said = {"type": "LinguisticObject", "content": _statement(row), "classified_as": [_BRIEF_TEXT],
            "_label": "Who says which style"}  # fmt: skip
    record = {
        "@context": _LINKED_ART, "id": f"{base.rstrip('/')}/{quote(number, safe='')}", "type": "HumanMadeObject",
        "_label": columns.get("title") or number, **({"classified_as": style} if style else {}),
        "referred_to_by": [said],
    }  # fmt: skip
    return hashlib.sha256(number.encode("utf-8", "surrogatepass")).hexdigest()[:16], record


def write_records(
    rows: Sequence[Mapping[str, Any]],
    out: Path,
    journal: WriteJournal,
    make: Callable[[Mapping[str, Any]], Record],
    *,
    progress: Progress | None = None,
) -> Result:
    """Write one JSON file for each row below a folder.

    Args:
        rows: from `smn.catalogue.answers_file.read_answers`.
        out: the folder.
        journal: what writes, and can be undone.
        make: `annotation_page` or `linked_art_record` with its options.
        progress: called with what is done, how many rows are done, and of how many.
    """
    names: dict[str, str] = {}

    def write(row: Mapping[str, Any]) -> Written:
        name, record = make(row)
        if names.setdefault(name, row["path"]) != row["path"]:
            raise InputError(f"{names[name]} has the same id, {record['id']}; a record holds one picture.")
        text = json.dumps(record, ensure_ascii=False, indent=1)
        return journal.write(out / f"{name}.json", f"{text}\n".encode("utf-8", "backslashreplace"))

    return write_each(rows, write, title="records", progress=progress)


def _required_name(row: Mapping[str, Any]) -> str:
    name = movement_name(row)
    if name is None:
        raise InputError(f"There is no movement to write ({outcome_name(row)}).")
    return name


def _identifier(row: Mapping[str, Any], vocabulary: str) -> str | None:
    movement = find_movement(row["movement"] or "")
    return movement.identifier(vocabulary) if movement else None


def _statement(row: Mapping[str, Any]) -> str:
    """Who says which movement, and how sure it is."""
    name, decision = movement_name(row), row.get("decision")
    if decision:
        return f"{name}: decided by a person, after a suggestion of the machine (smn {row['model']})."
    shares = {guess["movement"]: guess["probability"] for guess in row["predictions"]}
    share = shares.get(row["movement"], row["confidence"])
    return f"{name}: assigned by a machine (smn {row['model']}), probability {share:.0%}; not checked by a person."
