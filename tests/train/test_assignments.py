"""Settings as a command line gives them."""

from typing import Any

import pytest

from smn.train.assignments import read_assignments


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("finetune.epochs=4", "finetune.epochs", 4),
        ("head.learning_rate = 3e-4", "head.learning_rate", 3e-4),
        ("augment.on=false", "augment.on", False),
        ("model.widths=[8, 16]", "model.widths", [8, 16]),
        ('model.pooling="avg"', "model.pooling", "avg"),
        ("finetune.sampling=class-aware", "finetune.sampling", "class-aware"),
        ("model.name=vit_small_patch14_dinov2.lvd142m", "model.name", "vit_small_patch14_dinov2.lvd142m"),
        ("model.weights=/a/b=c.pth", "model.weights", "/a/b=c.pth"),
        ("description='Mine.'", "description", "Mine."),
    ],
)
def test_values_are_toml_and_words_need_no_marks(text: str, name: str, value: Any) -> None:
    assert read_assignments([text]) == ({name: value}, [])


def test_the_last_of_two_counts() -> None:
    assert read_assignments(["seed=1", "seed=2"]) == ({"seed": 2}, [])
    assert read_assignments([]) == ({}, [])


def test_all_that_is_no_setting_is_said() -> None:
    found, problems = read_assignments(["epochs", "=3", "model.widths=[8,", 'name="a', "seed=", "seed=7"])
    assert found == {"seed": 7}
    assert len(problems) == 5
    assert "--set epochs is no setting; write it as section.key=value, such as finetune.epochs=4." in problems
    assert sum("has no value that is valid TOML" in problem for problem in problems) == 3
