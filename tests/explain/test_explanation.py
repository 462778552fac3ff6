import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import smn
from smn.bundle import Bundle
from smn.errors import BundleError, InputError, OutputExistsError, UnknownNameError
from smn.examples import paint
from smn.explain.explanation import (
    draw_explanation,
    enlarge_evidence,
    explain_analysis,
    explain_picture,
    overlay_evidence,
    weigh_evidence,
)
from smn.predict.prediction import RecognizedWork


@pytest.fixture(scope="module")
def model() -> smn.Model:
    return smn.load(rectify=smn.Rectify.OFF)


def test_evidence_is_what_sets_a_label_apart() -> None:
    evidence = np.zeros((3, 2, 2), dtype=np.float32)
    evidence[0, 0, 0] = 4.0  # for the first alone
    evidence[:, 1, 1] = 9.0  # for all of them alike
    found = weigh_evidence(evidence, np.array([0.5, 0.3, 0.2]), [0], temperature=2.0)
    # Of the first's logit, (1 - 0.5) / 2 of what stands at the upper left; at the lower right, nothing.
    np.testing.assert_allclose(found, np.array([[1.0, 0.0], [0.0, 0.0]]) - 0.25, atol=1e-6)
    assert abs(weigh_evidence(evidence, np.array([0.5, 0.3, 0.2]), [0, 1, 2], temperature=1.0)).max() < 1e-6


def test_evidence_is_the_gradient_of_the_log_probability() -> None:
    draw = np.random.default_rng(0)
    evidence = draw.normal(size=(5, 3, 3)).astype(np.float32)
    logits = evidence.astype(np.float64).mean((1, 2))

    def log_probability(values: np.ndarray) -> float:
        raised = np.exp(values / 1.5)
        return float(np.log(raised[[1, 4]].sum() / raised.sum()))

    raised = np.exp(logits / 1.5)
    found = weigh_evidence(evidence, raised / raised.sum(), [1, 4], temperature=1.5)
    step = 1e-4
    for row, column in ((0, 0), (2, 1)):
        # More of what that place says of every label, and less of what the picture says on average.
        change = evidence[:, row, column] - logits
        slope = (log_probability(logits + step * change) - log_probability(logits - step * change)) / (2 * step)
        assert found[row, column] == pytest.approx(slope, abs=1e-4)


def test_heat_covers_the_picture_and_leaves_it_its_size() -> None:
    image = Image.new("RGB", (90, 60), (120, 130, 140))
    evidence = np.array([[2.0, -1.0], [-1.0, -1.0]])
    heat = enlarge_evidence(evidence, image.size)
    assert heat.shape == (60, 90)
    assert heat.min() >= 0
    assert heat.max() <= 1
    assert heat[5, 5] > 0.9
    assert heat[-5:, -5:].max() == 0
    shown = np.asarray(overlay_evidence(image, evidence)).astype(int)
    assert shown.shape == (60, 90, 3)
    assert shown[5, 5, 0] > shown[5, 5, 2] + 60  # glows red
    assert shown[55, 85].sum() < 0.8 * 390  # dimmed
    np.testing.assert_array_equal(overlay_evidence(image, evidence, strength=0.0), image)
    with pytest.raises(InputError, match=r"strength is 1\.5; it must be between 0 and 1"):
        overlay_evidence(image, evidence, strength=1.5)


def test_a_picture_without_evidence_does_not_glow() -> None:
    image = Image.new("RGB", (20, 20), (200, 200, 200))
    assert np.asarray(overlay_evidence(image, np.zeros((7, 7)))).std() == 0


def test_an_analysis_is_explained(model: smn.Model) -> None:
    picture = paint("cubism", seed=1)
    analysis = model.analyze(picture, evidence=True)
    why = explain_analysis(analysis)
    answer = why.prediction
    assert answer == model.predict(picture)
    assert why.image is analysis.picture
    assert why.image.size == picture.size
    assert set(why.evidence) == set(model.taxonomy.label_ids)
    assert why.overlay().size == picture.size
    assert why.traits("cubism") == smn.get_movement("cubism").traits
    assert not np.array_equal(why.overlay(answer.predictions[0].movement), why.overlay(answer.predictions[1].movement))
    with pytest.raises(UnknownNameError, match=r"no label of taxonomy smn-25 'cubsm'\. Did you mean cubism"):
        why.overlay("cubsm")


def test_an_analysis_without_evidence_says_how_to_get_it(model: smn.Model) -> None:
    with pytest.raises(InputError, match=r"holds no evidence; make it with: model\.analyze\(picture, evidence=True\)"):
        explain_analysis(model.analyze(paint("cubism", seed=1)))


