"""Answers as a table for people and catalogue systems: names beside ids, CSV or XLSX."""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from smn.catalogue.answers_file import Row, columns_of, is_rejected, movement_name
from smn.errors import InputError, OutputExistsError
from smn.extras import require_extra
from smn.files import write_partial
from smn.movements import find_movement, get_family

_FORMULA = re.compile(r"\s*[=+\-@\t\r]")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_COLUMNS = (
    "path", "outcome", "movement", "movement_name", "movement_wikidata", "movement_aat", "family", "family_name",
    "confidence", "best_guess", "best_guess_name", "best_guess_probability", "second_guess_name", "straightened",
    "looks_like", "work_title", "work_artist", "work_year", "work_movement", "work_museum", "work_wikidata_id",
    "work_source", "work_similarity", "model", "error", "decision", "decision_note",
)  # fmt: skip


def write_table(rows: Sequence[Row], out: str | Path, *, bom: bool = False, guard: bool = True) -> Path:
    """Write answers as a table; the columns that a list of pictures brought along come first.

    Args:
        rows: from `smn.catalogue.answers_file.read_answers`.
        out: ``.csv`` or ``.xlsx``.
        bom: whether CSV begins with a byte order mark, by which Excel knows that it is UTF-8.
        guard: whether texts that a spreadsheet would run as a formula get an apostrophe before them, in CSV. In XLSX a
            text is never a formula.

    Returns:
        ``out``.

    Raises:
        OutputExistsError: ``out`` is there.
        InputError: it ends otherwise.
        MissingExtraError: XLSX needs the extra ``catalogue``.
    """
    out = Path(out)
    if out.exists():
        raise OutputExistsError(out)
    if out.suffix.lower() not in (".csv", ".xlsx"):
        raise InputError(f"{out} ends in {out.suffix!r}; use .csv or .xlsx.")
    if out.suffix.lower() == ".xlsx":
        require_extra("catalogue", "xlsxwriter")
    table = _lines(rows)
    out.parent.mkdir(parents=True, exist_ok=True)
    with write_partial(out) as partial:
        if out.suffix.lower() == ".xlsx":
            _write_xlsx(table, partial)
        else:
            _write_csv(table, partial, bom=bom, guard=guard)
    return out


def _lines(rows: Sequence[Row]) -> Iterator[list[Any]]:
    carried = columns_of(rows)
    yield [*(f"input_{name}" if name in _COLUMNS else name for name in carried), *_COLUMNS]
    for row in rows:
        columns, cells = row.get("columns") or {}, _cells(row)
        yield [*(columns.get(name) for name in carried), *(cells[name] for name in _COLUMNS)]


def _cells(row: Row) -> dict[str, Any]:
    movement = find_movement(row["movement"]) if row["movement"] else None
    guesses = [*row["predictions"], {}, {}]
    work, decision = row.get("work") or {}, row.get("decision") or {}
    return {
        **{name: row[name] for name in ("path", "movement", "family", "confidence", "looks_like", "model", "error")},
        "outcome": "rejected" if is_rejected(row) else row["outcome"],
        "movement_name": movement_name(row),
        "movement_wikidata": movement.identifier("wikidata") if movement else None,
        "movement_aat": movement.identifier("aat") if movement else None,
        "family_name": get_family(row["family"]).name if row["family"] else None,
        "best_guess": guesses[0].get("movement"),
        "best_guess_name": guesses[0].get("label"),
        "best_guess_probability": guesses[0].get("probability"),
        "second_guess_name": guesses[1].get("label"),
        "straightened": "yes" if row["rectified"] else None,
        **{name: work.get(name.removeprefix("work_")) for name in _COLUMNS if name.startswith("work_")},
        "decision": decision.get("verdict"),
        "decision_note": decision.get("note"),
    }


def _write_csv(table: Iterator[list[Any]], file: Path, *, bom: bool, guard: bool) -> None:
    with file.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        for cells in table:
            writer.writerow([_shield(cell) if guard else cell for cell in cells])


def _shield(cell: Any) -> Any:
    """A text with an apostrophe before what a spreadsheet would take for a formula."""
    if isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def _write_xlsx(table: Iterator[list[Any]], file: Path) -> None:
    import xlsxwriter

    # Rows are written as they come, so that memory does not grow; a text stays a text, whatever it begins with.
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(file), options) as book:
        sheet = book.add_worksheet("answers")
        bold = book.add_format({"bold": True})
        for number, cells in enumerate(table):
            for place, cell in enumerate(cells):
                if isinstance(cell, str):
                    sheet.write_string(number, place, cell[:32767], bold if number == 0 else None)
                elif cell is not None:
                    sheet.write_number(number, place, cell)
        sheet.freeze_panes(1, 0)
