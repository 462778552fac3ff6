from pathlib import Path

import pytest

from smn.errors import InputError
from smn.web.page_settings import PageSettings, read_page_settings


def test_settings_come_from_the_environment_and_the_command_line_goes_first() -> None:
    settings = read_page_settings(
        {"SMN_API": "http://service:8000", "SMN_API_KEY": "secret", "SMN_MAX_BODY": "5000000", "SMN_THUMBNAILS": "no"},
        api="http://other:8000", index=None,
    )  # fmt: skip
    assert (settings.api, settings.api_key, settings.thumbnails) == ("http://other:8000", "secret", False)
    assert settings.service.max_body == 5_000_000
    assert "secret" not in repr(settings)


def test_pictures_are_kept_beside_the_database_or_where_a_variable_says(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/smn.db"
    assert read_page_settings({}).kept is None
    assert read_page_settings({}, database=database).kept == tmp_path / "kept"
    assert read_page_settings({"SMN_KEPT": ""}, database=database).kept is None
    settings = read_page_settings({"SMN_KEPT": "/k", "SMN_KEPT_DAYS": "3", "SMN_KEPT_BYTES": "1000"})
    assert (settings.kept, settings.kept_days, settings.kept_bytes) == (Path("/k"), 3, 1000)
    with pytest.raises(InputError, match="SMN_KEPT_DAYS is 'week'; it must be a whole number"):
        read_page_settings({"SMN_KEPT_DAYS": "week"})
    with pytest.raises(InputError, match="kept_days is 0, but must be 1 or more"):
        read_page_settings({"SMN_KEPT_DAYS": "0"})


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"api is 'service', .*; there is no .*index\.html; .*smn clean review"):
        PageSettings(api="service", review=tmp_path)
    with pytest.raises(InputError, match="true or false"):
        read_page_settings({"SMN_THUMBNAILS": "perhaps"})
