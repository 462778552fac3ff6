"""A web server of one's own for every test."""

from collections.abc import Iterator

import pytest

from fetch_server import FetchServer


@pytest.fixture
def server() -> Iterator[FetchServer]:
    with FetchServer() as running:
        yield running
