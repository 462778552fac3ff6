"""``smn doctor``: whether this installation works, and how fast this machine answers."""

import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import metadata

import click

from smn._version import __version__
from smn.bundle import list_models, read_bundle
from smn.cli.screen import show_table
from smn.distribution import NAME, write_install_line
from smn.errors import SmnError

_NEEDED = ("numpy", "pillow", "onnxruntime", "opencv-python-headless", "click", "rich")
_HOST = "commons.wikimedia.org"
"""Where the pictures of similar works lie."""

Check = tuple[str, bool | None, str]
"""What was checked, whether it is well (None where it was not looked at), and what was found."""

_STATUS = {True: "ok", False: "PROBLEM", None: "-"}


@click.command()
@click.option("--network/--no-network", default=True, help="Whether to ask for a picture on the internet.")
def doctor(*, network: bool) -> None:
    """Check versions, extras, models, OpenCV, threads, speed and network; exit code 1 if something needed is broken."""
    checks = [*_check_versions(), *_check_models(), _attempt("OpenCV", _find_painting), _attempt("speed", _time_answer)]
    if network:
        checks.append(_check_network())
    show_table(None, ("check", "", "found"), [(name, _STATUS[well], found) for name, well, found in checks])
    extras = list(_list_extras())
    show_table("Extras", ("extra", "installed"), [(extra, "no" if line else "yes") for extra, line in extras])
    # Not in the table, whose columns would break them.
    for _, line in extras:
        if line:
            click.echo(line)
    if any(well is False for name, well, _ in checks if name != "network"):
        click.get_current_context().exit(1)


def _check_versions() -> Iterator[Check]:
    yield "smn", True, f"{__version__} in {sys.prefix}"
    yield "Python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.platform()}"
    for package in _NEEDED:
        version = _find_version(package)
        yield package, version is not None, version or "not installed"
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield "threads", True, f"{usable} of {os.cpu_count()} processors may be used"


def _check_models() -> Iterator[Check]:
    for name in list_models():
        yield _attempt(f"model {name}", partial(_check_model, name))


def _check_model(name: str) -> str:
    return f"{read_bundle(name).name}, SHA-256 as stated"


def _attempt(name: str, check: Callable[[], str]) -> Check:
    """A check that may fail in any way, because what is broken is what it looks for."""
    try:
        return name, True, check()
    except (SmnError, ImportError, OSError, RuntimeError, ValueError) as error:
        return name, False, f"{type(error).__name__}: {error}"


def _find_painting() -> str:
    from smn.examples import paint
    from smn.images.rectify import find_painting

    find_painting(paint("cubism", size=(160, 120)))
    return "looks for a painting on a wall"


def _time_answer() -> str:
    from smn.examples import paint
    from smn.predict.model import load

    model, picture, seconds = load(), paint("cubism", size=(640, 480)), []
    for _ in range(4):
        begun = time.perf_counter()
        model.predict(picture)
        seconds.append(time.perf_counter() - begun)
    return f"{1000 * min(seconds):.0f} ms for a picture of 640 x 480 with {model.name}"


def _check_network() -> Check:
    from smn.errors import FetchError, MissingExtraError
    from smn.images.safe_fetch import download_picture

    try:
        download_picture(f"https://{_HOST}/favicon.ico", max_bytes=1_000_000, timeout=10.0)
    except MissingExtraError as error:
        return "network", None, f"{error.package} is not installed (optional: the extra {error.extra})"
    except FetchError as error:
        return "network", False, f"{error} Answers need no network."
    return "network", True, f"{_HOST} answers"


def _find_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _list_extras() -> Iterator[tuple[str, str]]:
    """Each extra, and the line that adds it; the line is empty where all of its packages are installed."""
    if _find_version(NAME) is None:
        return
    needed: dict[str, set[str]] = {}
    for requirement in metadata.requires(NAME) or ():
        found = re.match(r"""([\w.-]+)(?:\[([\w,-]+)\])?[^;]*;.*extra == ['"]([\w-]+)['"]""", requirement)
        if found:
            # An extra may consist of others: smn-art[data].
            parts = {f"[{one}]" for one in (found[2] or "").split(",")} if found[1] == NAME else {found[1]}
            needed.setdefault(found[3], set()).update(parts)
    for extra in sorted(set(needed) - _OF_DEVELOPERS, key=lambda name: (name == "all", name)):
        missing = [package for package in _resolve(extra, needed) if _find_version(package) is None]
        yield extra, write_install_line(extra) if missing else ""


_OF_DEVELOPERS = {"dev", "release"}


def _resolve(extra: str, needed: Mapping[str, set[str]]) -> set[str]:
    """The packages of an extra, with those of the extras in it."""
    packages: set[str] = set()
    for part in needed.get(extra, ()):
        packages |= _resolve(part[1:-1], needed) if part.startswith("[") else {part}
    return packages