def test_evidence_adds_up_to_what_the_answer_hangs_on(model: smn.Model) -> None:
    """Blurring what speaks most for the answer costs it more than blurring what speaks least."""
    from smn.confidence.calibration import softmax

    lost = []
    for seed, movement in enumerate(("impressionism", "ukiyo-e", "romanticism", "cubism", "fauvism", "art-nouveau")):
        picture = paint(movement, seed=seed)
        why = explain_picture(model, picture)
        batch = model.bundle.preprocess.apply(picture)
        blurred = model.bundle.preprocess.apply(picture.resize((9, 9)).resize(picture.size))
        order = np.argsort(-why.evidence[why.movement].ravel())
        side, size = why.evidence[why.movement].shape[0], batch.shape[-1]
        cell = np.arange(size) * side // size
        rank = np.argsort(order).reshape(side, side)[cell][:, cell]
        label = model.bundle.taxonomy.label_ids.index(why.movement)
        told = [
            softmax(model.runtime.run(np.where(mask, blurred, batch)[None].astype(np.float32)).logits)[0, label]
            for mask in (rank < 12, rank >= rank.max() - 11)
        ]
        lost.append(told[1] - told[0])
    assert np.mean(lost) > 0


def test_other_taxonomies_are_explained_in_their_own_labels() -> None:
    why = explain_picture(smn.load(taxonomy="origin-8"), paint("impressionism", seed=0))
    assert "impressionism" in why.evidence
    assert set(why.evidence) <= set(smn.read_taxonomy("origin-8").label_ids)


def test_a_straightened_painting_is_what_is_shown() -> None:
    from camera import take_photograph

    photograph = take_photograph(paint("impressionism", seed=0), seed=3).image
    why = explain_picture(smn.load(rectify=smn.Rectify.ON), photograph)
    assert why.prediction.rectified is not None
    assert why.image.size != photograph.size


def test_a_network_that_cannot_tell_is_said(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="cannot show where it looks"):
        explain_picture(smn.load(tiny_bundle.folder), Image.new("RGB", (40, 40), (200, 10, 10)))


def test_the_palette_is_of_the_picture(model: smn.Model) -> None:
    halves = Image.new("RGB", (64, 64), (250, 20, 20))
    halves.paste((20, 20, 250), (0, 0, 64, 24))
    swatches = explain_picture(model, halves).palette
    assert [swatch.share for swatch in swatches[:2]] == [0.625, 0.375]
    assert [swatch.colour for swatch in swatches[:2]] == ["#FA1414", "#1414FA"]


def test_the_sheet_is_a_picture_and_overwrites_nothing(model: smn.Model, tmp_path) -> None:  # type: ignore[no-untyped-def]
    why = explain_picture(model, paint("ukiyo-e", seed=0))
    out = tmp_path / "new" / "why.png"
    draw_explanation(why, out, movement="cubism")
    with Image.open(io.BytesIO(out.read_bytes())) as drawn:
        assert drawn.format == "PNG"
        assert min(drawn.size) > 400
    with pytest.raises(OutputExistsError):
        draw_explanation(why, out)
    with Image.open(io.BytesIO(why._repr_png_())) as shown:
        assert shown.width == drawn.width  # its height is what its text needs
    assert repr(why).startswith("<smn.Explanation of 'a picture': ")
    assert "\n" not in repr(why)
    assert str(why.prediction) in repr(why)


def test_the_sheet_is_as_high_as_its_text_needs(model: smn.Model) -> None:
    why = explain_picture(model, paint("ukiyo-e", seed=0, size=(400, 260)))
    title = "The hollow of the deep-sea wave off Kanagawa, with three boats and Mount Fuji far behind them, " * 4
    work = RecognizedWork(title, "Katsushika Hokusai", 1831, "ukiyo-e", "WikiArt", None, None, None, 0.9, 0.95)
    known = replace(why, prediction=replace(why.prediction, work=work))
    heights = []
    for one in (why, known):
        with Image.open(io.BytesIO(one._repr_png_())) as shown:
            heights.append(shown.height)
    assert heights[1] > heights[0] + 100


def test_an_opened_jpeg_can_be_explained_after_it_was_closed(model: smn.Model) -> None:
    stream = io.BytesIO()
    paint("baroque", seed=1).save(stream, "JPEG")
    with Image.open(stream) as opened:
        analysis = model.analyze(opened, evidence=True)
    assert explain_analysis(analysis).image.size == explain_picture(model, stream.getvalue()).image.size
