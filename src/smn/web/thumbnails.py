"""Pictures of works, fetched by the page's server, so that no third party learns who looks."""

import asyncio
import hashlib
import io
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

from PIL import Image

from smn.errors import SmnError
from smn.images import Limits, open_image
from smn.images.safe_fetch import download_picture
from smn.similar.index import Work

THUMBNAIL_SIDE = 360
"""Pixels of a thumbnail's longer side."""

_MAX_ADDRESSES, _MAX_THUMBNAILS, _RETRY_SECONDS = 10_000, 300, 60.0
"""Addresses that may be asked for, pictures in memory, and seconds until one that failed is tried again."""

_LIMITS = Limits(max_bytes=8_000_000, max_pixels=40_000_000)

Fetch = Callable[[str], bytes]


class Thumbnails:
    """Thumbnails of works; of shown works only. Everything may be called from any thread.

    Args:
        networks: that addresses may lie in although they are not public.
        fetch: gets what lies at an address; by default over the network, guarded as the service's addresses are.
    """

    def __init__(self, *, networks: Sequence[str] = (), fetch: Fetch | None = None) -> None:
        allowed = [ipaddress.ip_network(one) for one in networks]

        def get(address: str) -> bytes:
            return download_picture(address, max_bytes=_LIMITS.max_bytes, timeout=8.0, networks=allowed)

        self.fetch = fetch or get
        self._addresses: OrderedDict[str, str] = OrderedDict()
        self._pictures: OrderedDict[str, bytes] = OrderedDict()
        self._failed: OrderedDict[str, float] = OrderedDict()
        self._keeping = Lock()
        # Threads of its own: where a network swallows requests, nothing else waits for them.
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="thumbnails")

    def allow(self, work: Work) -> str | None:
        """The key that a work's thumbnail may be asked for with; None where it has none."""
        address = work.thumbnail
        if address is None:
            return None
        key = hashlib.sha256(address.encode()).hexdigest()[:24]
        with self._keeping:
            self._addresses[key] = address
            while len(self._addresses) > _MAX_ADDRESSES:
                self._addresses.popitem(last=False)
        return key

    async def get(self, key: str) -> bytes | None:
        """A JPEG, or None where the key is unknown or the picture cannot be had at the moment."""
        return await asyncio.wrap_future(self._threads.submit(self._load, key))

    def get_now(self, key: str) -> bytes | None:
        """As `get`, from code that is not asynchronous."""
        return self._threads.submit(self._load, key).result()

    def _load(self, key: str) -> bytes | None:
        with self._keeping:
            address = self._addresses.get(key)
            if address is None or time.monotonic() < self._failed.get(key, 0.0):
                return None
            if key in self._pictures:
                return self._pictures[key]
        try:
            picture = shrink_picture(self.fetch(address), side=THUMBNAIL_SIDE)
        except SmnError:
            # Offline, moved, or no picture: its card is shown instead.
            picture = None
        with self._keeping:
            if picture is None:
                self._failed[key] = time.monotonic() + _RETRY_SECONDS
            else:
                self._failed.pop(key, None)
                self._pictures[key] = picture
            _bound(self._failed)
            _bound(self._pictures)
        return picture


def _bound(known: OrderedDict[str, Any]) -> None:
    while len(known) > _MAX_THUMBNAILS:
        known.popitem(last=False)


def shrink_picture(data: bytes, *, side: int) -> bytes:
    """A picture as a JPEG of ``side`` pixels at most.

    Raises:
        ImageError: it cannot be read.
    """
    shown = open_image(data, limits=_LIMITS, reduce_to=side)
    shown.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=86)
    return buffer.getvalue()
