"""What lies behind the page for as long as its process lives: the model, the index, what was looked at."""

import hashlib
import io
import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from smn.errors import SimilarError
from smn.examples import list_examples, paint
from smn.similar.index import SimilarIndex, read_index
from smn.web.drawing import family_of_each, place_of_each
from smn.web.looking import LocalLooker, Looker, Seen, make_looker
from smn.web.settings import PageSettings, read_page_settings
from smn.web.thumbnails import Thumbnails

_FIGURES = Path(__file__).parent / "figures.json"
_SEEN = 64
"""Pictures with their answers in memory, at 2 to 6 MB each."""

Stamp = tuple[int, int] | None


class Backstage:
    """Shared by everybody who has the page open.

    Args:
        settings: of the page.
    """

    def __init__(self, settings: PageSettings) -> None:
        self.settings = settings
        self.thumbnails = Thumbnails(networks=settings.service.url_networks)
        self._loading, self._noting = Lock(), Lock()
        self._looker: tuple[Stamp, Looker] | None = None
        self._seen: OrderedDict[tuple[str, bool, Stamp], Seen] = OrderedDict()

    @property
    def looker(self) -> Looker:
        """What answers; loaded at the first look, and anew when there is another bundle.

        Raises:
            BundleError: it cannot be loaded, and none was before.
        """
        stamp = self._stamp()
        with self._loading:
            if self._looker is None or stamp not in (None, self._looker[0]):
                self._looker = (stamp, make_looker(self.settings))
            return self._looker[1]

    def look(self, name: str, data: bytes, *, find: bool) -> Seen:
        """Look at a picture, once for everybody.

        Raises:
            ImageError: it cannot be read.
            ServiceError: the service refuses, or cannot be reached.
        """
        looker = self.looker
        key = (hashlib.sha256(data).hexdigest(), find, self._stamp())
        with self._noting:
            if key in self._seen:
                self._seen.move_to_end(key)
                return self._seen[key]
        seen = looker.look(name, data, find=find)
        with self._noting:
            self._seen[key] = seen
            while len(self._seen) > _SEEN:
                self._seen.popitem(last=False)
        return seen

    @property
    def index(self) -> SimilarIndex | None:
        """The index of works, or None where there is none."""
        return _index(self.settings.service.index)

    @property
    def figures(self) -> Mapping[str, Any] | None:
        """What was measured, where it was measured on the model that answers; None elsewhere."""
        known = _figures()
        if isinstance(self.looker, LocalLooker):
            return known if self.looker.sha256 == known["sha256"] else None
        return known if self.looker.model == known["model"] else None

    def warm(self) -> None:
        """Load what the first visitor would have to wait for."""
        looker = self.looker
        if isinstance(looker, LocalLooker):
            seen = looker.look("", make_example("ukiyo-e"), find=True)
            _ = seen.palette
        if self.index is not None:
            place_of_each(self.index)
            family_of_each(self.index)
        for movement in list_examples():
            make_example(movement)

    def _stamp(self) -> Stamp:
        if self.settings.api:
            return None
        try:
            known = (self.settings.service.bundle / "bundle.json").stat()
        except OSError:
            return None
        return known.st_mtime_ns, known.st_size


_OPEN: list[Backstage] = []  # one a process: scripts are run anew for every visitor and click, and share it


def open_backstage(settings: PageSettings) -> Backstage:
    """Make what lies behind the page, in place of what was."""
    _OPEN[:] = [Backstage(settings)]
    return _OPEN[0]


def get_backstage() -> Backstage:
    """What lies behind the page; made from the environment where nobody made it.

    Raises:
        InputError: a variable does not fit.
    """
    return _OPEN[0] if _OPEN else open_backstage(read_page_settings(os.environ))


@cache
def make_example(movement: str) -> bytes:
    """A picture that smn paints, as a JPEG.

    Raises:
        UnknownNameError: there is no example of that movement.
    """
    buffer = io.BytesIO()
    paint(movement, seed=0, size=(800, 640)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@cache
def _index(folder: Path) -> SimilarIndex | None:
    try:
        return read_index(folder)
    except SimilarError:
        return None


@cache
def _figures() -> Mapping[str, Any]:
    known: Mapping[str, Any] = json.loads(_FIGURES.read_text(encoding="utf-8"))
    return known
