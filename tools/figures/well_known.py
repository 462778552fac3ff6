"""What models answer to works that everybody knows; figures.py runs it and places the table on the model card.

Works are looked for by title and artist in the sets `SETS`, in this order; those that none of them holds are listed.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

KEPT = Path(__file__).parents[2] / "docs" / "results" / "well-known.json"
SETS = ("large", "famous", "catalogue")

WORKS: Mapping[str, tuple[str, str]] = {
    "Sandro Botticelli, The Birth of Venus": (r"the birth of venus", "botticelli"),
    "Leonardo da Vinci, Mona Lisa": (r"mona lisa", "leonardo"),
    "Raphael, The School of Athens": (r".*school of athens", "raphael"),
    "Jan van Eyck, The Arnolfini Portrait": (r".*arnolfini and his wife|the arnolfini portrait", "eyck"),
    "Hieronymus Bosch, The Garden of Earthly Delights": (r"the garden of earthly delights", "bosch"),
    "Albrecht Dürer, Young Hare": (r"young hare", "d.rer"),
    "Johannes Vermeer, Girl with a Pearl Earring": (r"(the )?girl with a pearl earring", "vermeer"),
    "Rembrandt, The Night Watch": (r"(the )?night watch", "rembrandt"),
    "Diego Velázquez, Las Meninas": (r"las meninas", "vel.zquez"),
    "Jean-Honoré Fragonard, The Swing": (r"the swing( \d)?", "fragonard"),
    "Jacques-Louis David, Napoleon Crossing the Alps": (r"napoleon crossing the alps", "david"),
    "Francisco de Goya, The Third of May 1808": (r".*third of may 1808.*|.*shootings of may third.*", "goya"),
    "Eugène Delacroix, Liberty Leading the People": (r".*liberty leading the people.*", "delacroix"),
    "Caspar David Friedrich, Wanderer above the Sea of Fog": (r".*wanderer.* fog", "friedrich"),
    "Katsushika Hokusai, The Great Wave": (r".*great wave.*", "hokusai"),
    "Jean-François Millet, The Gleaners": (r".*gleaners.*", "millet"),
    "James McNeill Whistler, Whistler's Mother": (r"whistler's mother", "whistler"),
    "Édouard Manet, Luncheon on the Grass": (r"(the )?luncheon on the grass", "manet"),
    "Claude Monet, Impression, Sunrise": (r"impression,? sunrise", "mone"),
    "Claude Monet, Water Lilies": (r"water lilies", "monet"),
    "Auguste Renoir, Dance at Le Moulin de la Galette": (r".*moulin de la galette", "renoir"),
    "Vincent van Gogh, The Starry Night": (r"the starry night", "gogh"),
    "Vincent van Gogh, Café Terrace at Night": (r"caf. terrace at night", "gogh"),
    "Paul Cézanne, The Card Players": (r"the card players", "c.zanne"),
    "Georges Seurat, The Circus": (r"(the )?circus", "seurat"),
    "Henri Rousseau, The Sleeping Gypsy": (r"(the )?sleeping gypsy", "rousseau"),
    "Gustav Klimt, The Kiss": (r"the kiss", "klimt"),
    "Edvard Munch, The Scream": (r"the scream", "munch"),
    "Henri Matisse, The Dance": (r"(the )?dance", "matisse"),
    "Pablo Picasso, Guernica": (r"guernica", "picasso"),
    "Piet Mondrian, Composition II in Red, Blue, and Yellow": (r"composition ii in red.*", "mondrian"),
    "René Magritte, The Son of Man": (r"the son of man", "magritte"),
    "Edward Hopper, Nighthawks": (r"nighthawks.*", "hopper"),
    "Andy Warhol, Campbell's Soup Cans": (r"campbell.*soup.*", "warhol"),
}
"""How works are called, and regular expressions of their whole title and of a part of their artist's name."""

Row = Mapping[str, Any]


def find_works(sets: Mapping[str, Sequence[Row]]) -> tuple[list[dict[str, Any]], list[str]]:
    """The first row that shows each of `WORKS`, and the works that no set holds.

    Args:
        sets: rows with ``title artist movement accepted`` and others, by the set's name.
    """
    found, missing = [], []
    for work, (title, artist) in WORKS.items():
        rows = (
            {"work": work, "set": name, **row}
            for name, offered in sets.items()
            for row in offered
            if re.fullmatch(title, row["title"] or "", re.IGNORECASE)
            and re.search(artist, row["artist"] or "", re.IGNORECASE)
        )
        row = next(rows, None)
        found += [row] if row else []
        missing += [] if row else [work]
    return found, missing


