"""The page as people meet it: static files from a plain server, the model ``fast``, a real browser."""

import io
import json
import os
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from playwright.sync_api import Error

import smn
from browser_server import serve
from chromium import needs_chromium
from smn.browser import build_page
from smn.bundle import read_bundle
from smn.cli import main
from smn.errors import OutputExistsError
from smn.examples import draw_other, list_examples, paint
from smn.predict.phrasing import name_guess, phrase, write_percent
from smn.predict.prediction import parse_prediction

pytestmark = needs_chromium

MODEL = "fast"
SHOTS = Path(os.environ.get("SMN_TEST_SCREENSHOTS", "build/screenshots"))


def encode(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def make_pictures() -> dict[str, bytes]:
    """Twenty pictures of several kinds."""
    names = [*list_examples(), *list_examples()][:20]
    sizes = ((500, 360), (360, 500), (300, 420), (800, 620))
    made = {}
    for number, name in enumerate(names):
        image, exif = paint(name, seed=number, size=sizes[number % 4]), Image.Exif()
        exif[0x0112] = 1 + number % 8
        kinds = (
            ("exif", lambda image=image, exif=exif: encode(image, quality=88, exif=exif)),
            ("cmyk", lambda image=image: encode(image.convert("CMYK"), quality=92)),
            ("png", lambda image=image: encode(image, "PNG")),
            ("progressive", lambda image=image: encode(image, quality=80, progressive=True, subsampling=1)),
            ("grey", lambda image=image: encode(image.convert("L"), quality=75)),
        )
        kind, make = kinds[number % 5]
        made[f"{number}-{name}-{kind}"] = make()
    return made


@pytest.fixture(scope="module")
def site(tmp_path_factory, onnxruntime_web):
    folder = tmp_path_factory.mktemp("site") / "page"
    assert build_page(read_bundle(MODEL), folder, runtime=onnxruntime_web) == folder / "index.html"
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def visit(browser, site):
    """Opens the page in a browser of its own, waits for the network; ``page.requests`` are the requests so far."""
    contexts = []

    def visit(**options):
        context = browser.new_context(**{"locale": "en-GB", "viewport": {"width": 1200, "height": 900}, **options})
        contexts.append(context)
        page = context.new_page()
        page.requests, page.complaints = [], []

        def note(request) -> None:
            page.requests.append(request)

        context.on("request", note)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
        page.set_default_timeout(120_000)
        page.goto(f"{site}/")
        page.wait_for_selector("body[data-ready]")
        return page

    yield visit
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def page(visit):
    return visit()


def ask(page, data: bytes, name: str = "picture") -> dict:
    """The answer that the page shows to a picture."""
    page.set_input_files("#file", [{"name": name, "mimeType": "application/octet-stream", "buffer": data}])
    page.wait_for_selector("body[data-answer]:not(.busy)")
    return json.loads(page.get_attribute("body", "data-answer"))


def check_words(page, answer: dict, language: str = "en") -> None:
    """The page says of its answer what smn says everywhere."""
    families = [{"label": one["family"], **one} for one in answer["families"]]
    left_out = dict.fromkeys(("path", "error", "set", "rectified"))
    expected = parse_prediction({**left_out, **answer, "families": families})
    said = phrase(expected, language)
    assert page.inner_text(".headline") == said.headline
    assert page.inner_text(".detail") == said.detail
    assert page.text_content("#answer") == said.sentence
    names = page.locator("#guesses li > span:first-child").all_inner_texts()
    chances = page.locator("#guesses .chance").all_inner_texts()
    assert names == [name_guess(guess, language) for guess in expected.predictions]
    assert chances == [write_percent(guess.probability, language) for guess in expected.predictions]


def shoot(page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"browser-{name}.png", full_page=True)


def test_answers_are_those_of_python_and_the_picture_stays_here(page, site) -> None:
    asked = len(page.requests)
    assert {request.method for request in page.requests} == {"GET"}
    assert all(request.url.startswith((site, f"blob:{site}")) for request in page.requests)
    model, outcomes = smn.load(MODEL, rectify=smn.Rectify.OFF, lookup=False), set()
    for name, data in make_pictures().items():
        expected = model.predict(data, top_k=5)
        found = ask(page, data, name)
        probabilities = {guess["movement"]: guess["probability"] for guess in found["predictions"]}
        for guess in expected.predictions[:3]:
            assert probabilities[guess.movement] == pytest.approx(guess.probability, abs=1e-3), name
        assert found["painting_score"] == pytest.approx(expected.painting_score, abs=1e-3), name
        for key in ("outcome", "movement", "family", "looks_like"):
            assert found[key] == getattr(expected, key), name
        check_words(page, found)
        outcomes.add(found["outcome"])
    assert len(outcomes) >= 2
    # Not one request since the network was ready but those for the picture's own bytes, in the browser's memory.
    assert {request.url.partition(":")[0] for request in page.requests[asked:]} <= {"blob"}
    assert page.complaints == []


def test_after_loading_nothing_can_be_sent_even_to_the_pages_own_server(page) -> None:
    send = "fetch('{}', {{ method: 'POST', body: 'picture' }})"
    for target in (page, page.workers[0]):
        with pytest.raises(Error, match="Failed to fetch"):
            target.evaluate(send.format(page.url))
    page.complaints.clear()


def test_it_works_without_a_connection_after_the_first_visit(visit) -> None:
    page = visit()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    assert ask(page, encode(paint("ukiyo-e")))["predictions"]
    manifest = page.evaluate("document.querySelector('link[rel=manifest]').href")
    assert manifest.endswith("manifest.webmanifest")


def test_a_phone_in_french_in_the_dark_shows_why(visit) -> None:
    page = visit(
        locale="fr-FR",
        viewport={"width": 390, "height": 844},
        device_scale_factor=2,
        color_scheme="dark",
        is_mobile=True,
    )
    assert page.inner_text("h1") == "À quel mouvement ce tableau appartient-il ?"
    shoot(page, "phone-start")
    answer = ask(page, encode(paint("impressionism", size=(900, 700))))
    assert answer["outcome"] != "not_a_painting"
    check_words(page, answer, "fr")
    page.check("#show")
    heat = page.evaluate("[...document.getElementById('heat').getContext('2d').getImageData(0, 0, 256, 256).data]")
    assert np.ptp(np.array(heat)[3::4]) > 50
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shoot(page, "phone-answer")
    assert page.complaints == []


def test_what_is_no_painting_and_what_is_no_picture(page) -> None:
    shown = ask(page, encode(draw_other("text-page", seed=1)))
    assert shown["outcome"] == "not_a_painting"
    assert page.inner_text(".headline") == "This does not look like a painting to me"
    assert page.is_visible("#only-guesses")
    shoot(page, "desktop-refused")
    page.set_input_files("#file", [{"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}])
    page.wait_for_selector("body[data-error=type]")
    assert "Use JPEG, PNG" in page.inner_text("#answer")
    ask(page, encode(paint("neo-impressionism", size=(900, 700))))
    shoot(page, "desktop-answer")


def test_nothing_is_overwritten(tmp_path, onnxruntime_web) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputExistsError):
        build_page(read_bundle(MODEL), tmp_path, runtime=onnxruntime_web)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_a_network_in_8_bits_answers_nearly_as_in_python(tmp_path, browser, onnxruntime_web) -> None:
    """Its roundings depend on the processor and on ONNX Runtime's graph optimisation, in Python, too."""
    build_page(read_bundle(), tmp_path / "page", runtime=onnxruntime_web)
    model = smn.load(rectify=smn.Rectify.OFF, lookup=False)
    with serve(tmp_path / "page") as address, closing(browser.new_page(locale="en-GB")) as page:
        page.set_default_timeout(300_000)
        page.goto(f"{address}/")
        page.wait_for_selector("body[data-ready]")
        for name in ("impressionism", "cubism", "ukiyo-e"):
            data = encode(paint(name, size=(900, 700)), quality=88)
            expected, found = model.predict(data, top_k=5), ask(page, data, name)
            probabilities = {guess["movement"]: guess["probability"] for guess in found["predictions"]}
            for guess in expected.predictions[:2]:
                assert probabilities[guess.movement] == pytest.approx(guess.probability, abs=0.05), name
            check_words(page, found)


def test_the_command_takes_the_small_model_unless_it_is_told_another(tmp_path, onnxruntime_web) -> None:
    def export(*arguments: object):
        return CliRunner().invoke(main, ["export", *map(str, arguments), "--runtime", str(onnxruntime_web)])

    for arguments, name in (((), "fast"), (("default",), "default")):
        folder = tmp_path / name
        result = export(*arguments, "--browser", folder)
        assert result.exit_code == 0, result.output
        assert f"the page of {read_bundle(name).name}" in result.output
        assert (folder / "model.onnx").read_bytes() == read_bundle(name).model_file.read_bytes()
    refused = export("--browser", tmp_path / "page", "--embedding-of", "default")
    assert refused.exit_code != 0
    assert "only --runtime fits" in refused.output
