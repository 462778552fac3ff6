import asyncio
import io
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from awkward_files import upright_with
from smn.bundle import Bundle
from smn.bundle.runtime import Outputs
from smn.confidence.answer_policy import Thresholds
from smn.errors import (
    BundleError,
    FetchError,
    ImageError,
    ImageTooLargeError,
    InputError,
    TaxonomyError,
    UnknownNameError,
)
from smn.images import Limits, safe_fetch
from smn.images.rectify import Rectify
from smn.predict import Model, Outcome, Prediction, load

BundleMaker = Callable[..., Bundle]
Painter = Callable[..., Path]
RED, GREEN, BLUE, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128)


@pytest.fixture
def model(tiny_bundle: Bundle) -> Model:
    return Model(tiny_bundle, threads=1)


@pytest.mark.parametrize(
    ("colour", "movement", "family"),
    [
        (RED, "fauvism", "expressionist"),
        (BLUE, "impressionism", "impressionist"),
        (GREEN, "realism", "romantic-realist"),
    ],
)
def test_a_picture_gets_its_movement(
    model: Model, paint_file: Painter, colour: tuple[int, int, int], movement: str, family: str
) -> None:
    file = paint_file("a.png", colour)
    answer = model.predict(file)
    assert answer.path == str(file)
    assert (answer.outcome, answer.movement) == (Outcome.MOVEMENT, movement)
    assert answer.predictions[0].movement == movement
    assert answer.families[0].family == family
    assert answer.is_painting is True
    assert answer.model == "tiny-1"
    assert answer.error is None


def test_probabilities_are_sorted_and_families_sum_to_one(model: Model, paint_file: Painter) -> None:
    answer = model.predict(paint_file("a.png", (200, 120, 40)), top_k=25)
    probabilities = [guess.probability for guess in answer.predictions]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=0.01)
    shares = [family.probability for family in answer.families]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=0.01)
    assert answer.confidence == probabilities[0]


def test_probabilities_are_the_calibrated_softmax(model: Model, paint_file: Painter) -> None:
    # Red is (1, -1, -1): the logits are 3, -1 and -1 for the three that the tiny model tells, -6 for the other 22.
    raised = np.exp(np.array([3, -1, -1] + [-6] * 22) / 0.5)
    answer = model.predict(paint_file("a.png", RED))
    assert answer.confidence == pytest.approx(raised[0] / raised.sum(), abs=1e-4)


@pytest.mark.parametrize("top_k", [1, 2, 25])
def test_top_k_is_how_many_guesses_are_listed(model: Model, paint_file: Painter, top_k: int) -> None:
    answer = model.predict(paint_file("a.png", RED), top_k=top_k)
    assert len(answer.predictions) == top_k
    assert len(answer.families) == len({label.family for label in model.taxonomy.labels})


def test_more_guesses_than_labels_list_every_label(model: Model, paint_file: Painter) -> None:
    assert len(model.predict(paint_file("a.png", RED), top_k=1000).predictions) == 25


def test_top_k_below_one_is_refused(model: Model, paint_file: Painter) -> None:
    with pytest.raises(InputError, match="top_k is 0; it must be a whole number, 1 or more"):
        model.predict(paint_file("a.png", RED), top_k=0)


def test_thresholds_decide_the_outcome(make_tiny_bundle: BundleMaker, paint_file: Painter) -> None:
    model = Model(make_tiny_bundle(thresholds=Thresholds(confidence=0.6, painting=0.5)), threads=1)
    between = model.predict(paint_file("between.png", (255, 0, 255)))
    assert (between.outcome, between.movement, between.is_painting) == (Outcome.UNSURE, None, True)
    assert {guess.movement for guess in between.predictions[:2]} == {"fauvism", "impressionism"}
    assert between.confidence == pytest.approx(0.5, abs=0.01)
    grey = model.predict(paint_file("grey.png", GREY))
    assert (grey.outcome, grey.movement, grey.is_painting) == (Outcome.NOT_A_PAINTING, None, False)
    assert grey.painting_score == pytest.approx(1 / (1 + np.exp(4)), abs=0.02)
    assert len(grey.predictions) == 3


