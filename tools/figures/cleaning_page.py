"""The tables and pictures of ``docs/clean-results.md``, from what ``cleaning.py`` kept."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from pathlib import Path
from textwrap import fill
from typing import Any

from cleaning_benchmark.scoring import Share
from smn.clean import CHECKS
from smn.clean.checks import RETIRED

KEPT = Path(__file__).parents[2] / "docs" / "results" / "cleaning"
VERDICTS = ("right", "doubtful", "wrong")


def _kept(name: str) -> Any:
    return json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))


def _judgements(*, retired: bool = False) -> list[dict[str, str]]:
    """The verdicts on the findings of the checks that are made, or of those that no longer are."""
    with (KEPT / "judgements.csv").open(newline="", encoding="utf-8") as stream:
        return [one for one in csv.DictReader(stream) if (one["check"] in RETIRED) == retired]


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def _share(share: Share) -> str:
    if share.value is None or share.interval is None:
        return "–"
    low, high = share.interval
    return f"{100 * share.value:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def _as_share(plain: Mapping[str, Any]) -> Share:
    return Share(plain["part"], plain["whole"])


def found() -> str:
    """What is found in the pool, and how much of it is right by eye."""
    pool = _kept("found")["pool"]
    verdicts: dict[str, Counter[str]] = {}
    for one in _judgements():
        verdicts.setdefault(one["check"], Counter())[one["verdict"]] += 1
    rows = []
    for name, check in CHECKS.items():
        counted = pool["checks"].get(name)
        if counted is None:
            continue
        seen = verdicts.get(name, Counter())
        judged = sum(seen[verdict] for verdict in VERDICTS)
        share = f"{100 * counted['findings'] / max(counted['judged'], 1):.1f} %"
        rows.append(
            (check.title, f"{counted['findings']:,}", share, *(seen[verdict] or "" for verdict in VERDICTS),
             _share(Share(seen["right"], judged)))
        )  # fmt: skip
    return _table(("check", "findings", "of the pictures", *VERDICTS, "precision"), rows)


def overall() -> str:
    """Precision of all findings together: that of each check, weighted by how many findings it has."""
    pool = _kept("found")["pool"]["checks"]
    by_check: dict[str, list[str]] = {}
    for one in _judgements():
        by_check.setdefault(one["check"], []).append(one["verdict"])
    total = sum(pool[check]["findings"] for check in by_check)
    right = variance = 0.0
    lenient = 0.0
    for check, seen in by_check.items():
        weight, n = pool[check]["findings"] / total, len(seen)
        share = seen.count("right") / n
        right += weight * share
        lenient += weight * (share + seen.count("doubtful") / n)
        # One added to each side, so that a check whose sample is all right still counts as uncertain.
        smooth = (seen.count("right") + 1) / (n + 2)
        variance += weight * weight * smooth * (1 - smooth) / n
    reach = 1.96 * sqrt(variance)
    judged = sum(map(len, by_check.values()))
    return (
        f"Of {judged} findings drawn at random and looked at, weighted by how many findings each check has: "
        f"**{100 * right:.0f} % right** ({100 * max(right - reach, 0):.0f}–{100 * min(right + reach, 1):.0f}), "
        f"{100 * lenient:.0f} % if the doubtful ones count as well."
    )


def retired() -> str:
    """Why three checks were dropped: how many of their findings were right."""
    titles = {"colour_chart": "colour charts", "text_overlay": "lettering", "artist": "doubtful artists"}
    right: dict[str, list[bool]] = {}
    for one in _judgements(retired=True):
        right.setdefault(one["check"], []).append(one["verdict"] == "right")
    shares = [f"{title} ({sum(right[name])} of {len(right[name])})" for name, title in titles.items()]
    return (
        "Three checks of earlier versions were dropped because too few of their findings were right: "
        f"{', '.join(shares[:-1])} and {shares[-1]}."
    )


def agreement() -> str:
    """How far a second judge agrees."""
    from sklearn.metrics import cohen_kappa_score

    with (KEPT / "judgements-second.csv").open(newline="", encoding="utf-8") as stream:
        second = {row["number"]: row["verdict"] for row in csv.DictReader(stream)}
    pairs = [(one["verdict"], second[one["number"]]) for one in _judgements()]
    mine, theirs = zip(*pairs, strict=True)
    same = sum(left == right for left, right in pairs)
    opposed = sum({left, right} == {"right", "wrong"} for left, right in pairs)
    return (
        f"A second judge, who did not know these verdicts, gave the same one for {same} of {len(pairs)} findings "
        f"(Cohen's kappa {cohen_kappa_score(mine, theirs):.2f}), the opposite one for {opposed}, and called "
        f"{theirs.count('right')} right where the first called {mine.count('right')} right."
    )


def leaks() -> str:
    """Where the pool's pictures stand a second time."""
    pool = _kept("found")["pool"]["checks"]["leak"]
    rows = [(place, count) for place, count in pool["where"].items()]
    return _table(("stands again in", "pictures"), rows)


