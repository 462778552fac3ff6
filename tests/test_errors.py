import inspect
import re
from pathlib import Path

import pytest

from smn import errors
from smn.errors import (
    FetchError,
    ImageError,
    ImageTooLargeError,
    InputError,
    LeakageError,
    MissingExtraError,
    OutputExistsError,
    RecipeError,
    SmnError,
    UnknownNameError,
)

CLASSES = {name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == "smn.errors"}


def drawn_tree() -> dict[str, str]:
    """Every class in the docstring's drawing, with its parent."""
    parents, above = {}, {-1: "Exception"}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"^([│├└─ ]*)(\w+Error)\b", line)
        if found:
            depth = len(found[1]) // 4
            parents[found[2]] = above[depth - 1]
            above[depth] = found[2]
    return parents


def test_the_docstring_draws_the_tree_that_there_is() -> None:
    tree = drawn_tree()
    assert tree == {name: kind.__base__.__name__ for name, kind in CLASSES.items()}
    assert len(tree) == 23


def test_everything_raised_on_purpose_is_an_smn_error() -> None:
    assert all(issubclass(kind, SmnError) for kind in CLASSES.values())
    assert not issubclass(SmnError, ValueError)


def test_an_unknown_name_suggests_near_ones_and_lists_the_allowed() -> None:
    error = UnknownNameError("movement", "Impresionism", ["impressionism", "cubism"])
    assert str(error) == (
        "There is no movement 'Impresionism'. Did you mean impressionism? Choose one of: impressionism, cubism."
    )
    assert (error.kind, error.value, error.allowed) == ("movement", "Impresionism", ("impressionism", "cubism"))


def test_a_name_that_resembles_nothing_gets_no_suggestion() -> None:
    assert "Did you mean" not in str(UnknownNameError("movement", "zzz", ["impressionism"]))


def test_an_image_error_carries_its_reason_and_place() -> None:
    error = ImageTooLargeError("It is too large; save it smaller.", path=Path("a.jpg"))
    assert isinstance(error, ImageError)
    assert isinstance(error, InputError)
    assert (error.reason, error.path) == ("It is too large; save it smaller.", Path("a.jpg"))
    assert str(error) == "a.jpg: It is too large; save it smaller."
    assert str(ImageError("It is empty.")) == "It is empty."


def test_a_recipe_error_lists_every_problem() -> None:
    error = RecipeError("mine.toml", ["seed is missing.", "size is 0."])
    assert error.problems == ("seed is missing.", "size is 0.")
    assert str(error) == "Recipe mine.toml cannot be used: seed is missing. size is 0."


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        (OutputExistsError(Path("out.csv")), "choose another name or move it away"),
        (MissingExtraError("train", "torch"), '[train]"'),
    ],
)
def test_the_sentence_says_what_to_do(error: SmnError, fix: str) -> None:
    assert fix in str(error)


def test_errors_carry_their_evidence() -> None:
    assert OutputExistsError(Path("out.csv")).path == Path("out.csv")
    missing = MissingExtraError("train", "torch")
    assert (missing.extra, missing.package) == ("train", "torch")
    assert LeakageError("The same artist twice.", evidence=["Monet"]).evidence == ["Monet"]
    unreachable = FetchError("It answers 404; check the address.", address="museum.example/1", status=404)
    assert (unreachable.reason, unreachable.address, unreachable.status) == (
        "It answers 404; check the address.", "museum.example/1", 404,
    )  # fmt: skip
    assert str(unreachable) == "museum.example/1: It answers 404; check the address."
