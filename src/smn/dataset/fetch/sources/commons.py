"""What Wikimedia Commons says of its files: where they are, what they are, and under which licence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from smn.dataset.fetch.candidate import Http
from smn.dataset.fetch.rights import normalise_licence
from smn.dataset.fetch.sources.fields import ask_object, entries_of, object_of, plain_text, text_of
from smn.errors import FetchError

FILES_AT_ONCE = 50
_ASKED = "LicenseShortName|LicenseUrl|UsageTerms|Copyrighted|NonFree|Artist"
_STEPS = (500, 960, 1280, 1920, 3840)  # widths in pixels that Wikimedia still serves (phabricator T414805)
_RASTER = ("image/jpeg", "image/png", "image/webp", "image/tiff")
_WHOLE = ("image/jpeg", "image/png", "image/webp")  # can be taken as they are; TIFFs of a gigabyte cannot
_LAG = 5  # seconds that the servers may be behind one another before we step aside
_ATTEMPTS = 6


@dataclass(frozen=True)
class CommonsFile:
    """A picture at Commons.

    Args:
        address: of the picture, scaled where that is needed.
        page: with its description.
        licence: short name, as `smn.dataset.fetch.rights.normalise_licence` gives it, or None.
        rights: the statement or its address, unchanged.
        author: as Commons has it, without HTML; often whoever took the photograph.
        checksum: of the whole file, where that is what is taken.
    """

    address: str
    page: str | None
    licence: str | None
    rights: str | None
    author: str | None
    checksum: str | None


def describe_files(
    http: Http, api: str, names: Iterable[str], *, size: int, pause: Callable[[float], object]
) -> dict[str, CommonsFile | str]:
    """What Commons knows of files, or for each the reason why it is of no use.

    Args:
        http: the way there.
        api: address of api.php.
        names: of the files, without ``File:``.
        size: wanted width in pixels; the next that Wikimedia has ready is taken.
        pause: waits so many seconds when the servers are behind.

    Raises:
        FetchError: Commons cannot be reached, or stays behind.
    """
    wanted = list(dict.fromkeys(names))
    described: dict[str, CommonsFile | str] = {}
    for start in range(0, len(wanted), FILES_AT_ONCE):
        part = wanted[start : start + FILES_AT_ONCE]
        pages, renamed = _ask(http, api, part, width=_width(size), pause=pause)
        for name in part:
            title = f"File:{name}"
            for _ in range(3):  # a spelling that is normalised may still be redirected
                title = renamed.get(title, title)
            described[name] = _read(pages.get(title))
    return described


def _width(size: int) -> int:
    return next((step for step in _STEPS if step >= size), _STEPS[-1])


def _ask(
    http: Http, api: str, names: list[str], *, width: int, pause: Callable[[float], object]
) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The pages by title, and which titles became which."""
    params: dict[str, str | int] = {
        "action": "query",
        "format": "json",
        "formatversion": 2,
        "redirects": 1,
        "prop": "imageinfo",
        "iiprop": "url|mime|sha1|extmetadata",
        "iiurlwidth": width,
        "iiextmetadatafilter": _ASKED,
        "iiextmetadatalanguage": "en",
        "titles": "|".join(f"File:{name}" for name in names),
        "maxlag": _LAG,
    }
    pages: dict[str, dict[str, Any]] = {}
    renamed: dict[str, str] = {}
    following: dict[str, str | int] | None = {}
    while following is not None:
        answer = _patiently(http, api, {**params, **following}, pause)
        query = object_of(answer.get("query"))
        for step in (*entries_of(query.get("normalized")), *entries_of(query.get("redirects"))):
            renamed[str(step.get("from"))] = str(step.get("to"))
        for page in entries_of(query.get("pages")):
            pages.setdefault(str(page.get("title")), {}).update(page)
        following = object_of(answer.get("continue")) or None
    return pages, renamed


def _patiently(http: Http, api: str, params: dict[str, str | int], pause: Callable[[float], object]) -> dict[str, Any]:
    """An answer that is none of MediaWiki's errors, which come with the status 200."""
    reason = None
    for _ in range(_ATTEMPTS):
        answer = ask_object(http, api, params)
        error = object_of(answer.get("error"))
        if not error:
            return answer
        reason = text_of(error.get("info")) or text_of(error.get("code"))
        if error.get("code") not in ("maxlag", "ratelimited", "readonly"):
            break
        pause(_LAG)
    raise FetchError(
        f"Commons answers: {reason}; run the same command again later, what is stored is kept.", address=api
    )


def _read(page: dict[str, Any] | None) -> CommonsFile | str:
    """One file, or why not."""
    found = entries_of(page.get("imageinfo")) if page else []
    if not found:
        return "Commons has no such file"
    info = found[0]
    kind = text_of(info.get("mime")) or "nothing that it names"
    if kind not in _RASTER:
        return f"the file is {kind}, not a picture of a painting"
    whole, scaled = text_of(info.get("url")), text_of(info.get("thumburl"))
    address = scaled or (whole if kind in _WHOLE else None)
    if address is None:
        return f"Commons gives no address for the file ({kind})"
    said = {name: text_of(object_of(value).get("value")) for name, value in object_of(info.get("extmetadata")).items()}
    licence = said.get("LicenseShortName")
    if (said.get("NonFree") or "").casefold() == "true":
        return f"licence: not free ({licence or 'fair use'})"
    if licence and normalise_licence(licence) == "PDM-1.0" and (said.get("Copyrighted") or "").casefold() == "true":
        return "licence: Commons calls the file both public domain and copyrighted"
    digest = text_of(info.get("sha1"))
    return CommonsFile(
        address=address,
        page=text_of(info.get("descriptionurl")),
        licence=normalise_licence(licence) if licence else None,
        rights=said.get("LicenseUrl") or said.get("UsageTerms") or licence,
        author=plain_text(said.get("Artist")),
        checksum=f"sha1:{digest}" if digest and address == whole else None,
    )
