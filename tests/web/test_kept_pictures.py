import os
import stat
import time
from datetime import date, timedelta
from pathlib import Path

from smn.web.kept_pictures import KeptPictures


def expire(folder: Path) -> None:
    for file in folder.iterdir():
        os.utime(file, (0, time.time() - 1))


def test_a_picture_is_had_by_its_token_until_it_is_deleted(tmp_path: Path) -> None:
    kept = KeptPictures(tmp_path / "kept", days=7, max_bytes=1000)
    token = kept.keep(b"picture")
    assert token is not None
    found = kept.get(token)
    assert found is not None
    assert (found.data, found.until) == (b"picture", date.today() + timedelta(days=7))
    kept.delete(token)
    assert kept.get(token) is None
    kept.delete(token)
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_token_cannot_be_guessed_nor_read_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    kept = KeptPictures(folder, days=7, max_bytes=1000)
    tokens = [kept.keep(b"x") for _ in range(20)]
    assert len({*tokens}) == 20
    assert all(token is not None and len(token) == 32 for token in tokens)
    names = " ".join(file.name for file in folder.iterdir())
    assert not any(str(token) in names for token in tokens)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in folder.iterdir())
    (tmp_path / "secret").write_bytes(b"secret")
    for wrong in ("", "../secret", "x" * 32, "../" * 10 + "se", next(folder.iterdir()).stem):
        assert kept.get(wrong) is None
        kept.delete(wrong)
    assert len(list(folder.iterdir())) == 20


def test_what_expired_is_gone_and_makes_room(tmp_path: Path) -> None:
    kept = KeptPictures(tmp_path, days=7, max_bytes=10)
    token = kept.keep(b"12345678")
    assert token is not None
    assert kept.keep(b"12345678") is None  # what others were promised stays
    assert kept.get(token) is not None
    expire(tmp_path)
    assert kept.get(token) is None
    assert kept.keep(b"12345678") is not None
    assert len(list(tmp_path.iterdir())) == 1
    expire(tmp_path)
    kept.sweep()
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert KeptPictures(tmp_path / "file" / "below", days=7, max_bytes=1000).keep(b"x") is None
