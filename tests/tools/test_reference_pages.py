"""The reference in docs, which must name every public module."""

import ast

from reference_pages import DOCS, ROOT, SOURCE, list_public, write_pages


def test_the_pages_in_docs_are_those_that_the_tool_writes() -> None:
    pages = write_pages(list_public())
    assert {f"reference/{file.name}" for file in (DOCS / "reference").iterdir()} | {"reference.md"} == set(pages)
    for name, text in pages.items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"{name} is not: python tools/reference_pages.py"


def test_every_module_but_commands_is_on_one_page_and_says_what_it_is() -> None:
    text = "".join(write_pages(list_public()).values())
    for file in SOURCE.rglob("*.py"):
        name = ".".join(file.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        is_public = name.split(".")[1:2] != ["cli"] and "._" not in name
        is_page = file.name == "__init__.py" and file.parent.parent == SOURCE  # its summary heads the page
        assert text.count(f"::: {name}\n") == (is_public and not is_page), name
        if is_public:
            assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), name


def test_a_page_has_the_summary_of_its_folder_and_its_modules_in_order() -> None:
    page = write_pages({"works": ["smn.works", "smn.works.recognition", "smn.works.work_index"]})["reference/works.md"]
    assert "Works that are known: an index" in page
    assert page.index("::: smn.works.recognition\n") < page.index("::: smn.works.work_index\n")
    assert "::: smn.works\n" not in page