def test_a_score_on_its_threshold_passes(make_tiny_bundle: BundleMaker, tmp_path: Path, paint_file: Painter) -> None:
    file = paint_file("a.png", RED)
    confidence = Model(make_tiny_bundle(tmp_path / "first")).predict(file).confidence
    exact = make_tiny_bundle(tmp_path / "second", thresholds=Thresholds(confidence=confidence, painting=1.0))
    assert Model(exact).predict(file).outcome is Outcome.MOVEMENT


def test_bytes_paths_and_opened_pictures_get_the_same_answer(model: Model, paint_file: Painter) -> None:
    file = paint_file("a.png", (220, 60, 90))
    answers = [model.predict(given) for given in (file, str(file), file.read_bytes(), Image.open(file))]
    assert len({replace(answer, path=None) for answer in answers}) == 1
    assert [answer.path for answer in answers] == [str(file), str(file), None, None]


def test_an_opened_picture_is_preprocessed_as_its_file_is(model: Model) -> None:
    see_through = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    stream = io.BytesIO()
    see_through.save(stream, "PNG")
    np.testing.assert_array_equal(model.preprocess(see_through)[0], model.preprocess(stream.getvalue())[0])
    np.testing.assert_array_equal(model.preprocess(see_through)[0], 1.0)
    turned = upright_with(6)
    np.testing.assert_array_equal(model.preprocess(Image.open(io.BytesIO(turned)))[0], model.preprocess(turned)[0])
    np.testing.assert_array_equal(model.preprocess(turned)[0], model.preprocess(upright_with(1))[0])


def test_a_big_jpeg_is_prepared_alike_from_path_bytes_and_opened_picture(model: Model, tmp_path: Path) -> None:
    side = 6 * model.bundle.preprocess.size
    file = tmp_path / "big.jpg"
    Image.effect_noise((side + 40, side), 80).save(file, "JPEG")
    expected = model.preprocess(file)[0]
    with Image.open(file) as opened:
        for _ in range(2):  # asking changes nothing about the picture
            np.testing.assert_array_equal(model.preprocess(opened)[0], expected)
        assert replace(model.predict(opened), path=str(file)) == model.predict(file)
        assert opened.size == (side + 40, side)
        # From all its pixels it is another picture, which is what makes this test worth having.
        opened.load()
        assert not np.array_equal(model.preprocess(opened)[0], expected)


def test_a_batch_answers_as_its_pictures_one_by_one(model: Model, paint_file: Painter) -> None:
    files = [paint_file(f"{name}.png", colour) for name, colour in (("r", RED), ("g", GREEN), ("b", BLUE))]
    batch = np.stack([model.preprocess(file)[0] for file in files])
    assert model.predict_batch(batch, [str(file) for file in files]) == tuple(model.predict(file) for file in files)


def test_an_unreadable_picture_is_an_image_error(model: Model, tmp_path: Path) -> None:
    for given in (b"", b"no picture", tmp_path / "missing.jpg", Image.new("RGB", (2, 2))):
        with pytest.raises(ImageError):
            model.predict(given)


def test_limits_hold_for_every_kind_of_input(tiny_bundle: Bundle, paint_file: Painter) -> None:
    model, file = load(tiny_bundle.folder, limits=Limits(max_pixels=1000), threads=1), paint_file("a.png", RED)
    with Image.open(file) as opened:
        for given in (file, file.read_bytes(), opened):
            with pytest.raises(ImageTooLargeError):
                model.predict(given)


