"""Small pictures of works in the public domain, fetched by the page's server, so that nobody else learns who looks."""

import asyncio
import hashlib
import io
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence

from PIL import Image

from smn.errors import SmnError
from smn.images import Limits, open_image
from smn.service.safe_fetch import fetch_picture
from smn.similar.index import Work

SIDE = 360
"""Pixels of a thumbnail's longer side."""

_KNOWN, _KEPT, _AGAIN = 10_000, 300, 60.0
"""Addresses that may be asked for, pictures in memory, and seconds until one that failed is tried again."""

_LIMITS = Limits(max_bytes=8_000_000, max_pixels=40_000_000)

Fetch = Callable[[str], Awaitable[bytes]]


class Thumbnails:
    """Thumbnails of the works that the page has shown; of nothing else, whatever a stranger asks for.

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
        while len(self._addresses) > _KNOWN:
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
                    self._failed[key] = time.monotonic() + _AGAIN
                    return None
            self._failed.pop(key, None)
            self._pictures[key] = picture
            while len(self._pictures) > _KEPT:
                self._pictures.popitem(last=False)
        return self._pictures[key]


def _shrink(data: bytes) -> bytes:
    shown = open_image(data, limits=_LIMITS, reduce_to=SIDE)
    shown.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    shown.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()