def faults() -> str:
    """The recall of every planted fault."""
    proofs = {name: _kept(f"planted-{name}") for name in ("famous", "pool")}
    by_fault: dict[tuple[str, str], dict[str, Any]] = {}
    for name, proof in proofs.items():
        for one in proof["faults"]:
            by_fault.setdefault((one["fault"], one["check"]), {})[name] = one
    rows = []
    for (fault, check), sets in by_fault.items():
        cells = [_share(_as_share(sets[name]["found"])) if name in sets else "–" for name in proofs]
        anywhere = [_share(_as_share(sets[name]["found_by_any"])) if name in sets else "–" for name in proofs]
        planted = " + ".join(str(sets[name]["found"]["whole"]) for name in proofs if name in sets)
        rows.append((fault, CHECKS[check].title, planted, *cells, anywhere[1] if "pool" in sets else anywhere[0]))
    header = ("fault", "check that should find it", "planted", "famous: found", "pool: found", "pool: by any check")
    return _table(header, rows)


def proven() -> str:
    """The precision of every check on planted faults."""
    rows = []
    proofs = {name: {one["check"]: one for one in _kept(f"planted-{name}")["checks"]} for name in ("famous", "pool")}
    for name, check in CHECKS.items():
        if not any(name in proof for proof in proofs.values()):
            continue
        cells = []
        for proof in proofs.values():
            one = proof.get(name)
            cells += ["–"] * 3 if one is None else [
                _share(_as_share(one["found"])), _share(_as_share(one["precision"])),
                _share(_as_share(one["precision_new"])),
            ]  # fmt: skip
        rows.append((check.title, *cells))
    parts = ("recall", "precision, at least", "of new findings")
    return _table(("check", *(f"{name}: {part}" for name in proofs for part in parts)), rows)


def _figure(figure: Mapping[str, float], *, sign: bool = False) -> str:
    plus = "+" if sign else ""
    ends = f"{100 * figure['low']:{plus}.1f} to {100 * figure['high']:{plus}.1f}"
    return f"{100 * figure['value']:{plus}.1f} ({ends})" if sign else f"{100 * figure['value']:.1f}"


def gains() -> str:
    """The same recipe on every version of the data."""
    return _gains("cleaning")


def noisy() -> str:
    """The same recipe where a fifth of the labels was swapped."""
    return _gains("noisy")


def swaps() -> str:
    """What the check found of the swapped labels."""
    one = _kept("runs")["noisy_found"]
    return (
        f"Of {one['found']['whole']:,} swapped labels the check found {_share(_as_share(one['found']))}; of its "
        f"{one['findings']:,} findings at least {_share(_as_share(one['precision']))} were swapped."
    )


def _gains(experiment: str) -> str:
    kept = _kept("runs")
    rows = []
    for name, parts in kept[experiment].items():
        cells: list[str] = [name, f"{kept['data'][name]['train']:,}"]
        for part in ("pool test", "famous"):
            figures = parts[part]
            cells.append(f"{_figure(figures['top1'])} ± {100 * figures['top1']['seeds_sd']:.1f}")
            cells.append(_figure(figures["top1_gain"], sign=True) if "top1_gain" in figures else "")
            cells.append(_figure(figures["macro_f1_gain"], sign=True) if "macro_f1_gain" in figures else "")
        rows.append(cells)
    header = ["training data", "rows"]
    for part in ("pool test", "famous"):
        header += [f"{part}: top-1", "gain", "gain in macro-F1"]
    return _table(header, rows)


def taxonomies() -> str:
    """The same data in refined taxonomies."""
    rows = []
    for name, one in _kept("runs")["taxonomies"].items():
        cells: list[object] = [name, one["labels"]]
        for part in ("pool test", "famous"):
            figures = one[part]
            cells.append(f"{_figure(figures['trained']['top1'])} ± {100 * figures['trained']['top1']['seeds_sd']:.1f}")
            cells.append(_figure(figures["read"]["top1"]))
            cells.append(_figure(figures["trained"]["top1_gain"], sign=True))
            cells.append(f"{100 * figures['largest']:.0f}")
        rows.append(cells)
    header = ["taxonomy", "labels"]
    for part in ("pool test", "famous"):
        header += [f"{part}: trained so", "smn-25 read so", "difference", "largest label"]
    return _table(header, rows)


