"""What all visitors share for as long as the process lives: model, index, analyzed pictures, thumbnails."""

import gzip
import hashlib
import io
import json
import os
from collections import OrderedDict
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from smn.errors import SimilarError
from smn.examples import list_examples, paint
from smn.similar.index import SimilarIndex, read_index
from smn.web.analyzer import Analyzer, LocalAnalyzer, PageAnalysis, make_analyzer
from smn.web.charts import draw_map, family_of_each, list_dots, place_of_each
from smn.web.famous_works import FamousExample, load_examples
from smn.web.kept_pictures import KeptPictures
from smn.web.page_settings import PageSettings, read_page_settings
from smn.web.thumbnails import Thumbnails

EXAMPLES = ("ukiyo-e", "neo-impressionism", "fauvism", "geometric-abstraction", "cubism", "abstract-expressionism")
"""Painted examples that are offered until the page's own model has been asked."""

_FIGURES = Path(__file__).parent / "figures.json"
_PAINTING = Lock()
"""Visitors who come while the examples are painted wait for them, and do not paint them, too."""
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
        self.famous: tuple[FamousExample, ...] = ()
        self.kept: KeptPictures | None = None
        if settings.kept is not None:
            self.kept = KeptPictures(settings.kept, days=settings.kept_days, max_bytes=settings.kept_bytes)

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

    def analyze(self, name: str, data: bytes, *, find: bool, remember: bool = True) -> PageAnalysis:
        """Analyze a picture, once for everybody; without ``remember``, as one of many, it is not kept in memory.

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
        if not remember:
            return analysis
        with self._keeping:
            self._analyses[key] = analysis
            while len(self._analyses) > _MAX_ANALYSES:
                self._analyses.popitem(last=False)
        return analysis

    @property
    def index(self) -> SimilarIndex | None:
        """The index of works, or None where there is none."""
        return _index(self.settings.service.index)

    def pack_map(self, movement: str | None) -> bytes | None:
        """The map of the works (`smn.web.charts.draw_map`) as gzipped SVG; None where there is no map."""
        index = self.index
        return None if index is None or index.places is None else _pack_map(index, movement)

    def pack_dots(self, movement: str | None) -> bytes | None:
        """The works on the map (`smn.web.charts.list_dots`) as gzipped JSON; None where there is no map."""
        index = self.index
        return None if index is None or index.places is None else _pack_dots(index, movement)

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
        for movement in self.examples:
            make_example(movement)
        if self.settings.thumbnails:
            self.famous = load_examples(self.thumbnails.fetch, analyzer)

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


def make_example(movement: str) -> bytes:
    """A picture that smn paints, as a JPEG; painted once, while others wait for it.

    Raises:
        UnknownNameError: there is no example of that movement.
    """
    with _PAINTING:
        return _paint_example(movement)


@cache
def _paint_example(movement: str) -> bytes:
    buffer = io.BytesIO()
    paint(movement, seed=0, size=(800, 640)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@cache
def _index(folder: Path) -> SimilarIndex | None:
    try:
        return read_index(folder)
    except SimilarError:
        return None


@lru_cache(maxsize=64)
def _pack_map(index: SimilarIndex, movement: str | None) -> bytes:
    return gzip.compress(draw_map(index, movement).encode(), 6)


@lru_cache(maxsize=64)
def _pack_dots(index: SimilarIndex, movement: str | None) -> bytes:
    return gzip.compress(json.dumps(list_dots(index, movement), ensure_ascii=False).encode(), 6)


@cache
def _figures() -> Mapping[str, Any]:
    known: Mapping[str, Any] = json.loads(_FIGURES.read_text(encoding="utf-8"))
    return known
