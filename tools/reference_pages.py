"""Writes the reference: ``docs/reference.md``, and a page for each folder of smn with all its public modules.

python tools/reference_pages.py

The pages name the modules; mkdocstrings puts their docstrings there when the documentation is built. Left out are
`smn.cli`, whose reference is ``--help``, and modules whose names begin with an underscore.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

from smn.files import write_text

ROOT = Path(__file__).resolve().parents[1]
SOURCE, DOCS = ROOT / "src" / "smn", ROOT / "docs"
LEFT_OUT = {"cli"}

_NOTE = "<!-- Written by tools/reference_pages.py -->\n"
_HEAD = f"""# Reference

{_NOTE}
What `import smn` gives stands here; what the folders below it hold stands on a page each. How they depend on each other
is in the [code map](code-map.md), and what a command does in `smn COMMAND --help`.

"""


def list_public() -> dict[str, list[str]]:
    """The public modules by the folder of smn that they are in; modules beside the folders are under ``""``."""
    found: dict[str, list[str]] = {}
    for file in sorted(SOURCE.rglob("*.py")):
        parts = file.relative_to(SOURCE).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if parts and parts[0] not in LEFT_OUT and not any(part.startswith("_") for part in parts):
            folder = parts[0] if (SOURCE / parts[0]).is_dir() else ""
            found.setdefault(folder, []).append(".".join(("smn", *parts)))
    return {folder: found[folder] for folder in sorted(found)}


def write_pages(modules: Mapping[str, list[str]]) -> dict[str, str]:
    """The text of each page, by its path below ``docs``."""
    pages, rows = {}, []
    for folder, names in modules.items():
        package, page = (f"smn.{folder}", folder) if folder else ("smn", "other-modules")
        title = f"`{package}`" if folder else "Single modules"
        about = _summary(package) if folder else "Modules beside the folders."
        parts = [f"# {title}\n\n{_NOTE}\n{about}\n"]
        parts += [_describe(name) for name in names if name != package]
        pages[f"reference/{page}.md"] = "\n".join(parts)
        rows.append(f"| [{title}](reference/{page}.md) | {about} | {len(names)} |\n")
    table = "## Folders\n\n| folder | what it holds | modules |\n| --- | --- | ---: |\n" + "".join(rows)
    whole = "## `smn`\n\n::: smn\n    options:\n      show_root_heading: false\n      members_order: alphabetical\n"
    return {"reference.md": f"{_HEAD}{table}\n{whole}", **pages}


def _describe(name: str) -> str:
    options = "show_root_heading: false\n      show_root_toc_entry: false\n      heading_level: 3\n"
    return f"## `{name}`\n\n::: {name}\n    options:\n      {options}"


def _summary(package: str) -> str:
    """The first sentences of a package's docstring, on one line."""
    file = ROOT / "src" / Path(*package.split(".")) / "__init__.py"
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return " ".join(said.split("\n\n")[0].split()).replace("|", "\\|").replace("``", "`")


def main() -> None:
    """Write the pages; those of folders that are gone are removed."""
    pages = write_pages(list_public())
    (DOCS / "reference").mkdir(exist_ok=True)
    for file in (DOCS / "reference").glob("*.md"):
        if f"reference/{file.name}" not in pages:
            file.unlink()
    for name, text in pages.items():
        write_text(DOCS / name, text)


if __name__ == "__main__":
    main()
