"""Measures `smn clean` and keeps what came out: `make cleaning` runs every step.

``find`` checks the pool; ``prove`` plants faults and counts what is found; ``sample`` draws findings for a person to
judge, as contact sheets in ``build/cleaning``; ``train`` trains the same recipe on uncleaned and cleaned data and in
refined taxonomies, three seeds each; ``write`` fills the page ``docs/clean-results.md`` from what the steps kept.
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
DATA, BUILD = ROOT / "build" / "data", ROOT / "build" / "cleaning"
KEPT = ROOT / "docs" / "results" / "cleaning"
JUDGEMENTS = KEPT / "judgements.csv"
SMN = str(Path(sys.executable).with_name("smn"))

SEEDS = (0, 1, 2)
JUDGED = 200
PLANTED = {"famous": 20, "pool": 100}
"""Rows to plant each fault in, by data set."""

PICTURE_CHECKS = ("broken", "tiny", "exact_duplicate", "near_duplicate", "leak", "not_a_painting")
"""Checks whose findings are dropped in the experiments, because the picture is wrong; labels are another matter."""


def smn(*arguments: object) -> None:
    """Run a command of smn."""
    subprocess.run([SMN, *map(str, arguments)], check=True, cwd=ROOT)  # noqa: S603 - the arguments are ours


def keep(name: str, value: object) -> None:
    """Keep what a step found."""
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def check(manifest: Path, out: Path, *, against: bool = True, like: Path | None = None) -> None:
    """Check a manifest, against famous works and with photographs at hand.

    The photographs are of other kinds of things than those that are planted. What was measured for ``like`` is not
    measured again.
    """
    if like is not None and not out.exists():
        shutil.copytree(like / "measured", out / "measured")
    held_out = ["--against", DATA / "famous"] if against else []
    smn("clean", "check", manifest, "--out", out, "--not-paintings", _photographs(), *held_out)


def _photographs() -> Path:
    from smn.manifest import read_manifest, write_manifest

    file = BUILD / "photographs" / "manifest.parquet"
    if not file.exists():
        read = read_manifest(DATA / "not-paintings")
        write_manifest(read.table.take(read.rows(split="train")), file)
    return file


def find() -> None:
    """Check the pool and the famous works, and count what is found."""
    check(DATA / "pool", BUILD / "pool")
    check(DATA / "famous", BUILD / "famous", against=False)
    keep("found", {name: _count(BUILD / name) for name in ("pool", "famous")})


def _count(folder: Path) -> Mapping[str, Any]:
    from cleaning_benchmark.scoring import list_flagged
    from smn.clean.findings import read_findings

    findings = read_findings(folder)
    table = findings.table.to_pylist()
    flagged = list_flagged(findings)
    rows = {row["id"]: row for row in table}
    return {
        "rows": len(table),
        "data_hash": findings.about.data_hash,
        "any": len(set().union(*map(set, flagged.values()))),
        "checks": {
            name: {
                "findings": len(ids),
                "judged": sum(row[f"{name}_score"] is not None for row in table),
                "sources": _tally(rows[row]["source"] for row in ids),
                "splits": _tally(rows[row]["split"] for row in ids),
                "where": _tally(rows[row].get(f"{name}_where") for row in ids),
            }
            for name, ids in flagged.items()
        },
    }


def _tally(values: Iterable[str | None]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value or "–"] = counts.get(value or "–", 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def prove() -> None:
    """Plant faults in both sets, check them, and count what is found."""
    from cleaning_benchmark.planting import plant_faults, read_planted
    from cleaning_benchmark.scoring import list_flagged, score_findings
    from smn.clean.findings import read_findings

    for name, each in PLANTED.items():
        planted, findings = BUILD / f"planted-{name}", BUILD / f"planted-{name}-findings"
        if not (planted / "manifest.parquet").exists():
            plant_faults(DATA / name, planted, each=each, not_paintings=DATA / "not-paintings")
        check(planted, findings, against=False, like=BUILD / name)
        flagged, before = (list_flagged(read_findings(folder)) for folder in (findings, BUILD / name))
        keep(f"planted-{name}", score_findings(flagged, read_planted(planted), before=before).to_dict())


def sample() -> None:
    """Draw findings to judge, the same number of each check as far as there are, and show them on sheets."""
    from cleaning_benchmark.scoring import list_flagged
    from cleaning_sheets import draw_sheets
    from smn.clean.findings import read_findings
    from smn.manifest import read_manifest

    findings = read_findings(BUILD / "pool")
    drawn = draw_findings(list_flagged(findings))
    sheets = draw_sheets(
        drawn, findings, read_manifest(DATA / "pool"), read_manifest(DATA / "famous"), BUILD / "sheets"
    )
    if not JUDGEMENTS.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        with JUDGEMENTS.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(("number", "check", "id", "verdict", "note"))
            writer.writerows((number, check, row, "", "") for number, (check, row) in enumerate(drawn, 1))
    sys.stderr.write(f"{len(drawn)} findings are on {len(sheets)} sheets; judge them in {JUDGEMENTS}\n")


def draw_findings(flagged: Mapping[str, Sequence[str]], *, count: int = JUDGED, seed: int = 0) -> list[tuple[str, str]]:
    """At random, whatever their scores: as many of each check as of any other, as far as there are."""
    random = np.random.default_rng(seed)
    queues = {check: random.permutation(sorted(ids)).tolist() for check, ids in flagged.items() if ids}
    drawn: dict[str, list[str]] = {check: [] for check in queues}
    while sum(map(len, drawn.values())) < count and any(queues.values()):
        for check, queue in queues.items():
            if queue and sum(map(len, drawn.values())) < count:
                drawn[check].append(queue.pop())
    return [(check, row) for check, rows in drawn.items() for row in rows]


def train() -> None:
    """Train on uncleaned and cleaned data and in refined taxonomies, and measure each on the same paintings."""
    from cleaning_runs import measure_runs

    keep("runs", measure_runs(DATA, BUILD, SEEDS, PICTURE_CHECKS))


def write() -> None:
    """Draw the pictures and fill the places of the page from what was kept."""
    import cleaning_page
    import figures

    cleaning_page.draw_pictures()
    figures.fill_places()


STEPS = {"find": find, "prove": prove, "sample": sample, "train": train, "write": write}


def main() -> None:
    """Run the steps that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("steps", nargs="*", choices=[[], *STEPS], default=list(STEPS))
    for step in parser.parse_args().steps or STEPS:
        STEPS[step]()


if __name__ == "__main__":
    main()
