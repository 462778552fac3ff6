"""The answers of a gallery as files: CSV as ``smn predict`` writes it, XLSX, and the HTML report of `smn.catalogue`."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from smn.catalogue.catalogue_table import write_table
from smn.catalogue.html_report import write_report
from smn.errors import FetchError
from smn.predict.formats import Format, text_lines
from smn.web.analyzer import TOP_K
from smn.web.words import Words

FILES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
}
"""What a gallery can be saved as, with the media types."""


def write_gallery(form: str, rows: Sequence[Mapping[str, Any]], pictures: Mapping[str, bytes], words: Words) -> bytes:
    """The answers in one of `FILES`.

    Args:
        form: one of `FILES`.
        rows: what `Prediction.to_dict` gives; each path once.
        pictures: a small JPEG by path, for the report; those that cannot be read have none.
        words: whose name of the CSV file the report mentions.

    Raises:
        InputError: there are no rows, and it is the report.
        MissingExtraError: XLSX needs xlsxwriter.
    """
    if form == "csv":
        shielded = ({**row, "path": _shield(row["path"])} for row in rows)
        return "".join(text_lines(shielded, Format.CSV, top_k=TOP_K)).encode("utf-8-sig")
    with tempfile.TemporaryDirectory(prefix="smn-") as folder:
        out = Path(folder) / f"answers.{form}"
        plain = [dict(row) for row in rows]
        if form == "xlsx":
            write_table(plain, out)
        else:

            def read(path: str) -> bytes:
                if path not in pictures:
                    raise FetchError("There is no picture of it.", address=path)
                return pictures[path]

            write_report(plain, out, answers=f"{words('many.file')}.csv", fetch=read, read=read)
        return out.read_bytes()


def _shield(name: str) -> str:
    """A file's name that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + name if name[:1] in "=+-@\t\r" else name


def name_apart(names: Sequence[str]) -> list[str]:
    """Names of files, each once: ``a.jpg``, ``a (2).jpg``."""
    taken: dict[str, None] = {}
    for name in names:
        path, unique, number = PurePath(name), name, 1
        while unique in taken:
            number += 1
            unique = f"{path.stem} ({number}){path.suffix}"
        taken[unique] = None
    return list(taken)
