import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from service_process import Running, run_service
from smn.examples import paint


def encode(image: Image.Image, form: str = "JPEG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def painting() -> bytes:
    return encode(paint("impressionism", seed=0))


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the tests that leave it as it is."""
    folder: Path = tmp_path_factory.mktemp("service")
    with run_service(folder, "--images", "kept", "--timeout", "20") as running:
        yield running
        assert running.process.poll() is None, "".join(running.log)
