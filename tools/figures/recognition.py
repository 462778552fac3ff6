"""Measures the recognition of works and the search for similar ones, and fits the rule by which matches are judged.

    python tools/figures/recognition.py --data build/data --cache build/works-cache

The rule goes into the index, ``rules.json``; the figures go to docs/results/recognition, and figures.py places them.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from smn.similar.match_rule import FALSE, TWICE, choose_wrong, fit_rule
from smn.works.recognition import NUMBERS

KEPT = Path(__file__).parents[2] / "docs" / "results" / "recognition" / "recognition.json"
FALSE_IN_SERIES = 0.05
"""The same for works of a series, of which the index has others."""

_RECALLED = ("another scan", "the same scan", "crop", "wall photograph", "greyscale copy")
_FALSE = ("not in the index", "a series", "a copy or parody", "not a painting")
_EXAMPLE = "an example that smn paints"
_LIKELY = 0.6  # cosine from which on a match is looked at: may it be the very work under another title or artist?
_TOPS = (1, 5, 10)
_TIMED = 50


def measure(data: Path, cache: Path, folder: Path, model: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The figures for the docs, and the rules for the index."""
    from recognition_queries import LocalFeatures, embed_examples, embed_queries, list_queries
    from smn.bundle import read_bundle
    from smn.cli.screen import progress
    from smn.manifest import read_manifest
    from smn.works import read_index
    from smn.works.recognition import find_matches

    index, bundle = read_index(folder), read_bundle(model)
    if index.model_sha256 != bundle.embedding_id or index.hashes is None:
        raise SystemExit(f"{folder} is not an index of schema 2 by {bundle.name}; run: make index")
    names = ("catalogue", "famous", "pool-2", "pool", "large", "not-paintings")
    sets = {name: read_manifest(data / name) for name in names}
    entries = [index.work(place).id for place in range(len(index))]
    features = LocalFeatures(entries, [sets[name] for name in names[:4]])
    queries = list_queries(index, sets, features)
    with progress() as show:
        embeddings, parts, refused = embed_queries(queries, bundle, cache, progress=show)
    matches = _look_up(index, queries, embeddings, parts, features)
    # A scan that is the same file, encoded again, is no other scan.
    kept = [at for at, query in enumerate(queries) if not _is_same_file(query, matches[at])]
    queries, matches = [queries[at] for at in kept], [matches[at] for at in kept]
    embeddings, parts, refused = embeddings[kept], parts[kept], refused[kept]
    # Those of even seeds are chosen on; what people see first is among them.
    examples = [[find_matches(index, *one) for one in embed_examples(bundle, range(half, 8, 2))] for half in (0, 1)]
    rule = _fit(queries, matches, refused, examples[0])
    told: dict[str, Any] = {"model": index.model, "works": len(index), "rule": _rule_facts(rule), "groups": {}}
    for group in (*_RECALLED, *_FALSE):
        rows = [at for at, query in enumerate(queries) if query.group == group and not query.chosen_on]
        told["groups"][group] = _judge([queries[at] for at in rows], [matches[at] for at in rows], refused[rows], rule)
    wrong = sum(rule.believes(max(found, key=rule.score), refused=False) for found in examples[1])
    told["groups"][_EXAMPLE] = {"pictures": len(examples[1]), "right": 0, "wrong": wrong}
    famous = [at for at, query in enumerate(queries) if query.group == "the same scan"]
    told["similar"], artists = _measure_similar(index, [queries[at] for at in famous], embeddings[famous])
    told["artists"] = artists
    told["cost"] = _measure_cost(index, embeddings, parts)
    return told, {"recognition": _rule_facts(rule), "artists": artists}


def _look_up(index: Any, queries: Sequence[Any], embeddings: Any, parts: Any, features: Any) -> list[list[Any]]:
    """The matches of each picture; without those with the very work that are filed under another title or artist."""
    from smn.works.recognition import find_matches

    matches: list[list[Any]] = []
    for query, embedding, hashes in zip(queries, embeddings, parts, strict=True):
        found = find_matches(index, embedding, hashes, without=query.own)
        looked = query.group != "a copy or parody"
        matches.append([
            one for one in found
            if one.place in query.places or one.similarity < _LIKELY or not looked
            or not features.show_one_work(query.manifest, query.row, one.place)
        ])  # fmt: skip
    return matches


