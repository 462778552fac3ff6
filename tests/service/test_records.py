"""The database, on SQLite and on PostgreSQL."""

import io
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import smn
from service_process import run_service
from smn.examples import paint
from smn.service.records import Records


def exercise(records: Records) -> None:
    """What every database must do."""
    answer = {"model": "m", "outcome": "movement", "movement": "cubism", "predictions": [{"movement": "cubism"}]}
    first = records.add_prediction(answer, sha256="a" * 64, caller="museum", image=b"picture")
    second = records.add_prediction(answer | {"movement": None}, sha256="a" * 64, caller=None, image=b"picture")
    assert records.add_feedback("0" * 32, verdict="agree") is None
    said = records.add_feedback(first, verdict="disagree", movement="fauvism", text="é ♪ '; DROP TABLE feedback; --")
    assert said is not None
    stored = records.get_feedback(said)
    assert stored is not None
    assert stored.text == "é ♪ '; DROP TABLE feedback; --"
    (listed,) = records.list_feedback(reviewed=False)
    assert listed["prediction"]["answer"] == answer
    assert records.review(said, accepted=True)
    assert not records.review("0" * 32, accepted=True)
    assert records.list_feedback(reviewed=False) == []
    assert records.list_feedback(reviewed=True)[0]["accepted"] is True
    assert records.delete_expired(1) == 0
    assert records.delete(first)
    assert not records.delete(first)
    assert records.get_feedback(said) is None
    assert records.delete_expired(-1) == 1
    assert not records.delete(second)


def test_sqlite_remembers_and_forgets(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/smn.db"
    records = Records(url, images=tmp_path / "kept")
    exercise(records)
    assert list((tmp_path / "kept").iterdir()) == []
    records.close()
    Records(url).close()  # an old database is opened as it is


@pytest.mark.slow
def test_postgresql_remembers_and_forgets(postgresql: str, tmp_path: Path) -> None:
    records = Records(postgresql, images=tmp_path / "kept")
    exercise(records)
    assert list((tmp_path / "kept").iterdir()) == []
    records.close()
    Records(postgresql).close()


@pytest.mark.slow
def test_the_service_runs_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    stream = io.BytesIO()
    paint("impressionism").save(stream, "JPEG")
    with run_service(tmp_path, "--database", postgresql) as service, smn.Client(service.address) as client:
        answer = client.predict(stream.getvalue())[0]
        assert client.send_feedback(answer["id"], agree=True)
        client.delete_prediction(answer["id"])


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of its own, from Debian's package."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders and os.environ.get("SMN_TEST_POSTGRESQL"):
        pytest.fail("PostgreSQL was to be there, and is not")
    if not folders:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    programs, home = folders[-1], tmp_path_factory.mktemp("postgresql")
    # PostgreSQL refuses to run as root.
    become = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if become:
        for folder in (home, *home.parents[:3]):
            if not folder.stat().st_mode & stat.S_IXOTH:
                folder.chmod(0o755)
        shutil.chown(home, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run([*become, *command], check=True, capture_output=True, cwd="/")

    data, sockets = home / "data", home
    run(str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "smn", "-E", "UTF8")
    options = f"-c listen_addresses='' -c unix_socket_directories={sockets} -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(home / "log"), "start")
    try:
        run(str(programs / "createdb"), "-h", str(sockets), "-U", "smn", "smn")
        yield f"postgresql+psycopg://smn@/smn?host={sockets}"
    finally:
        run(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
