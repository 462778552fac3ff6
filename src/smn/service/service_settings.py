"""Settings of the service, from the command line or the environment, checked before it starts."""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from smn.bundle import DEFAULT
from smn.errors import InputError
from smn.similar.index import DEFAULT_INDEX

_WEAK_PASSWORDS = {"", "admin", "change-me", "changeme", "password", "postgres", "root", "secret", "smn", "test"}
_DATABASE = re.compile(r"^(sqlite|postgresql\+psycopg)://")
_SECRET = re.compile(r"^[^:]+://[^:/@]+:([^@]*)@")


@dataclass(frozen=True)
class ServiceSettings:
    """Settings of the service.

    Args:
        bundle: the model's folder; a new ``bundle.json`` there is loaded without a restart.
        index: of similar works.
        database: where predictions and feedback are remembered, ``sqlite:///FILE`` or ``postgresql+psycopg://...``;
            empty for no memory.
        images: folder for pictures that their senders let be kept; None keeps none, whatever is sent.
        keep_days: predictions older than this are deleted with their pictures and feedback; 0 keeps them.
        keys: file of hashed keys, a line each: a name, the hash, requests a minute. None lets everybody in.
        rate: requests a minute of each address, where there are no keys; 0 for no limit.
        origins: whose pages may ask from a browser; none by default.
        urls: whether pictures may be given by their address.
        url_networks: networks that such addresses may lie in although they are not public, and on any port.
        max_body: of a request, in bytes.
        max_pixels: of a picture.
        max_files: pictures in one request.
        queue: pictures that may wait or be in progress; more are refused with 429.
        batch: largest batch of pictures; 0 measures, when the service starts, whether batches are faster here.
        workers: pictures, or batches, that the network answers at the same time; 0 measures, when the service starts,
            how many are faster here.
        threads: of the network; 0 lets ONNX Runtime choose, which is faster for one caller and slower for many.
        timeout: seconds for the whole of a request.
        cache: answers that are kept in memory by their pictures' content.
        watch: seconds between looks for a new bundle; 0 never looks.
        docs: whether the API's description is served.

    Raises:
        InputError: something does not fit or is not safe; every problem is listed.
    """

    bundle: Path = DEFAULT
    index: Path = DEFAULT_INDEX
    database: str = field(default="", repr=False)
    images: Path | None = None
    keep_days: int = 90
    keys: Path | None = None
    rate: int = 0
    origins: tuple[str, ...] = ()
    urls: bool = True
    url_networks: tuple[str, ...] = ()
    max_body: int = 20_000_000
    max_pixels: int = 40_000_000
    max_files: int = 16
    queue: int = 64
    batch: int = 0
    workers: int = 0
    threads: int = 1
    timeout: float = 30.0
    cache: int = 1024
    watch: float = 5.0
    docs: bool = True

    def __post_init__(self) -> None:
        problems = [
            f"{name} is {getattr(self, name)}, but must be {least} or more"
            for name, least in (
                ("keep_days", 0), ("rate", 0), ("max_body", 1), ("max_pixels", 1), ("max_files", 1), ("queue", 1),
                ("batch", 0), ("workers", 0), ("threads", 0), ("cache", 0), ("watch", 0),
            )
            if getattr(self, name) < least
        ]  # fmt: skip
        if self.timeout <= 0:
            problems.append(f"timeout is {self.timeout}, but must be above 0")
        problems += [f"{origin!r} is no origin such as https://museum.example" for origin in self.origins
                     if not re.match(r"^https?://[^/*]+$", origin)]  # fmt: skip
        for network in self.url_networks:
            try:
                ipaddress.ip_network(network)
            except ValueError:
                problems.append(f"{network!r} is no network such as 10.1.0.0/16")
        problems += self._database_problems()
        if self.images is not None and not self.database:
            problems.append("images are kept beside a database, and none is set")
        if self.keys is not None and not self.keys.is_file():
            problems.append(f"there is no file of keys {self.keys}")
        elif self.keys is not None and os.name == "posix" and self.keys.stat().st_mode & 0o022:
            problems.append(f"others may write to {self.keys}; chmod 640 it")
        if problems:
            raise InputError(f"The service cannot start: {'; '.join(problems)}.")

    def _database_problems(self) -> list[str]:
        if not self.database:
            return []
        if not _DATABASE.match(self.database):
            return ["database must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME"]
        found = _SECRET.match(self.database)
        # Default passwords are copied from examples.
        if found and found.group(1).casefold() in _WEAK_PASSWORDS:
            return ["the database's password is one that everybody tries; choose another"]
        return []


def read_service_settings(environment: Mapping[str, str], **given: Any) -> ServiceSettings:
    """Settings from variables such as ``SMN_MAX_BODY``, and from the command line, which takes precedence.

    Raises:
        InputError: a variable cannot be read, is unknown, or does not fit.
    """
    known = {one.name: one for one in fields(ServiceSettings)}
    values: dict[str, Any] = {}
    for variable, text in environment.items():
        name = variable.removeprefix("SMN_").lower()
        if not variable.startswith("SMN_") or name not in known:
            continue
        values[name] = _parse(variable, text, known[name].default)
    values |= {name: value for name, value in given.items() if value is not None}
    return ServiceSettings(**values)


def _parse(variable: str, text: str, default: object) -> Any:
    try:
        if isinstance(default, bool):
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[text.casefold()]
        if isinstance(default, int | float):
            return type(default)(text)
    except (KeyError, ValueError) as error:
        raise InputError(f"{variable} is {text!r}, which is no {type(default).__name__}.") from error
    if isinstance(default, tuple):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    if default is None or isinstance(default, Path):
        return Path(text) if text else None
    return text