def test_answers_in_another_taxonomy(tiny_bundle: Bundle, paint_file: Painter) -> None:
    model = load(tiny_bundle.folder, taxonomy="origin-8", threads=1)
    assert model.taxonomy.id == "origin-8"
    blue = model.predict(paint_file("blue.png", BLUE), top_k=8)
    assert blue.movement == "impressionism"
    assert {guess.movement for guess in blue.predictions} == set(model.taxonomy.label_ids)
    # Fauvism is none of the eight: what is left, however little, is shared out.
    red = model.predict(paint_file("red.png", RED), top_k=8)
    assert sum(guess.probability for guess in red.predictions) == pytest.approx(1, abs=0.01)


def test_answers_in_a_taxonomy_of_ones_own(tiny_bundle: Bundle, paint_file: Painter, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(
        'id = "mine"\nname = "Mine"\ndescription = "Two piles."\nlabel = [{ id = "realism" }, '
        '{ id = "bright", name = "Bright", family = "expressionist", movements = ["fauvism", "impressionism"] }]',
        encoding="utf-8",
    )
    answer = load(tiny_bundle.folder, taxonomy=file, threads=1).predict(paint_file("a.png", BLUE))
    assert (answer.movement, answer.predictions[0].label) == ("bright", "Bright")
    assert [family.family for family in answer.families] == ["expressionist", "romantic-realist"]


def test_a_taxonomy_that_cannot_be_answered_in_fails_at_once(tiny_bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="origin-9"):
        load(tiny_bundle.folder, taxonomy="origin-9")
    file = tmp_path / "icons.toml"
    file.write_text(
        'id = "icons"\nname = "I"\ndescription = "D"\nlabel = [{ id = "byzantine" }, { id = "dada" }]', encoding="utf-8"
    )
    with pytest.raises(TaxonomyError, match="shares no movement with icons"):
        load(tiny_bundle.folder, taxonomy=file)


def test_the_bundles_own_taxonomy_names_the_answers(tiny_bundle: Bundle, paint_file: Painter) -> None:
    # The same network whose labels stand in another order, under a preset's id: the bundle's own order holds.
    labels = tiny_bundle.taxonomy.labels[::-1]
    model = Model(replace(tiny_bundle, taxonomy=replace(tiny_bundle.taxonomy, labels=labels)), threads=1)
    place = tiny_bundle.labels.index("fauvism")
    assert model.predict(paint_file("a.png", RED)).movement == labels[place].id != "fauvism"
    assert (
        load(tiny_bundle.folder, taxonomy="smn-25", threads=1).predict(paint_file("a.png", RED)).movement == "fauvism"
    )


def test_several_threads_get_the_same_answers(model: Model, paint_file: Painter) -> None:
    files = [paint_file(f"{name}.png", colour) for name, colour in (("r", RED), ("g", GREEN), ("b", BLUE))]
    expected = [model.predict(file) for file in files]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(model.predict, files * 20)) == expected * 20


def test_an_answer_among_labels_that_the_model_hardly_believes_in_is_unsure(
    make_tiny_bundle: BundleMaker, tmp_path: Path
) -> None:
    bundle = make_tiny_bundle(tmp_path / "b")
    own = tmp_path / "two.toml"
    own.write_text(
        'id = "two"\nname = "Two"\ndescription = "Without Fauvism."\nlabel = [{id = "realism"}, {id = "cubism"}]\n'
    )
    red = Image.new("RGB", (40, 40), (255, 0, 0))
    assert Model(bundle).predict(red).movement == "fauvism"
    answer = Model(bundle, taxonomy=own).predict(red)
    assert answer.outcome is Outcome.UNSURE
    assert answer.confidence == answer.predictions[0].probability
    assert answer.confidence >= bundle.thresholds.confidence


