from pathlib import Path

import pytest
from PIL import Image

import smn
from smn.errors import OutputExistsError
from smn.examples import paint
from smn.story.timeline import draw_timeline, mark_prediction


def test_the_timeline_is_drawn_and_overwrites_nothing(tmp_path: Path) -> None:
    draw_timeline(tmp_path / "all.png")
    draw_timeline(tmp_path / "one.png", marked={"cubism": 0.7})
    with Image.open(tmp_path / "all.png") as everything, Image.open(tmp_path / "one.png") as one:
        assert everything.size == one.size
        # Pale bars: what is not marked has hardly any colour.
        assert one.convert("HSV").getchannel("S").resize((1, 1)).getpixel((0, 0)) < everything.convert(
            "HSV"
        ).getchannel("S").resize((1, 1)).getpixel((0, 0))
    with pytest.raises(OutputExistsError):
        draw_timeline(tmp_path / "all.png")


def test_a_label_of_several_movements_marks_each() -> None:
    model = smn.load(taxonomy="origin-8")
    answer = model.predict(paint("ukiyo-e", seed=0), top_k=8)
    marked = mark_prediction(answer, model.taxonomy)
    assert set(marked) == {movement for label in model.taxonomy.labels for movement in label.movements}
