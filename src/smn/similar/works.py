"""What is known of a work in an index: facts, and where its picture may be seen. Never the picture itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

_FILE_PATH = "/wiki/Special:FilePath/"
_COMMONS = "commons.wikimedia.org"


@dataclass(frozen=True)
class Work:
    """A work in an index.

    Args:
        id: of its row in the manifest that it came from.
        title: or None where it is not known, as with all that follow.
        artist: whose work it is.
        year: in which it was made.
        museum: where it is.
        movement: a movement's id.
        wikidata_id: such as ``Q12418``.
        image_url: where a picture of it is, for works at Wikimedia Commons the address of the whole file.
    """

    id: str
    title: str | None
    artist: str | None
    year: int | None
    museum: str | None
    movement: str | None
    wikidata_id: str | None
    image_url: str | None

    @property
    def thumbnail(self) -> str | None:
        """Address of a small picture, 500 pixels wide: loaded by whoever shows it, never by smn."""
        name = self._commons_name
        if name is None:
            return self.image_url
        return f"https://{_COMMONS}{_FILE_PATH}{name}?width=500"

    @property
    def page(self) -> str | None:
        """Address of the page that names the picture's author and rights, or of the work at Wikidata."""
        name = self._commons_name
        if name is not None:
            return f"https://{_COMMONS}/wiki/File:{name}"
        return f"https://www.wikidata.org/wiki/{self.wikidata_id}" if self.wikidata_id else None

    @property
    def attribution(self) -> str:
        """What has to stand under its picture."""
        made = ", ".join(str(part) for part in (self.artist or "unknown artist", self.title, self.year) if part)
        source = "Wikimedia Commons" if self._commons_name else None
        return "; ".join(part for part in (made, self.museum, source) if part)

    @property
    def _commons_name(self) -> str | None:
        """The file's name at Commons, as it stands in an address."""
        parts = urlsplit(self.image_url or "")
        if parts.hostname != _COMMONS or not parts.path.startswith(_FILE_PATH):
            return None
        return parts.path.removeprefix(_FILE_PATH)

    @property
    def file_name(self) -> str | None:
        """The file's name at Commons, as people read it."""
        return None if self._commons_name is None else unquote(self._commons_name)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the addresses."""
        return {**asdict(self), "thumbnail": self.thumbnail, "page": self.page, "attribution": self.attribution}


def parse_work(data: Mapping[str, Any]) -> Work:
    """A work from what an index's file holds of it."""
    known: dict[str, Any] = {name: data.get(name) for name in Work.__dataclass_fields__}
    return Work(**known)