def test_an_analysis_holds_what_the_answer_was_made_of(model: Model, paint_file: Painter) -> None:
    file = paint_file("a.png", BLUE)
    analysis = model.analyze(file, top_k=2)
    assert analysis.prediction == model.predict(file, top_k=2)
    assert analysis.logits.shape == (25,)
    np.testing.assert_allclose(analysis.embedding, [-1, -1, 1], atol=1e-6)
    assert analysis.evidence is None
    assert (analysis.found, analysis.model) == (None, model)
    file.unlink()  # what was read once is not read again
    assert analysis.picture.size == analysis.upright.size == (40, 30)
    assert analysis.picture.getpixel((0, 0)) == BLUE


def test_an_analysis_of_a_photograph_shows_the_painting_and_the_whole() -> None:
    from camera import take_photograph
    from smn.examples import paint

    photograph = take_photograph(paint("impressionism", seed=0), seed=3).image
    analysis = load(rectify=Rectify.ON).analyze(photograph, evidence=True)
    assert analysis.found is not None
    assert analysis.evidence is not None
    assert max(analysis.upright.size) == 1024
    assert analysis.picture.size != analysis.upright.size
    assert analysis.prediction.rectified is not None


def test_evidence_of_a_network_that_does_not_tell_is_refused(model: Model, paint_file: Painter) -> None:
    with pytest.raises(BundleError, match="cannot show where it looks"):
        model.analyze(paint_file("a.png", RED), evidence=True)


def test_a_variant_answers_otherwise_with_the_same_network(model: Model, paint_file: Painter) -> None:
    other = model.variant(taxonomy="origin-8", rectify=Rectify.OFF)
    assert other.runtime is model.runtime
    assert (other.taxonomy.id, other.rectify) == ("origin-8", Rectify.OFF)
    assert (model.taxonomy.id, model.rectify) == ("smn-25", Rectify.AUTO)
    file = paint_file("a.png", BLUE)
    assert other.predict(file) == Model(model.bundle, taxonomy="origin-8", rectify=Rectify.OFF).predict(file)
    assert model.variant().predict(file) == model.predict(file)
    with pytest.raises(UnknownNameError, match="origin-9"):
        model.variant(taxonomy="origin-9")
    with pytest.raises(InputError, match="exported without what precision needs"):
        model.variant(precision=0.9)


def test_what_is_no_painting_is_told_by_the_judge_that_doubts_it_most(model: Model) -> None:
    groups = ("photograph", "page", "drawing")
    knowing = Model(replace(model.bundle, groups=groups), threads=1)
    judges = np.array([[9, -9, 9], [9, 9, -9], [8, 9, 9]], dtype=np.float32)
    outputs = Outputs(np.zeros((3, 25), np.float32), judges.min(axis=1), np.zeros((3, 3), np.float32), judges=judges)
    told = knowing.to_predictions(outputs, [None] * 3)
    assert [one.looks_like for one in told] == ["page", "drawing", None]
    assert [one.is_painting for one in told] == [False, False, True]
    assert [one.looks_like for one in model.to_predictions(outputs, [None] * 3)] == [None] * 3


def test_everything_that_holds_a_picture_gets_the_same_answer(model: Model, paint_file: Painter) -> None:
    file = paint_file("a.png", (220, 60, 90))
    data, array = file.read_bytes(), np.asarray(Image.open(file).convert("RGB"))
    stream = io.BytesIO(data)
    stream.seek(0, io.SEEK_END)  # as a stream is left by who wrote it
    with file.open("rb") as opened:
        answers = [model.predict(given) for given in (file, data, bytearray(data), array, stream, opened)]
    assert len({replace(answer, path=None) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((40, 40), np.uint8), r"from ndarray of shape \(40, 40\) and type uint8; give .*\(height, width, 3\)"),
        (np.zeros((40, 40, 3), np.float32), r"shape \(40, 40, 3\) and type float32"),
        (np.zeros((40, 40, 4), np.uint8), r"shape \(40, 40, 4\)"),
        (np.zeros((2, 40, 40, 3), np.uint8), r"shape \(2, 40, 40, 3\)"),
        (np.zeros((0, 0, 3), np.uint8), "0 x 0 pixels"),
        (7, "from int; give a path"),
        (["a.jpg"], "from list; give a path"),
        (None, "from NoneType; give a path"),
        (io.StringIO("a"), "gives str, not bytes; open the file with mode 'rb'"),
    ],
)  # fmt: skip
def test_what_holds_no_picture_is_refused_with_what_does(model: Model, given: object, said: str) -> None:
    with pytest.raises(ImageError, match=said):
        model.predict(given)  # type: ignore[arg-type]


