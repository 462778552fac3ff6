"""The service as its callers see it: a real process, asked over HTTP."""

import base64
import json
import re
import signal
import sqlite3
import threading
import time
from pathlib import Path

import httpx2
import pytest

import smn
from service_process import Running, run_service
from smn.bundle import Bundle, list_models
from smn.examples import paint

from .conftest import encode


@pytest.fixture
def http(service: Running):  # type: ignore[no-untyped-def]
    with httpx2.Client(base_url=service.address, timeout=60) as client:
        yield client


def test_every_way_to_send_a_picture_gives_the_same_answer(http: httpx2.Client, painting: bytes) -> None:
    text = base64.b64encode(painting).decode()
    answers = [
        http.post("/v1/predict", content=painting, headers={"content-type": "image/jpeg"}),
        http.post("/v1/predict", content=painting, headers={"content-type": "text/plain"}),  # content decides
        http.post("/v1/predict", content=painting),
        http.post("/v1/predict", files={"file": ("a.jpg", painting)}),
        http.post("/v1/predict", json={"image": text}),
        http.post("/v1/predict", json={"image": f"data:image/jpeg;base64,{text}"}),
        http.post("/v1/predict", json={"images": [{"image": text}]}),
    ]
    expected = smn.load(rectify=smn.Rectify.AUTO).predict(painting)
    own = expected.to_dict()
    for response in answers:
        assert response.status_code == 200, response.text
        (answer,) = response.json()["answers"]
        assert re.fullmatch("[0-9a-f]{32}", answer.pop("id"))
        for key in ("explanation", "similar"):
            assert answer.pop(key) is None
        assert answer.pop("sentence") == str(expected)
        assert {**answer, "path": None} == own
        assert response.headers["x-request-id"]
        assert response.headers["x-content-type-options"] == "nosniff"


def test_a_bad_picture_among_good_ones_costs_only_itself(http: httpx2.Client, painting: bytes) -> None:
    files = [("file", ("a.jpg", painting)), ("file", ("b.jpg", b"nothing")), ("file", ("c.png", painting))]
    answers = http.post("/v1/predict", files=files).json()["answers"]
    assert [answer["path"] for answer in answers] == ["a.jpg", "b.jpg", "c.png"]
    assert [answer["outcome"] == "error" for answer in answers] == [False, True, False]
    assert answers[1]["error"]
    assert http.post("/v1/predict", files=[files[1]]).status_code == 422


def test_one_unreadable_picture_is_one(http: httpx2.Client) -> None:
    for count, said in ((1, "The picture cannot be read: "), (2, "None of the 2 pictures can be read: ")):
        answer = http.post("/v1/predict", files=[("file", (f"{at}.jpg", b"no picture")) for at in range(count)])
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(said)


def test_why_and_what_is_alike_come_with_the_answer(http: httpx2.Client, painting: bytes) -> None:
    response = http.post("/v1/predict", content=painting, params={"explain": True, "similar": 4, "top_k": 5})
    (answer,) = response.json()["answers"]
    assert len(answer["predictions"]) == 5
    assert len(answer["similar"]) == 4
    assert answer["similar"][0]["attribution"]
    why = answer["explanation"]
    assert why["movement"] == answer["predictions"][0]["movement"]
    assert base64.b64decode(why["overlay"].removeprefix("data:image/jpeg;base64,"))[:3] == b"\xff\xd8\xff"
    assert len(why["evidence"]) == len(why["evidence"][0]) == 16
    assert [one["id"] for one in http.post("/v1/similar", content=painting, params={"top_k": 4}).json()] == [
        one["id"] for one in answer["similar"]
    ]


def test_the_hubs_shape_and_another_taxonomy(http: httpx2.Client, painting: bytes) -> None:
    found = http.post(
        "/v1/predict", content=painting, params={"shape": "hub", "taxonomy": "origin-8", "top_k": 8}
    ).json()
    assert len(found) == 8
    assert {"label", "score"} == set(found[0])
    assert sum(one["score"] for one in found) == pytest.approx(1, abs=0.01)
    several = http.post("/v1/predict", files=[("file", ("a.jpg", painting))] * 2, params={"shape": "hub"}).json()
    assert [len(one) for one in several] == [3, 3]


