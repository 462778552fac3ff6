"""Writes a report's folder."""

from importlib.util import find_spec
from pathlib import Path

from smn.errors import InputError, MissingExtraError, OutputExistsError
from smn.evaluate.markdown import describe_report
from smn.evaluate.pictures import PICTURES, ROBUSTNESS, draw_set
from smn.evaluate.report import Report, write_json


def check_folder(folder: Path, names: tuple[str, ...]) -> None:
    """Check, before any work is done, that a report can be written into a folder.

    Args:
        folder: it need not exist.
        names: of the sets that the report will have.

    Raises:
        OutputExistsError: a file that the report consists of is there already.
        InputError: the folder is a file.
        MissingExtraError: matplotlib is not installed.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, but a report needs a folder; choose another name for --out.")
    pictures = [f"{name}-{picture}.png" for name in names for picture in (*PICTURES, ROBUSTNESS)]
    for name in ("report.json", "report.md", *pictures):
        if (folder / name).exists():
            raise OutputExistsError(folder / name)
    if find_spec("matplotlib") is None:
        raise MissingExtraError("evaluate", "matplotlib")


def write_report(report: Report, folder: str | Path) -> Path:
    """Write ``report.json``, ``report.md`` and the pictures of each set.

    Args:
        report: what to write.
        folder: made if it is not there. ``report.json`` comes last: where it stands, the report is complete.

    Returns:
        The path of ``report.json``.

    Raises:
        OutputExistsError: a file of the same name is there already.
        MissingExtraError: matplotlib is not installed.
    """
    folder = Path(folder)
    check_folder(folder, tuple(measured.name for measured in report.sets))
    folder.mkdir(parents=True, exist_ok=True)
    for measured in report.sets:
        draw_set(measured, folder)
    (folder / "report.md").write_text(describe_report(report), encoding="utf-8")
    return write_json(report, folder / "report.json")