def _is_same_file(query: Any, found: Sequence[Any]) -> bool:
    least, most = TWICE
    right = [one for one in found if one.place in query.places]
    return query.group == "another scan" and any(one.similarity >= least and one.bits <= most for one in right)


def _fit(
    queries: Sequence[Any], matches: Sequence[Sequence[Any]], refused: Any, examples: Sequence[Sequence[Any]]
) -> Any:
    right: list[Any] = []
    wrong: dict[str, list[Any]] = {name: [] for name in (*_FALSE, *_RECALLED, "refused")}
    for query, found, is_refused in zip(queries, matches, refused, strict=True):
        if not query.chosen_on:
            continue
        mine = [one for one in found if one.place in query.places]
        right += [max(mine, key=lambda one: one.similarity)] if mine else []
        group = "refused" if query.group == "not a painting" and is_refused else query.group
        wrong[group] += choose_wrong([one for one in found if one.place not in query.places])
    strangers = wrong["not in the index"] + wrong["not a painting"]
    painted = [one for found in examples for one in found]
    limits = [(strangers, FALSE), (painted, 0.0), (wrong["a series"], FALSE_IN_SERIES)]
    refusals = wrong.pop("refused")
    return fit_rule(right, [one for found in wrong.values() for one in found], limits=limits, refused=refusals)


def _rule_facts(rule: Any) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in NUMBERS} | {"worth": [list(pair) for pair in rule.worth]}


def _judge(queries: Sequence[Any], matches: Sequence[Sequence[Any]], refused: Any, rule: Any) -> dict[str, int]:
    """How many pictures there are, how many were matched with the very work, and how many with another."""
    right = wrong = 0
    for query, found, is_refused in zip(queries, matches, refused, strict=True):
        best = max(found, key=rule.score, default=None)
        if best is not None and rule.believes(best, refused=bool(is_refused)):
            right += best.place in query.places
            wrong += best.place not in query.places
    return {"pictures": len(queries), "right": right, "wrong": wrong}


