"""What a text about a picture may say: nothing but this."""

from dataclasses import dataclass

from smn.errors import InputError
from smn.movements import get_movement
from smn.movements.reader import Taxonomy
from smn.predict.prediction import Outcome, Prediction

_SURE = ((0.75, "very sure"), (0.5, "fairly sure"), (0.0, "unsure"))


@dataclass(frozen=True)
class Facts:
    """What is known of a picture and its movement.

    Args:
        movement: id of the movement that the text is about.
        name: of the answer's label.
        sureness: how sure the model is, in words.
        years: first and last year of the movement's core.
        places: where it lived.
        traits: what a person can check.
        summary: two sentences.
        colours: of the picture, in words, commonest first; empty where they are not known.
    """

    movement: str
    name: str
    sureness: str
    years: tuple[int, int]
    places: tuple[str, ...]
    traits: tuple[str, ...]
    summary: str
    colours: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """The facts, one a line, as they are given to a language model. Nothing that a stranger wrote is among them."""
        told = [
            f"Movement: {self.name} ({self.sureness})",
            f"Years: {self.years[0]} to {self.years[1]}",
            f"Places: {', '.join(self.places)}",
            *(f"Look for: {trait}" for trait in self.traits),
        ]
        if self.colours:
            told.append(f"Colours of this picture: {', '.join(self.colours)}")
        return tuple(told)


def collect_facts(prediction: Prediction, taxonomy: Taxonomy, *, colours: tuple[str, ...] = ()) -> Facts:
    """The facts about an answer's best guess.

    The picture's path, title and metadata are left out on purpose: they are a stranger's words, and would be followed.

    Args:
        prediction: an answer, not an error.
        taxonomy: what was answered in.
        colours: hex colours of the picture, ``#RRGGBB``.

    Raises:
        InputError: the picture could not be read, or is not a painting.
    """
    if prediction.outcome in {Outcome.ERROR, Outcome.NOT_A_PAINTING}:
        raise InputError("There is no story about a picture that could not be read or is not a painting.")
    best = prediction.predictions[0]
    movement = get_movement(taxonomy.label(best.movement).movements[0])
    sureness = next(words for least, words in _SURE if best.probability >= least)
    if prediction.outcome is Outcome.UNSURE:
        sureness = "unsure"
    return Facts(
        movement=movement.id,
        name=best.label,
        sureness=sureness,
        years=(movement.start, movement.end),
        places=movement.places,
        traits=movement.traits,
        summary=movement.summary,
        colours=tuple(dict.fromkeys(name_colour(colour) for colour in colours)),
    )


_HUES = (
    (15, "red"), (40, "orange"), (66, "yellow"), (165, "green"), (200, "turquoise"), (255, "blue"), (290, "violet"),
    (335, "pink"), (361, "red"),
)  # fmt: skip


def name_colour(colour: str) -> str:
    """An everyday English name for ``#RRGGBB``, such as dark blue."""
    import colorsys

    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if lightness < 0.12:
        return "black"
    if lightness > 0.92:
        return "white"
    shade = "dark " if lightness < 0.32 else "light " if lightness > 0.7 else ""
    if saturation < 0.12:
        return f"{shade}grey"
    name = next(name for end, name in _HUES if hue * 360 < end)
    if name in {"orange", "red", "yellow"} and lightness < 0.45 and saturation < 0.75:
        return f"{shade}brown"
    return f"{shade}{name}"