def test_movements_stories_and_taxonomies_are_told(http: httpx2.Client) -> None:
    assert len(http.get("/v1/movements").json()) == len(smn.list_movements())
    assert http.get("/v1/movements/Ukiyo%20e").json()["id"] == "ukiyo-e"
    assert http.get("/v1/story/cubism").json()["music"]
    assert "origin-8" in http.get("/v1/taxonomies").json()
    missing = http.get("/v1/movements/cubsm")
    assert missing.status_code == 422
    assert "Did you mean cubism" in missing.json()["detail"]


def test_the_open_inference_protocol(http: httpx2.Client, painting: bytes) -> None:
    assert http.get("/v2").json()["name"] == "smn"
    assert http.get("/v2/health/live").json() == {"live": True}
    assert http.get("/v2/health/ready").json() == {"ready": True}
    told = http.get("/v2/models/smn").json()
    assert told["inputs"][0]["datatype"] == "BYTES"
    assert http.get(f"/v2/models/{told['name']}/ready").json()["ready"]
    assert http.get("/v2/models/other").status_code == 404
    data = [base64.b64encode(painting).decode()] * 2
    tensor = {"name": "image", "shape": [2], "datatype": "BYTES", "data": data}
    found = http.post("/v2/models/smn/infer", json={"id": "a", "inputs": [tensor]}).json()
    outputs = {one["name"]: one for one in found["outputs"]}
    assert found["id"] == "a"
    assert outputs["label"]["shape"] == outputs["probability"]["shape"] == [2, 25]
    assert outputs["label"]["data"][0] == smn.load().predict(painting).predictions[0].label
    assert sum(outputs["probability"]["data"][:25]) == pytest.approx(1, abs=0.01)
    wrong = http.post("/v2/models/smn/infer", json={"inputs": [{**tensor, "shape": [3]}]})
    assert wrong.status_code == 422


def test_a_request_may_name_a_model_of_the_package(http: httpx2.Client, painting: bytes) -> None:
    listed = http.get("/v1/models").json()
    assert [one["name"] for one in listed] == list(list_models())
    fast = next(one for one in listed if one["name"] == "fast")
    assert fast["bytes"] < listed[0]["bytes"]
    answer = http.post("/v1/predict", content=painting, params={"model": "fast"}).json()["answers"][0]
    assert answer["model"] == fast["version"] == smn.load("fast").name
    assert answer["predictions"][0]["movement"] == smn.load("fast").predict(painting).predictions[0].movement
    assert http.post("/v1/predict", content=painting).json()["answers"][0]["model"] == listed[0]["version"]
    wrong = http.post("/v1/predict", content=painting, params={"model": "fats"})
    assert (wrong.status_code, "fast" in wrong.json()["detail"]) == (422, True)
    # Both give the embedding of which the index was made.
    both = [
        http.post("/v1/predict", content=painting, params={"similar": 3} | more) for more in ({}, {"model": "fast"})
    ]
    assert both[0].json()["answers"][0]["similar"] == both[1].json()["answers"][0]["similar"]
    assert http.get("/v2/models/fast").json()["name"] == fast["version"]
    data = [base64.b64encode(painting).decode()]
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "data": data}
    found = http.post("/v2/models/fast/infer", json={"inputs": [tensor]}).json()
    assert found["model_name"] == fast["version"]


