"""Reading ladders: the package's own, and everything that can be wrong with one."""

from pathlib import Path

import pytest

from smn.errors import LadderError
from smn.experiments.ladder.ladder_file import read_ladder


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_ladder_of_the_package_climbs_from_colour_to_fine_tuning() -> None:
    rungs = read_ladder().rungs
    kinds = [rung.recipe.model.kind for rung in rungs]
    assert len(rungs) == 13
    assert kinds == ["colour"] * 3 + ["cnn"] * 6 + ["vgg16"] * 2 + ["statistics"] * 2


@pytest.mark.parametrize("name", ["cnn-small", "cnn-deep", "cnn-regularised"])
def test_networks_from_scratch_stand_with_and_without_augmentation(name: str) -> None:
    rungs = {rung.name: rung.recipe for rung in read_ladder().rungs}
    with_it, without = rungs[name], rungs[f"{name}-plain"]
    assert with_it.augment.on
    assert not without.augment.on
    assert without.with_settings({"augment.on": True}) == with_it


def test_weights_are_given_by_the_rungs_name() -> None:
    rungs = {rung.name: rung.recipe for rung in read_ladder(weights={"vgg16-frozen": "mine.safetensors"}).rungs}
    assert rungs["vgg16-frozen"].to_dict()["model"]["weights"] == "mine.safetensors"
    assert rungs["vgg16-unfrozen"].to_dict()["model"]["weights"] == "timm"


def test_every_mistake_is_reported_at_once(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        """
        known = 2.0
        colour = "red"
        [[rungs]]
        name = "one"
        recipe = "cnn-small"
        set = { "model.kernel" = 4, "finetune.epochs" = -1 }
        [[rungs]]
        name = "two"
        recipe = "cnn-smal"
        [[rungs]]
        name = "Three!"
        recipe = "cnn-small"
        [[rungs]]
        name = "four"
        recipe = "cnn-small"
        sett = {}
        [[rungs]]
        name = "four"
        recipe = "cnn-small"
        """,
    )
    with pytest.raises(LadderError) as caught:
        read_ladder(file, weights={"five": "w.pt"})
    text = str(caught.value)
    assert len(caught.value.problems) == 8
    for part in (
        "known is 2.0; it must be a share above 0 and at most 0.5.",
        "colour is unknown; allowed are name, description, known, rungs.",
        "model.kernel is 4; it must be odd",
        "finetune.epochs is -1",
        "'cnn-smal'. Did you mean",
        "rung 3: name is 'Three!'; it must be",
        "rung 4: sett is unknown",
        "rung 5 is called four like one before it; give it another name.",
        "There is no rung five to give weights to.",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name = ", "It is not valid TOML"),
        ('name = "x"', "It has no [[rungs]]; list one recipe at least."),
        ("rungs = [1]", "rung 1 is 1; it must be a table [[rungs]]."),
        ('rungs = [{name = "a", recipe = "cnn-small", set = 3}]', "rung a: set is 3; it must be a table"),
    ],
)
def test_a_file_that_is_no_ladder_says_so(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(LadderError) as caught:
        read_ladder(write(tmp_path, text))
    assert sentence in str(caught.value)


def test_a_missing_file_is_said_to_be_missing() -> None:
    with pytest.raises(LadderError, match=r"There is no file nowhere\.toml; check the path\."):
        read_ladder("nowhere.toml")
