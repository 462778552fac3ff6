"""How smn came to be installed here, and the line that adds an extra to it."""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "smn-art"
"""What smn is called where packages are kept; the import and the command are called ``smn``."""


def write_install_line(extra: str) -> str:
    """The command that adds an extra to this installation.

    It names what smn was installed from, as ``direct_url.json`` notes it (PEP 610): a checkout, a wheel or a
    repository. Where nothing is noted, or the place is gone, it names the distribution.

    Args:
        extra: the extra's name, such as ``web``.

    Returns:
        A line for a shell, such as ``pip install "smn-art[web]"``.
    """
    origin = _read_origin()
    editable = origin.get("dir_info", {}).get("editable", False)
    options = "--editable " if editable and Path(_find_place(origin)).is_dir() else ""
    return f"{_choose_installer()} {options}{_quote(_name_target(origin, extra))}"


def _read_origin() -> Mapping[str, Any]:
    """What ``direct_url.json`` holds; empty where smn came from an index, or was never installed."""
    try:
        text = metadata.distribution(NAME).read_text("direct_url.json")
        origin = json.loads(text) if text else {}
    except (metadata.PackageNotFoundError, OSError, ValueError):
        return {}
    return origin if isinstance(origin, dict) and isinstance(origin.get("url"), str) else {}


def _name_target(origin: Mapping[str, Any], extra: str) -> str:
    place = _find_place(origin)
    if place:
        return f"{place}[{extra}]" if Path(place).exists() else f"{NAME}[{extra}]"
    if "vcs_info" in origin:
        vcs = origin["vcs_info"]
        at = vcs.get("requested_revision") or vcs.get("commit_id")
        return f"{NAME}[{extra}] @ {vcs.get('vcs', 'git')}+{origin['url']}" + (f"@{at}" if at else "")
    return f"{NAME}[{extra}] @ {origin['url']}" if origin else f"{NAME}[{extra}]"


def _find_place(origin: Mapping[str, Any]) -> str:
    """The folder or file on this machine that smn was installed from; empty if it was none."""
    parts = urlsplit(origin.get("url", ""))
    return url2pathname(parts.path) if parts.scheme == "file" and "vcs_info" not in origin else ""


def _choose_installer() -> str:
    """What installed into this environment: uv and pipx leave a note at its root, and pip is not in it then."""
    if Path(sys.prefix, "uv-receipt.toml").exists():
        return "uv tool install"
    return "pipx install --force" if Path(sys.prefix, "pipx_metadata.json").exists() else "pip install"


def _quote(target: str) -> str:
    """The target in quotation marks, as one word of a shell."""
    plain = os.name == "nt" or not set(target) & set('"$`\\!')
    return f'"{target}"' if plain else shlex.quote(target)