def labels() -> str:
    """What the refined taxonomies hold."""
    lines = []
    for name, one in _kept("runs")["taxonomies"].items():
        lines.append(f"- **{name}**: {', '.join(one['names'])}.")
    return "\n".join(lines)


TABLES: Mapping[str, Callable[[], str]] = {
    "clean-found": found,
    "clean-overall": overall,
    "clean-retired": retired,
    "clean-agreement": agreement,
    "clean-leaks": leaks,
    "clean-faults": faults,
    "clean-proven": proven,
    "clean-gains": gains,
    "clean-noisy": noisy,
    "clean-swaps": swaps,
    "clean-taxonomies": taxonomies,
    "clean-labels": labels,
}
"""What stands in the places ``<!-- figures:NAME -->`` of the page."""


def draw_pictures() -> None:
    """Draw the recall of every fault, and the gains."""
    from smn.style import ACCENT, DEEP, FAINT, INK, MUTED, SMALL, TITLE, draw_picture

    proofs = {name: {one["fault"]: one for one in _kept(f"planted-{name}")["faults"]} for name in ("famous", "pool")}
    names = list(dict.fromkeys(fault for proof in proofs.values() for fault in proof))
    with draw_picture(KEPT / "recall.png", width=7.2, height=0.27 * len(names) + 0.9) as figure:
        axes = figure.add_subplot()
        for at, fault in enumerate(reversed(names)):
            axes.axhline(at, color=FAINT, linewidth=0.5, zorder=0)
            for name, colour, shift in (("pool", DEEP, 0.14), ("famous", ACCENT, -0.14)):
                if fault in proofs[name]:
                    share = _as_share(proofs[name][fault]["found"])
                    low, high = share.interval or (0.0, 0.0)
                    axes.plot([100 * low, 100 * high], [at + shift] * 2, color=colour, linewidth=1.2)
                    axes.plot([100 * (share.value or 0.0)], [at + shift], "o", color=colour, markersize=4)
        axes.set_yticks(range(len(names)), list(reversed(names)))
        axes.set_xlim(0, 101)
        axes.set_xlabel("found by the check that should find it, in 100", fontsize=SMALL, color=MUTED)
        axes.set_title("Planted faults found", fontsize=TITLE, color=INK, loc="left")
        axes.text(100, len(names) - 0.1, "in the pool", color=DEEP, fontsize=SMALL, ha="right")
        axes.text(85, len(names) - 0.1, "in famous works", color=ACCENT, fontsize=SMALL, ha="right")
        figure.tight_layout()
    kept = {**_kept("runs")["cleaning"], **_kept("runs")["noisy"]}
    versions = [(name, parts) for name, parts in kept.items() if "top1_gain" in parts["famous"]]
    with draw_picture(KEPT / "gains.png", width=7.2, height=0.5 * len(versions) + 1.0) as figure:
        axes = figure.add_subplot()
        axes.axvline(0, color=MUTED, linewidth=0.6)
        for at, (_, parts) in enumerate(reversed(versions)):
            for part, colour, shift in (("pool test", DEEP, 0.12), ("famous", ACCENT, -0.12)):
                gain = parts[part]["top1_gain"]
                axes.plot([100 * gain["low"], 100 * gain["high"]], [at + shift] * 2, color=colour, linewidth=1.4)
                axes.plot([100 * gain["value"]], [at + shift], "o", color=colour, markersize=5)
        axes.set_yticks(range(len(versions)), [fill(name, 28) for name, _ in reversed(versions)])
        axes.set_ylim(-0.6, len(versions) - 0.2)
        axes.set_xlabel(
            "points of top-1 gained over the data as found; the last over the swapped labels",
            fontsize=SMALL,
            color=MUTED,
        )
        axes.set_title("What cleaning is worth", fontsize=TITLE, color=INK, loc="left")
        right = axes.get_xlim()[1]
        axes.text(right, len(versions) - 0.4, "pool test", color=DEEP, fontsize=SMALL, ha="right")
        axes.text(right, len(versions) - 0.65, "famous works", color=ACCENT, fontsize=SMALL, ha="right")
        figure.tight_layout()
