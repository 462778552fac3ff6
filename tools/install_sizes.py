"""How much disk smn and each of its extras take, with everything that they need, in this environment.

    python tools/install_sizes.py

Sums the files that installed packages list; what is not installed is named. docs/install.md quotes it.
"""

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import click
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = {**_PROJECT["optional-dependencies"], "": []}
"""What each extra needs; the empty one stands for smn without extras."""


def find_packages(requirements: Iterable[str]) -> tuple[set[str], set[str]]:
    """The packages that requirements need, with all that those need: the installed ones, and the missing ones."""
    found: set[str] = set()
    missing: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = [Requirement(one) for one in requirements]
    while waiting:
        wanted = waiting.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name == _PROJECT["name"]:
            waiting += [Requirement(line) for extra in extras for line in EXTRAS[extra]]
            continue
        try:
            needed = [Requirement(line) for line in metadata.requires(name) or ()]
        except metadata.PackageNotFoundError:
            missing.add(name)
            continue
        found.add(name)
        waiting += [one for one in needed if _holds(one, extras)]
    return found, missing


def _holds(requirement: Requirement, extras: Iterable[str]) -> bool:
    """Whether a package needs this here, if it was asked for with some extras."""
    marker = requirement.marker
    return marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras))


@cache
def measure(package: str) -> int:
    """The bytes of an installed package's files."""
    files = (Path(str(file.locate())) for file in metadata.files(package) or ())
    return sum(file.stat().st_size for file in files if file.is_file())


def describe(extra: str) -> str:
    """One line: the extra, the size, how much of it only a graphics card uses, and what is not installed."""
    found, missing = find_packages([*_PROJECT["dependencies"], *EXTRAS[extra]])
    cards = sum(measure(name) for name in found if name.startswith("nvidia-") or name == "triton")
    told = f"{extra or 'without extras':16} {len(found):4} packages {sum(map(measure, found)) / 1e6:7,.0f} MB"
    told += f", {cards / 1e6:,.0f} MB of it for NVIDIA cards" if cards else ""
    return told + (f"; not installed: {', '.join(sorted(missing))}" if missing else "")


if __name__ == "__main__":
    for name in sorted(EXTRAS):
        click.echo(describe(name))
