"""How the page is set up: what the service knows (`smn.service.service_settings`), and a few things of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smn.errors import InputError
from smn.service.service_settings import ServiceSettings, read_service_settings


@dataclass(frozen=True)
class PageSettings:
    """Settings of the page.

    Args:
        service: model, index, database and limits; with ``api`` only limits count.
        api: address of a service that answers instead of a model in the page's own process; empty for none.
        api_key: if that service asks for one.
        review: a folder made by ``smn clean review``, to be shown to curators; None for none. Whoever can open the
            page can open it.
        thumbnails: whether the page's server fetches small pictures of similar works, and famous works to try.
        kept: folder for pictures that visitors ask to keep with an answer's address; None offers nothing of the kind.
        kept_days: how long they are kept.
        kept_bytes: of all of them together.

    Raises:
        InputError: something does not fit; every problem is listed.
    """

    service: ServiceSettings = field(default_factory=ServiceSettings)
    api: str = ""
    api_key: str = field(default="", repr=False)
    review: Path | None = None
    thumbnails: bool = True
    kept: Path | None = None
    kept_days: int = 7
    kept_bytes: int = 500_000_000

    def __post_init__(self) -> None:
        problems = []
        if self.api and not self.api.startswith(("http://", "https://")):
            problems.append(f"api is {self.api!r}, but must start with http:// or https://")
        if self.review is not None and not (self.review / "index.html").is_file():
            problems.append(
                f"there is no {self.review}/index.html; make one with: smn clean review FINDINGS --out {self.review}"
            )
        problems += [
            f"{name} is {getattr(self, name)}, but must be 1 or more"
            for name in ("kept_days", "kept_bytes")
            if getattr(self, name) < 1
        ]
        if problems:
            raise InputError(f"The page cannot start: {'; '.join(problems)}.")


def read_page_settings(environment: Mapping[str, str], **given: Any) -> PageSettings:
    """Settings from variables such as ``SMN_API``, and from the command line, which takes precedence.

    Args:
        environment: such as ``os.environ``; ``SMN_API``, ``SMN_API_KEY``, ``SMN_REVIEW``, ``SMN_THUMBNAILS``,
            ``SMN_KEPT``, ``SMN_KEPT_DAYS``, ``SMN_KEPT_BYTES`` and those of
            `smn.service.service_settings.ServiceSettings`.
        given: ``api``, ``api_key``, ``review`` and fields of `ServiceSettings`; None counts as not given.

    Raises:
        InputError: a variable cannot be read, or does not fit.
    """
    own = {name: given.pop(name, None) for name in ("api", "api_key", "review")}
    review = own["review"] or environment.get("SMN_REVIEW") or None
    thumbnails = environment.get("SMN_THUMBNAILS", "true").casefold()
    if thumbnails not in ("1", "true", "yes", "0", "false", "no"):
        raise InputError(f"SMN_THUMBNAILS is {thumbnails!r}; it must be true or false.")
    service = read_service_settings(environment, **given)
    return PageSettings(
        service=service,
        api=own["api"] or environment.get("SMN_API", ""),
        api_key=own["api_key"] or environment.get("SMN_API_KEY", ""),
        review=Path(review) if review else None,
        thumbnails=thumbnails in ("1", "true", "yes"),
        kept=_find_kept(environment, service.database),
        **_read_numbers(environment, "kept_days", "kept_bytes"),
    )


def _find_kept(environment: Mapping[str, str], database: str) -> Path | None:
    """The folder that a variable names, nowhere if it is empty; else one beside a SQLite database."""
    if "SMN_KEPT" in environment:
        return Path(environment["SMN_KEPT"]) if environment["SMN_KEPT"] else None
    if not database.startswith("sqlite:///"):
        return None
    return Path(database.removeprefix("sqlite:///")).absolute().parent / "kept"


def _read_numbers(environment: Mapping[str, str], *names: str) -> dict[str, int]:
    """Those of some settings that variables name."""
    found: dict[str, int] = {}
    for name in names:
        variable = f"SMN_{name.upper()}"
        try:
            found |= {name: int(environment[variable])} if variable in environment else {}
        except ValueError as error:
            raise InputError(f"{variable} is {environment[variable]!r}; it must be a whole number.") from error
    return found
