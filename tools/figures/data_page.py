"""The tables of docs/data-card.md, from counted manifests; figures.py fills them in."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "results" / "data"

_SETS = ("pool", "pool-2", "pools", "famous", "large", "not-paintings")
_LEARNED = ("pool-distinct", "everything")
"""What the default model in the package has learned from, as counted when it was trained; `count` leaves them alone."""

Facts = Mapping[str, Any]


def count(data: Path) -> None:
    """Count the manifests below a folder and keep the counts."""
    from smn.manifest import read_manifest

    KEPT.mkdir(parents=True, exist_ok=True)
    kept = {name: one for name, one in _facts().items() if name in _LEARNED}
    facts = {name: _count(read_manifest(data / name)) for name in _SETS} | kept
    (KEPT / "facts.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _count(manifest: Any) -> dict[str, Any]:
    names = ("movement", "artist", "source", "label_kind", "split", "year")
    rows = list(zip(*(manifest.column(name) for name in names), strict=True))
    sources, movements = ({row[at] or "–" for row in rows} for at in (2, 0))
    return {
        "sha256": manifest.data_hash(),
        "rows": len(rows),
        "artists": _artists(rows),
        "splits": dict(Counter(row[4] or "none" for row in rows)),
        "label_kinds": dict(Counter(row[3] or "–" for row in rows).most_common()),
        "centuries": dict(sorted(Counter(_century(row[5]) for row in rows).items())),
        "sources": {name: _part(rows, 2, name) for name in sorted(sources)},
        "movements": {name: _part(rows, 0, name) for name in sorted(movements)},
    }


def _part(rows: list[tuple[Any, ...]], column: int, value: str) -> dict[str, Any]:
    """What is known of the rows that have a value in a column."""
    part = [row for row in rows if (row[column] or "–") == value]
    source, largest = Counter(row[2] or "–" for row in part).most_common(1)[0]
    return {
        "rows": len(part),
        "artists": _artists(part),
        "largest_source": source,
        "largest_share": round(largest / len(part), 4),
        "by_work": sum(row[3] in ("work", "wikidata-work") for row in part),
        "splits": dict(Counter(row[4] or "none" for row in part)),
    }


def _artists(rows: Iterable[tuple[Any, ...]]) -> int:
    from smn.manifest.identity import artist_key

    return len({artist_key(row[1]) for row in rows} - {None})


def _century(year: int | None) -> str:
    return "unknown" if year is None else f"{(year - 1) // 100 + 1:02}"


def _facts() -> Facts:
    facts: Facts = json.loads((KEPT / "facts.json").read_text(encoding="utf-8"))
    return facts


def _sets() -> str:
    """Every set: rows, artists, splits, how labels are known."""
    lines = ["| set | pictures | artists | train / val / test / none | labelled per work, WikiArt apart | data hash |"]
    lines.append("| --- | ---: | ---: | --- | ---: | --- |")
    for name, one in _facts().items():
        splits = " / ".join(str(one["splits"].get(split, 0)) for split in ("train", "val", "test", "none"))
        by_work = sum(part["by_work"] for part in one["movements"].values())
        lines.append(f"| {name} | {one['rows']} | {one['artists']} | {splits} | {by_work} | `{one['sha256'][:16]}` |")
    return "\n".join(lines)


def _sources() -> str:
    """The sources of the pool and of famous."""
    lines = [
        "| set | source | pictures | artists | labelled per work, WikiArt apart |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name in ("everything", "famous"):
        for source, part in sorted(_facts()[name]["sources"].items(), key=lambda item: -item[1]["rows"]):
            lines.append(f"| {name} | {source} | {part['rows']} | {part['artists']} | {part['by_work']} |")
    return "\n".join(lines)


def _movements() -> str:
    """The movements, with the source that most of each comes from."""
    lines = [
        "| movement | pictures | artists | of which in train | mostly from |",
        "| --- | ---: | ---: | ---: | --- |",
    ]
    parts = _facts()["everything"]["movements"]
    for movement, part in sorted(parts.items(), key=lambda item: -item[1]["rows"]):
        mostly = f"{part['largest_source']} ({100 * part['largest_share']:.0f} %)"
        lines.append(
            f"| {movement} | {part['rows']} | {part['artists']} | {part['splits'].get('train', 0)} | {mostly} |"
        )
    return "\n".join(lines)


def _centuries() -> str:
    """When the pictures were painted."""
    facts = {name: _facts()[name]["centuries"] for name in ("everything", "famous")}
    centuries = sorted({century for one in facts.values() for century in one})
    lines = [f"| set | {' | '.join(centuries)} |", "| --- |" + " ---: |" * len(centuries)]
    lines += [
        f"| {name} | {' | '.join(str(one.get(century, 0)) for century in centuries)} |" for name, one in facts.items()
    ]
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {
    "data-sets": _sets,
    "data-sources": _sources,
    "data-movements": _movements,
    "data-centuries": _centuries,
}
