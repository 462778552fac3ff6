"""A hook of MkDocs: on how-to pages every section can be folded, and is, so that a page shows on one screen."""

import re
from typing import Any

PARTS = ("Use", "Train", "Run it")  # of the site, whose pages are looked up rather than read
HEADING = re.compile(r'<h2 id="([^"]+)">(.*?)</h2>', re.DOTALL)


def fold(html: str) -> str:
    """The page with each section of a heading ``h2`` in ``details``.

    The heading's id stands inside, so that a link to it opens the section.

    Args:
        html: the content of a page.
    """
    before, *sections = HEADING.split(html)
    folded = [
        f'<details class="section"><summary><h2>{title}</h2></summary><div id="{name}">{content}</div></details>\n'
        for name, title, content in zip(sections[::3], sections[1::3], sections[2::3], strict=True)
    ]
    return before + "".join(folded)


def on_page_content(html: str, page: Any, **_: Any) -> str:
    """Called by MkDocs for every page."""
    return fold(html) if any(part.title in PARTS for part in page.ancestors) else html
