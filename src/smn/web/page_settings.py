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
        thumbnails: whether the page's server fetches small pictures of similar works.

    Raises:
        InputError: something does not fit; every problem is listed.
    """

    service: ServiceSettings = field(default_factory=ServiceSettings)
    api: str = ""
    api_key: str = field(default="", repr=False)
    review: Path | None = None
    thumbnails: bool = True

    def __post_init__(self) -> None:
        problems = []
        if self.api and not self.api.startswith(("http://", "https://")):
            problems.append(f"api is {self.api!r}, but must start with http:// or https://")
        if self.review is not None and not (self.review / "index.html").is_file():
            problems.append(f"there is no {self.review}/index.html; make one with: smn clean review FINDINGS --out")
        if problems:
            raise InputError(f"The page cannot start: {'; '.join(problems)}.")


def read_page_settings(environment: Mapping[str, str], **given: Any) -> PageSettings:
    """Settings from variables such as ``SMN_API``, and from the command line, which takes precedence.

    Args:
        environment: such as ``os.environ``; ``SMN_API``, ``SMN_API_KEY``, ``SMN_REVIEW``, ``SMN_THUMBNAILS`` and
            those of `smn.service.service_settings.ServiceSettings`.
        given: ``api``, ``api_key``, ``review`` and fields of `ServiceSettings`; None counts as not given.

    Raises:
        InputError: a variable cannot be read, or does not fit.
    """
    own = {name: given.pop(name, None) for name in ("api", "api_key", "review")}
    review = own["review"] or environment.get("SMN_REVIEW") or None
    thumbnails = environment.get("SMN_THUMBNAILS", "true").casefold()
    if thumbnails not in ("1", "true", "yes", "0", "false", "no"):
        raise InputError(f"SMN_THUMBNAILS is {thumbnails!r}; it must be true or false.")
    return PageSettings(
        service=read_service_settings(environment, **given),
        api=own["api"] or environment.get("SMN_API", ""),
        api_key=own["api_key"] or environment.get("SMN_API_KEY", ""),
        review=Path(review) if review else None,
        thumbnails=thumbnails in ("1", "true", "yes"),
    )