def ask(data: Path, bundles: Mapping[str, str]) -> None:
    """Ask models about the works and keep their answers.

    Args:
        data: the folder of the manifests.
        bundles: folder by name, beside the models inside the package. What earlier models answered stays kept.
    """
    import smn
    from smn.bundle import list_models
    from smn.manifest import read_manifest

    manifests = {name: read_manifest(data / name) for name in SETS}
    columns = ("id", "title", "artist", "movement", "accepted")
    sets = {
        name: [
            dict(zip(("row", *columns), (at, *values), strict=True))
            for at, values in enumerate(zip(*(manifest.column(column) for column in columns), strict=True))
        ]
        for name, manifest in manifests.items()
    }
    found, missing = find_works(sets)
    models = []
    for name, folder in ({name: name for name in list_models()} | dict(bundles)).items():
        model = smn.load(folder)
        answers = [model.predict(manifests[one["set"]].picture(one["row"])) for one in found]
        models.append({"name": name, "model": model.name, "answers": [_tell(answer) for answer in answers]})
    works = [{"work": one["work"], "set": one["set"], "id": one["id"], "accepted": _accepted(one)} for one in found]
    before: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    if before.get("works") == works:
        known = {one["model"] for one in models}
        models += [one for one in before["models"] if one["model"] not in known]
    told = {"works": works, "missing": missing, "models": models}
    KEPT.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _accepted(row: Row) -> list[str]:
    """Ids of the movements that are right for a row: the accepted ones, else its own."""
    from smn.movements import get_movement

    names = str(row["accepted"] or row["movement"] or "").split("|")
    return [get_movement(name).id for name in names if name]


def _tell(answer: Any) -> dict[str, Any]:
    return {
        "outcome": str(answer.outcome),
        "family": answer.family,
        "guesses": [[guess.movement, guess.probability] for guess in answer.predictions],
    }


def _table() -> str:
    """Every work with its accepted movements and each model's answer; what is accepted is set in bold."""
    if not KEPT.exists():
        return ""
    from smn.movements import get_movement

    told = json.loads(KEPT.read_text(encoding="utf-8"))
    models, works = told["models"], told["works"]
    lines = [f"| work | handbooks | {' | '.join(model['model'] for model in models)} |"]
    lines.append("| --- | --- |" + " --- |" * len(models))
    for at, work in enumerate(works):
        cells = [_cell(model["answers"][at], work["accepted"]) for model in models]
        names = ", ".join(get_movement(name).name for name in work["accepted"]) or "–"
        lines.append(f"| {work['work']} | {names} | {' | '.join(cells)} |")
    lines += ["", *(_count(model, works) for model in models)]
    if told["missing"]:
        lines += ["", f"Looked for and in none of the sets: {'; '.join(told['missing'])}."]
    return "\n".join(lines)


def _cell(answer: Row, accepted: Sequence[str]) -> str:
    from smn.movements import get_family, get_movement

    if answer["outcome"] == "not_a_painting":
        return "not a painting"
    guesses = [f"{get_movement(name).name} {100 * share:.0f} %" for name, share in answer["guesses"]]
    marked = [
        f"**{said}**" if name in accepted else said for said, (name, _) in zip(guesses, answer["guesses"], strict=True)
    ]
    if answer["outcome"] == "movement":
        return marked[0] + (f" (then {', '.join(marked[1:])})" if len(marked) > 1 else "")
    family = f"some kind of {get_family(answer['family']).name}; " if answer["family"] else ""
    return f"unsure: {family}{', '.join(marked)}"


def _count(model: Row, works: Sequence[Row]) -> str:
    """How many works a model names, and how many of these and of its guesses are accepted."""
    told = [(one, work["accepted"]) for one, work in zip(model["answers"], works, strict=True) if work["accepted"]]
    right = [[name in accepted for name, _ in one["guesses"]] for one, accepted in told]
    named = [hits[0] for (one, _), hits in zip(told, right, strict=True) if one["outcome"] == "movement"]
    return (
        f"{model['model']}: of {len(told)} works with known movements it names {len(named)}, {sum(named)} of them "
        f"rightly; its first guess is accepted for {sum(hits[0] for hits in right)}, one of three for "
        f"{sum(map(any, right))}."
    )


TABLES: Mapping[str, Callable[[], str]] = {"well-known": _table}