def test_feedback_is_remembered_reviewed_and_exported(
    http: httpx2.Client, painting: bytes, service: Running, tmp_path: Path
) -> None:
    from click.testing import CliRunner

    from smn.cli import main

    picture = encode(paint("cubism", seed=5))
    answer = http.post("/v1/predict", content=picture, params={"keep": True}).json()["answers"][0]
    said = {"prediction": answer["id"], "verdict": "disagree", "movement": "Cubism", "text": "Look at the table."}
    stored = http.post("/v1/feedback", json=said)
    assert stored.status_code == 201
    assert stored.json()["movement"] == "cubism"
    assert http.get(f"/v1/feedback/{stored.json()['id']}").json() == stored.json()
    database, kept = f"sqlite:///{service.folder}/data/smn/smn.db", service.folder / "kept"
    assert [file.read_bytes() for file in kept.iterdir()] == [picture]  # the other tests' pictures were not to be kept

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["feedback", "--database", database, *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert stored.json()["id"] in run("list", "--waiting")
    run("decide", stored.json()["id"], "--accept")
    assert stored.json()["id"] in run("list", "--reviewed")
    run("export", "--out", str(tmp_path / "out.csv"), "--images", str(kept))
    head, row = (tmp_path / "out.csv").read_text().splitlines()
    assert head == "path,movement,source,label_kind"
    assert row.endswith(",cubism,feedback,person")
    result = CliRunner().invoke(main, ["dataset", "import", str(tmp_path / "out.csv"), "--out", str(tmp_path / "set")])
    assert result.exit_code == 0, result.output
    assert http.delete(f"/v1/predictions/{answer['id']}").status_code == 204
    assert http.delete(f"/v1/predictions/{answer['id']}").status_code == 404
    assert http.get(f"/v1/feedback/{stored.json()['id']}").status_code == 404
    assert not list(kept.iterdir())


def test_feedback_on_nothing_is_refused(http: httpx2.Client) -> None:
    for said, status in (
        ({"prediction": "0" * 32, "verdict": "agree"}, 404),
        ({"prediction": "zero", "verdict": "agree"}, 422),
        ({"prediction": "0" * 32, "verdict": "perhaps"}, 422),
        ({"prediction": "0" * 32, "verdict": "agree", "movement": "cubsm"}, 422),
        ({"prediction": "0" * 32, "verdict": "agree", "admin": True}, 422),
        ({"prediction": "0" * 32, "verdict": "agree", "text": "a" * 3000}, 422),
    ):
        refused = http.post("/v1/feedback", json=said)
        assert refused.status_code == status
        problem = refused.json()
        assert set(problem) == {"type", "title", "status", "detail", "request_id"}
        assert refused.headers["content-type"] == "application/problem+json"


def test_numbers_for_prometheus_and_a_log_without_pictures(
    http: httpx2.Client, painting: bytes, service: Running
) -> None:
    name = "what-they-called-it"
    http.post("/v1/predict", files={"file": (f"{name}.jpg", painting)}, headers={"X-Request-ID": "mine-1"})
    text = http.get("/metrics").text
    for name in ("smn_requests_total", "smn_request_seconds_bucket", "smn_batch_pictures", "smn_answers_total",
                 "smn_pictures_pending", "smn_cache_hits"):  # fmt: skip
        assert name in text
    time.sleep(0.3)
    lines = [json.loads(line) for line in service.log if line.startswith("{")]
    (mine,) = [line for line in lines if line.get("request_id") == "mine-1"]
    assert (mine["path"], mine["status"], mine["method"]) == ("/v1/predict", 200, "POST")
    assert not any(name in line for line in service.log)


def test_the_client_asks_waits_and_says_what_is_wrong(service: Running, painting: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(painting)
    with smn.Client(service.address) as client:
        answers = client.predict(tmp_path / "a.jpg", painting, top_k=2)
        assert [len(answer["predictions"]) for answer in answers] == [2, 2]
        assert client.send_feedback(answers[0]["id"], agree=True)
        assert len(client.get("/v1/movements")) == len(smn.list_movements())
        client.delete_prediction(answers[0]["id"])
        with pytest.raises(smn.SmnError, match="There is no answer with this id") as caught:
            client.delete_prediction(answers[0]["id"])
        assert caught.value.status == 404  # type: ignore[attr-defined]
        with pytest.raises(smn.InputError, match=r"none\.jpg cannot be read"):
            client.predict(tmp_path / "none.jpg")
        with pytest.raises(smn.InputError, match="No picture is given"):
            client.predict()
    with pytest.raises(smn.SmnError, match="cannot be reached"), smn.Client("http://127.0.0.1:9", attempts=2) as nobody:
        nobody.get("/v1/movements")
    with pytest.raises(smn.InputError, match="A client needs an address"):
        smn.Client("127.0.0.1")


def test_the_asynchronous_client_does_the_same(service: Running, painting: bytes) -> None:
    import asyncio

    async def ask() -> None:
        async with smn.AsyncClient(service.address) as client:
            both = await asyncio.gather(client.predict(painting), client.predict(painting, top_k=1))
            assert [len(one[0]["predictions"]) for one in both] == [3, 1]
            assert await client.send_feedback(both[0][0]["id"], agree=False, movement="realism")
            assert await client.get("/v1/taxonomies")
            await client.delete_prediction(both[0][0]["id"])

    asyncio.run(ask())


def test_an_index_of_another_model_is_the_services_fault(tmp_path: Path, painting: bytes, tiny_bundle: Bundle) -> None:
    with (
        run_service(tmp_path, "--model", str(tiny_bundle.folder), "--no-memory") as service,
        httpx2.Client(base_url=service.address, timeout=60) as http,
    ):
        assert http.post("/v1/predict", content=painting).status_code == 200
        refused = http.post("/v1/similar", content=painting)
        assert refused.status_code == 503
        assert "/similar/default" not in refused.text
        assert http.post("/v1/predict", content=painting, params={"explain": True}).status_code == 422


def test_keys_and_rates(tmp_path: Path, painting: bytes) -> None:
    from smn.serve.keys import make_key

    key, line = make_key("museum", rate=8)
    (tmp_path / "keys").write_text(f"# who may ask\n{line}\n")
    (tmp_path / "keys").chmod(0o640)
    with run_service(tmp_path, "--keys", "keys", "--no-memory") as service:
        with httpx2.Client(base_url=service.address, timeout=60) as http:
            for headers in ({}, {"X-API-Key": "smn_wrong"}, {"Authorization": f"Basic {key}"}):
                refused = http.post("/v1/predict", content=painting, headers=headers)
                assert refused.status_code == 401
                assert refused.headers["www-authenticate"] == "Bearer"
            assert http.get("/v2/health/live").status_code == 200
            statuses = [
                http.get("/v1/taxonomies", headers={"Authorization": f"Bearer {key}"}).status_code for _ in range(3)
            ]
            assert statuses == [200, 200, 429]  # two at once of eight a minute
            refused = http.get("/v1/taxonomies", headers={"X-API-Key": key})
            assert int(refused.headers["retry-after"]) >= 1
            assert http.post("/v1/feedback", json={"prediction": "0" * 32, "verdict": "agree"},
                             headers={"X-API-Key": key}).status_code in {429, 503}  # fmt: skip
        assert service.stop_gently()
        assert not any(key in line for line in service.log)
    assert not (tmp_path / "data").exists()


def test_too_many_pictures_are_turned_away_and_a_small_queue_recovers(tmp_path: Path) -> None:
    pictures = [encode(paint("cubism", seed=seed)) for seed in range(12)]
    with run_service(tmp_path, "--queue", "2", "--no-memory") as service:
        found: list[httpx2.Response] = []

        def ask(data: bytes) -> None:
            with httpx2.Client(base_url=service.address, timeout=60) as http:
                found.append(http.post("/v1/predict", content=data))

        threads = [threading.Thread(target=ask, args=(data,)) for data in pictures]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = {response.status_code for response in found}
        assert statuses == {200, 429}
        assert all(int(one.headers["retry-after"]) >= 1 for one in found if one.status_code == 429)
        with smn.Client(service.address, attempts=8) as client:
            assert client.predict(pictures[0])[0]["outcome"] != "error"


def test_a_new_bundle_is_loaded_without_a_restart_or_a_lost_request(tmp_path: Path, painting: bytes) -> None:
    import shutil

    from smn.bundle import DEFAULT

    bundle = tmp_path / "bundle"
    shutil.copytree(DEFAULT, bundle)
    with run_service(tmp_path, "--model", "bundle", "--no-memory", SMN_WATCH="0.2") as service:
        seen: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            with httpx2.Client(base_url=service.address, timeout=60) as http:
                while not stop.is_set():
                    response = http.post("/v1/predict", content=painting)
                    assert response.status_code == 200
                    seen.append(response.json()["answers"][0]["model"])

        thread = threading.Thread(target=ask)
        thread.start()
        file = bundle / "bundle.json"
        text = file.read_text(encoding="utf-8")
        name = json.loads(text)["name"]
        file.write_text(text[:100], encoding="utf-8")  # half of it is there: nothing changes
        time.sleep(1)
        file.write_text(text.replace(f'"name": "{name}"', '"name": "new-one"'), encoding="utf-8")
        until = time.monotonic() + 30
        while "new-one" not in seen and time.monotonic() < until:
            time.sleep(0.1)
        stop.set()
        thread.join()
        assert {name, "new-one"} == set(seen)
        assert any("bundle not loaded" in line for line in service.log)


def test_a_stop_finishes_what_was_taken(tmp_path: Path) -> None:
    pictures = [encode(paint("cubism", seed=seed)) for seed in range(16)]
    with run_service(tmp_path) as service:
        found: list[int] = []
        lost: list[Exception] = []

        def ask(data: bytes) -> None:
            try:
                with httpx2.Client(base_url=service.address, timeout=60) as http:
                    found.append(http.post("/v1/predict", content=data).status_code)
            except httpx2.ConnectError:
                pass  # came after the door was closed
            except Exception as error:  # noqa: BLE001 - a request that was taken and lost
                lost.append(error)

        threads = [threading.Thread(target=ask, args=(data,)) for data in pictures]
        for thread in threads:
            thread.start()
        while not found:
            time.sleep(0.01)
        assert service.stop_gently()
        for thread in threads:
            thread.join()
        assert not lost
        assert set(found) == {200}


def test_a_kill_loses_no_feedback_that_was_acknowledged(tmp_path: Path, painting: bytes) -> None:
    acknowledged: list[str] = []
    with run_service(tmp_path) as service:
        with httpx2.Client(base_url=service.address, timeout=60) as http:
            answer = http.post("/v1/predict", content=painting).json()["answers"][0]
        stop = threading.Event()

        def talk() -> None:
            with httpx2.Client(base_url=service.address, timeout=10) as http:
                while not stop.is_set():
                    try:
                        said = http.post("/v1/feedback", json={"prediction": answer["id"], "verdict": "agree"})
                    except httpx2.HTTPError:
                        return
                    if said.status_code == 201:
                        acknowledged.append(said.json()["id"])

        threads = [threading.Thread(target=talk) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(acknowledged) < 40:
            time.sleep(0.01)
        service.stop(how=signal.SIGKILL)
        stop.set()
        for thread in threads:
            thread.join()
    with run_service(tmp_path) as service, httpx2.Client(base_url=service.address, timeout=60) as http:
        assert all(http.get(f"/v1/feedback/{one}").status_code == 200 for one in acknowledged)
    with sqlite3.connect(tmp_path / "data" / "smn" / "smn.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--queue", "0"], {}, "queue is 0, but must be 1 or more"),
        (["--keys", "none"], {}, "there is no file of keys none"),
        (["--database", "mysql://a"], {}, "database must be sqlite:///FILE or postgresql"),
        (
            ["--database", "postgresql+psycopg://smn:changeme@db/smn"],
            {},
            "password is one that everybody tries",
        ),
        (["--origin", "*"], {}, "is no origin such as https://museum.example"),
        (["--no-memory", "--images", "kept"], {}, "images are kept beside a database"),
        ([], {"SMN_MAX_BODY": "many"}, "SMN_MAX_BODY is 'many', which is no int"),
        (["--model", "nowhere"], {}, "nowhere"),
    ],
)
def test_what_is_unsafe_or_wrong_does_not_start(
    arguments: list[str], environment: dict[str, str], said: str, tmp_path: Path
) -> None:
    import os
    import subprocess

    from service_process import SMN

    done = subprocess.run(
        [str(SMN), "serve", "--port", "0", *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, **environment}, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert re.search(said, done.stderr), done.stderr
    assert "changeme" not in done.stderr