def test_a_closed_file_object_is_said(model: Model, paint_file: Painter) -> None:
    opened = paint_file("a.png", RED).open("rb")
    opened.close()
    with pytest.raises(ImageError, match=r"The file object cannot be read .*; open it anew"):
        model.predict(opened)


def test_an_address_is_fetched_with_the_guard(
    model: Model, paint_file: Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = paint_file("a.png", RED)
    handler = partial(SimpleHTTPRequestHandler, directory=str(file.parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/a.png"
    try:
        with pytest.raises(FetchError, match="Only servers on the public internet"):
            model.predict(address)
        # The guard is tested in test_safe_fetch; here a server on this machine passes for a public one.
        target = safe_fetch.Target("http", "127.0.0.1", server.server_port, "127.0.0.1", "/a.png")
        monkeypatch.setattr(safe_fetch, "check_address", lambda *_, **__: target)
        assert model.predict(address) == replace(model.predict(file), path=address)

        async def within_an_event_loop() -> Prediction:
            return model.predict(address)

        assert asyncio.run(within_an_event_loop()).path == address
        with pytest.raises(FetchError, match="holds more than 10 bytes"):
            Model(model.bundle, limits=Limits(max_bytes=10)).predict(address)
    finally:
        server.shutdown()
        server.server_close()


def test_many_are_answered_in_order_and_a_bad_one_costs_itself_only(model: Model, paint_file: Painter) -> None:
    red, blue = paint_file("red.png", RED), paint_file("blue.png", BLUE)
    given = (one for one in (red, b"no picture", np.full((40, 40, 3), BLUE, np.uint8), "http://127.0.0.1/a", 7, blue))
    answers = list(model.predict_many(given, top_k=1, batch_size=2))  # type: ignore[arg-type]
    assert [answer.movement for answer in answers] == ["fauvism", None, "impressionism", None, None, "impressionism"]
    assert [answer.path for answer in answers] == [str(red), None, None, "http://127.0.0.1/a", None, str(blue)]
    assert [bool(answer.error) for answer in answers] == [False, True, False, True, True, False]


def test_a_folder_is_answered_and_shows_progress(
    model: Model, paint_file: Painter, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [paint_file("a.png", RED), paint_file("b.png", BLUE)]
    (files[0].parent / "notes.txt").write_text("no picture")
    answers = list(model.predict_many(files[0].parent, progress=True))
    assert [answer.path for answer in answers] == [str(file) for file in files]
    shown = capsys.readouterr()
    assert "pictures" in shown.err
    assert not shown.out


@pytest.mark.parametrize("options", [{"top_k": 0}, {"batch_size": 0}, {"coverage": 0.9}])
def test_wrong_options_are_said_before_the_first_picture(model: Model, options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        model.predict_many([], **options)  # type: ignore[arg-type]


def test_a_model_and_an_analysis_are_shown_on_one_line(model: Model, paint_file: Painter) -> None:
    assert repr(model) == "<smn.Model tiny-1: 25 movements, taxonomy smn-25>"
    file = paint_file("a.png", RED)
    analysis = model.analyze(file)
    assert repr(analysis) == f"<smn.Analysis of {str(file)!r}: {analysis.prediction}>"
    assert "data:image/jpeg;base64," in analysis._repr_html_()
    assert "Fauvism" in analysis._repr_html_()
