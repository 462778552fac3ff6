"""The one that matters: a fetch of 500 pictures, 5 % of them faulty, killed twice, ends with each picture once."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from fetch_server import Answer, FetchServer, painted_jpeg, picture_answer
from smn.images import open_image
from smn.manifest import read_manifest

SMN = Path(sys.executable).with_name("smn")
PICTURES = 500
PASSING = {
    "500 then well": lambda number: [Answer(500), picture_answer(number)],
    "cut then well": lambda number: [picture_answer(number, cut_after=300), picture_answer(number)],
    "429 then well": lambda number: [Answer(429, headers={"Retry-After": "0"}), picture_answer(number)],
    "403 then well": lambda number: [Answer(403), picture_answer(number)],
    "wrong kind": lambda number: Answer(200, painted_jpeg(number), {"Content-Type": "text/plain"}),
    "slow": lambda number: picture_answer(number, delay=0.3),
}
LASTING = {
    "404": lambda _: Answer(404),
    "truncated": lambda number: Answer(200, painted_jpeg(number)[:500], {"Content-Type": "image/jpeg"}),
    "web page": lambda _: Answer(200, b"<html>Are you a robot?</html>", {"Content-Type": "image/jpeg"}),
    "too large": lambda _: Answer(200, b"", {"Content-Type": "image/jpeg", "Content-Length": "60000000"}),
    "redirects": lambda number: Answer(302, headers={"Location": f"/{number}.jpg"}),
}
FAULTS = [*PASSING.items(), *LASTING.items()]
FAULTY = {20 * turn + 7: FAULTS[turn % len(FAULTS)] for turn in range(PICTURES // 20)}
LOST = {number for number, (name, _) in FAULTY.items() if name in LASTING}


def test_a_fetch_that_is_killed_twice_ends_with_every_picture_once(server: FetchServer, tmp_path: Path) -> None:
    assert len(FAULTY) == PICTURES * 5 // 100 == 25
    assert 10 <= len(LOST) <= 13
    table = tmp_path / "table.csv"
    lines = [f"{number},{server.address}/{number}.jpg,Cubism\n" for number in range(PICTURES)]
    table.write_text("id,image_url,movement\n" + "".join(lines))
    for number in range(PICTURES):
        fault = FAULTY[number][1] if number in FAULTY else picture_answer
        server.route(f"/{number}.jpg", fault(number))
    command = [
        *(SMN, "dataset", "fetch", "csv", "--address", table),
        *("--out", tmp_path / "out", "--requests-per-second", "400", "--connections", "6", "--tries", "3"),
    ]

    for asked in (120, 300):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while len(server.requests) < asked and process.poll() is None:
            time.sleep(0.005)
        assert process.poll() is None, "it should still have been at work"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert not (tmp_path / "out/manifest.parquet").exists()
    last = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert last.returncode == 0, last.stderr

    manifest = read_manifest(tmp_path / "out")
    expected = {f"csv:{number}" for number in range(PICTURES) if number not in LOST}
    ids, digests = manifest.column("id"), manifest.column("sha256")
    assert len(ids) == len(set(ids)) == len(set(digests)) == PICTURES - len(LOST)
    assert set(ids) == expected
    assert all(open_image(manifest.picture(row)).size == (64, 64) for row in range(len(manifest)))
    files = [file for file in (tmp_path / "out/images").rglob("*") if file.is_file()]
    assert len(files) == len(ids)

    report = json.loads((tmp_path / "out/fetch-report.json").read_text())
    assert {item["name"] for item in report["missed"]} == {f"csv:{number}" for number in LOST}
    assert all(item["reason"] for item in report["missed"])
    assert report["complete"] is True

    # A kill may cost what was under way: at most two a connection, and each kill once.
    again = Counter(request.path for request in server.requests)
    well = [number for number in range(PICTURES) if number not in FAULTY]
    assert sum(again[f"/{number}.jpg"] - 1 for number in well) <= 2 * 2 * 6
