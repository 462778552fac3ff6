import pytest

from smn.errors import InputError
from smn.service.service_settings import read_service_settings


def test_settings_come_from_the_environment_and_are_checked_together() -> None:
    settings = read_service_settings(
        {"SMN_QUEUE": "9", "SMN_ORIGINS": "https://a.example, https://b.example", "SMN_URLS": "no",
         "SMN_TIMEOUT": "2.5", "PATH": "/bin"}, batch=4, queue=None,
    )  # fmt: skip
    assert (settings.queue, settings.batch, settings.timeout, settings.urls) == (9, 4, 2.5, False)
    assert settings.origins == ("https://a.example", "https://b.example")
    with pytest.raises(InputError, match=r"queue is 0.*timeout is -1.*'10\.0\.0\.0/99' is no network"):
        read_service_settings({"SMN_QUEUE": "0", "SMN_URL_NETWORKS": "10.0.0.0/99"}, timeout=-1.0)
