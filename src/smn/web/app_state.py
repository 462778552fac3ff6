"""What all visitors share for as long as the process lives: model, index, analyzed pictures, thumbnails."""

import asyncio
import hashlib
import io
import ipaddress
import json
import os
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from PIL import Image

from smn.errors import SimilarError, SmnError
from smn.examples import list_examples, paint
from smn.images import Limits, open_image
from smn.images.safe_fetch import fetch_picture
from smn.similar.index import SimilarIndex, Work, read_index
from smn.web.analyzer import Analyzer, LocalAnalyzer, PageAnalysis, make_analyzer
from smn.web.drawing import family_of_each, place_of_each
from smn.web.page_settings import PageSettings, read_page_settings

THUMBNAIL_SIDE = 360
"""Pixels of a thumbnail's longer side."""

_MAX_ADDRESSES, _MAX_THUMBNAILS, _RETRY_SECONDS = 10_000, 300, 60.0
"""Addresses that may be asked for, pictures in memory, and seconds until one that failed is tried again."""

_LIMITS = Limits(max_bytes=8_000_000, max_pixels=40_000_000)

Fetch = Callable[[str], Awaitable[bytes]]


class Thumbnails:
    """Thumbnails of works, fetched by the page's server, so that no third party learns who looks; of shown works only.

    Args:
        networks: that addresses may lie in although they are not public.
        fetch: gets what lies at an address; by default over the network, guarded as the service's addresses are.
    """

    def __init__(self, *, networks: Sequence[str] = (), fetch: Fetch | None = None) -> None:
        allowed = [ipaddress.ip_network(one) for one in networks]

        async def get(address: str) -> bytes:
            return await fetch_picture(address, max_bytes=_LIMITS.max_bytes, timeout=8.0, networks=allowed)

        self._fetch = fetch or get
        self._addresses: OrderedDict[str, str] = OrderedDict()
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._failed: dict[str, float] = {}
        self._turn = asyncio.Semaphore(4)

    def allow(self, work: Work) -> str | None:
        """The key that a work's thumbnail may be asked for with; None where it has none. From any thread."""
        address = work.thumbnail
        if address is None:
            return None
        key = hashlib.sha256(address.encode()).hexdigest()[:24]
        self._addresses[key] = address
        while len(self._addresses) > _MAX_ADDRESSES:
            self._addresses.popitem(last=False)
        return key

    async def get(self, key: str) -> bytes | None:
        """A JPEG, or None where the key is unknown or the picture cannot be had at the moment."""
        address = self._addresses.get(key)
        if address is None or time.monotonic() < self._failed.get(key, 0.0):
            return None
        if key not in self._pictures:
            async with self._turn:
                try:
                    picture = await asyncio.to_thread(_shrink, await self._fetch(address))
                except SmnError:
                    # Offline, moved, or no picture: its card is shown instead.
                    self._failed[key] = time.monotonic() + _RETRY_SECONDS
                    return None
            self._failed.pop(key, None)
            self._pictures[key] = picture
            while len(self._pictures) > _MAX_THUMBNAILS:
                self._pictures.popitem(last=False)
        return self._pictures[key]


def _shrink(data: bytes) -> bytes:
    shown = open_image(data, limits=_LIMITS, reduce_to=THUMBNAIL_SIDE)
    shown.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()


EXAMPLES = ("ukiyo-e", "neo-impressionism", "fauvism", "geometric-abstraction", "cubism", "abstract-expressionism")
"""Painted examples that are offered until the page's own model has been asked."""

_FIGURES = Path(__file__).parent / "figures.json"
_MAX_ANALYSES = 64
"""Analyzed pictures in memory, at 2 to 6 MB each."""

Stamp = tuple[int, int] | None


class AppState:
    """Shared by everybody who has the page open.

    Args:
        settings: of the page.
    """

    def __init__(self, settings: PageSettings) -> None:
        self.settings = settings
        self.thumbnails = Thumbnails(networks=settings.service.url_networks)
        self._loading, self._keeping = Lock(), Lock()
        self._analyzer: tuple[Stamp, Analyzer] | None = None
        self._analyses: OrderedDict[tuple[str, bool, Stamp], PageAnalysis] = OrderedDict()
        self.examples: tuple[str, ...] = EXAMPLES

    @property
    def analyzer(self) -> Analyzer:
        """What answers; loaded for the first picture, and anew when there is another bundle.

        Raises:
            BundleError: it cannot be loaded, and none was before.
        """
        stamp = self._stamp()
        with self._loading:
            if self._analyzer is None or stamp not in (None, self._analyzer[0]):
                self._analyzer = (stamp, make_analyzer(self.settings))
            return self._analyzer[1]

    def analyze(self, name: str, data: bytes, *, find: bool) -> PageAnalysis:
        """Analyze a picture, once for everybody.

        Raises:
            ImageError: it cannot be read.
            ServiceError: the service refuses, or cannot be reached.
        """
        analyzer = self.analyzer
        key = (hashlib.sha256(data).hexdigest(), find, self._stamp())
        with self._keeping:
            if key in self._analyses:
                self._analyses.move_to_end(key)
                return self._analyses[key]
        analysis = analyzer.analyze(name, data, find=find)
        with self._keeping:
            self._analyses[key] = analysis
            while len(self._analyses) > _MAX_ANALYSES:
                self._analyses.popitem(last=False)
        return analysis

    @property
    def index(self) -> SimilarIndex | None:
        """The index of works, or None where there is none."""
        return _index(self.settings.service.index)

    @property
    def figures(self) -> Mapping[str, Any] | None:
        """What was measured, where it was measured on the model that answers; None elsewhere."""
        known = _figures()
        if isinstance(self.analyzer, LocalAnalyzer):
            return known if self.analyzer.sha256 == known["sha256"] else None
        return known if self.analyzer.model == known["model"] else None

    def warm(self) -> None:
        """Load what the first visitor would have to wait for, and offer the examples that the model answers rightly."""
        analyzer = self.analyzer
        if isinstance(analyzer, LocalAnalyzer):
            _ = analyzer.analyze("", make_example(EXAMPLES[0]), find=True).palette
            if self.figures is None:  # the model in the package answers all of EXAMPLES rightly
                self.examples = choose_examples(analyzer)
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


_OPEN: list[AppState] = []  # one a process: scripts are run anew for every visitor and click, and share it


def open_app_state(settings: PageSettings) -> AppState:
    """Make the state of the page, in place of what was."""
    _OPEN[:] = [AppState(settings)]
    return _OPEN[0]


def get_app_state() -> AppState:
    """The state of the page; made from the environment where nobody made it.

    Raises:
        InputError: a variable does not fit.
    """
    return _OPEN[0] if _OPEN else open_app_state(read_page_settings(os.environ))


def choose_examples(analyzer: Analyzer) -> tuple[str, ...]:
    """Ids of painted examples that are answered with their own movement, as many as `EXAMPLES` at most."""
    right: list[str] = []
    for movement in dict.fromkeys((*EXAMPLES, *list_examples())):
        if len(right) == len(EXAMPLES):
            break
        if analyzer.analyze("", make_example(movement), find=True).prediction.movement == movement:
            right.append(movement)
    return tuple(right)


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