def _measure_similar(index: Any, queries: Sequence[Any], embeddings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Precision of similar works before (nearest by cosine) and after, and how often the artist is named."""
    from smn.manifest.identity import artist_key
    from smn.works.recognition import find_artists

    works = [index.work(place) for place in range(len(index))]
    artists = [artist_key(work.artist) for work in works]
    counts = {key: artists.count(key) for key in set(artists)}
    hits: dict[str, list[list[bool]]] = {name: [] for name in ("before", "after")}
    kinds: dict[str, list[list[bool]]] = {name: [] for name in ("before", "after")}
    named: list[Sequence[str | None]] = []
    of: list[str | None] = []
    place_of = {work.id: place for place, work in enumerate(works)}
    for query, embedding in zip(queries, embeddings, strict=True):
        own = next((place for place in query.places if works[place].id == query.manifest.column("id")[query.row]), None)
        if own is None or counts[artists[own]] < 2:
            continue
        near, _ = index.searcher.search(index.project(embedding[None]), max(_TOPS) + len(query.places))
        after = [place_of[one.work.id] for one in index.search(embedding, top_k=max(_TOPS) + len(query.places))]
        for name, found in (("before", near[0].tolist()), ("after", after)):
            kept = [place for place in found if place not in query.places][: max(_TOPS)]
            hits[name].append([artists[place] == artists[own] for place in kept])
            kinds[name].append([works[place].movement == works[own].movement for place in kept])
        named.append([artist_key(one.artist) for one in find_artists(index, embedding, top_k=3, without=own)])
        of.append(artists[own])
    precision = {
        f"{name}, same {what}": {str(top): _mean([sum(row[:top]) / top for row in table[name]]) for top in _TOPS}
        for what, table in (("artist", hits), ("movement", kinds)) for name in ("before", "after")
    }  # fmt: skip
    shares = {
        f"top{top}": _mean([float(mine in found[:top]) for mine, found in zip(of, named, strict=True)])
        for top in (1, 3)
    }
    return {"questions": len(of), "precision": precision}, {"questions": len(of), **shares}


def _mean(values: Sequence[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0


def _measure_cost(index: Any, embeddings: Any, parts: Any) -> dict[str, Any]:
    from smn.works.recognition import find_matches

    find_matches(index, embeddings[0], parts[0])
    times = []
    for embedding, hashes in zip(embeddings[:_TIMED], parts[:_TIMED], strict=True):
        began = time.perf_counter()
        find_matches(index, embedding, hashes)
        times.append(time.perf_counter() - began)
    files = {file.name: file.stat().st_size for file in sorted(index.folder.iterdir())}
    return {"milliseconds": round(1000 * statistics.median(times), 2), "bytes": files}


def _told() -> Mapping[str, Any]:
    known: Mapping[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    return known


def _share(part: int, whole: int) -> str:
    from cleaning_benchmark.scoring import Share

    share = Share(part, whole)
    if share.value is None or share.interval is None:
        return "–"
    low, high = share.interval
    return f"{100 * share.value:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def _recall() -> str:
    lines = [
        f"| {name} | {one['pictures']} | {_share(one['right'], one['pictures'])} | {one['wrong']} |"
        for name, one in _groups(_RECALLED)
    ]
    head = "| picture | pictures | recognised (95 % interval) | taken for another work |"
    return "\n".join([head, "| --- | ---: | --- | ---: |", *lines])


def _groups(names: Sequence[str]) -> list[tuple[str, Mapping[str, int]]]:
    measured = _told().get("groups", {})
    return [(name, measured[name]) for name in names if name in measured]


def _false() -> str:
    lines = [
        f"| {name} | {one['pictures']} | {_share(one['wrong'], one['pictures'])} |"
        for name, one in _groups((*_FALSE, _EXAMPLE))
    ]
    return "\n".join(["| picture | pictures | matched falsely (95 % interval) |", "| --- | ---: | --- |", *lines])


def _similar() -> str:
    lines = ["| precision, % | of the first | of 5 | of 10 |", "| --- | ---: | ---: | ---: |"]
    for name, one in _told().get("similar", {}).get("precision", {}).items():
        lines.append(f"| {name} | {' | '.join(f'{100 * one[str(top)]:.1f}' for top in _TOPS)} |")
    return "\n".join(lines)


def _artists() -> str:
    one = _told().get("artists")
    if not one:
        return ""
    return (
        f"Of {one['questions']} famous works by artists with other works in the index, the artist is named first for "
        f"{100 * one['top1']:.0f} % and among three for {100 * one['top3']:.0f} %."
    )


def _cost() -> str:
    cost = _told().get("cost")
    if not cost:
        return ""
    lines = ["| file | kB |", "| --- | ---: |"]
    lines += [f"| `{name}` | {size / 1000:,.0f} |" for name, size in cost["bytes"].items()]
    lines.append(f"| together | {sum(cost['bytes'].values()) / 1000:,.0f} |")
    head = f"{_told()['works']:,} works; {cost['milliseconds']} ms a picture, for search and match, "
    return head + "besides the network and the hashes.\n\n" + "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {
    "recognition-recall": _recall, "recognition-false": _false, "recognition-similar": _similar,
    "recognition-artists": _artists, "recognition-cost": _cost,
}  # fmt: skip


def main() -> None:
    """Fit, measure, and keep both."""
    from smn.works import DEFAULT_INDEX

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where features are kept")
    parser.add_argument("--index", type=Path, default=DEFAULT_INDEX, help="the index to measure and to give a rule")
    parser.add_argument("--model", default="default", help="the bundle that made the index")
    chosen = parser.parse_args()
    told, rules = measure(chosen.data, chosen.cache, chosen.index, chosen.model)
    (chosen.index / "rules.json").write_text(json.dumps(rules, indent=1) + "\n", encoding="utf-8")
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    KEPT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
