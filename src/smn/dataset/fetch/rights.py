"""What a licence is called, and whether it puts a picture into the public domain."""

import re

_PUBLIC_DOMAIN = ("CC0-1.0", "PDM-1.0")

_DEED = re.compile(r"creativecommons\.org/(?P<kind>licenses|publicdomain)/(?P<name>[a-z+-]+)/(?P<version>\d\.\d)", re.I)
_STATEMENT = re.compile(r"rightsstatements\.org/(?:vocab|page)/(?P<name>[A-Za-z-]+)/(?P<version>\d\.\d)", re.I)
_STATEMENTS = {
    name.casefold(): name
    for name in (
        *("InC", "InC-OW-EU", "InC-EDU", "InC-NC", "InC-RUU"),
        *("NoC-CR", "NoC-NC", "NoC-OKLR", "NoC-US", "CNE", "UND", "NKC"),
    )
}
_CC0 = re.compile(r"(?:cc|creative commons)[ -]?(?:0|zero)(?:[ -]?v?1\.0)?(?: universal)?", re.I)
_BY = re.compile(r"(?:cc|creative commons)[ -](?P<name>by(?:-(?:nc|sa|nd))*)(?:[ -]v?(?P<version>\d\.\d))?", re.I)
_MARK = re.compile(r"(?:cc[ -])?(?:pd|public domain|publicdomain|pdm)(?: mark)?(?:[ -]?1\.0)?", re.I)
_COMMONS = re.compile(r"pd-(?:art|old|scan)[a-z0-9-]*(?: ?\(pd-old[a-z0-9-]*\))?", re.I)


def normalise_licence(text: str) -> str:
    """The short name of a licence that is given as an address or in words.

    Creative Commons' deeds become names as SPDX writes them (``CC0-1.0``, ``CC-BY-SA-4.0``); a statement that a work
    is in the public domain becomes ``PDM-1.0``, after Creative Commons' Public Domain Mark; rightsstatements.org's
    addresses become its own codes (``NoC-US-1.0``).

    Args:
        text: the address or the words.

    Returns:
        The short name; words that are none of these, without blanks at their ends and otherwise unchanged.

    Example:
        >>> normalise_licence("https://creativecommons.org/publicdomain/zero/1.0/")
        'CC0-1.0'
    """
    text = text.strip()
    deed, statement = _DEED.search(text), _STATEMENT.search(text)
    if deed:
        return _deed(deed["kind"].casefold(), deed["name"].casefold(), deed["version"])
    if statement:
        return f"{_STATEMENTS.get(statement['name'].casefold(), statement['name'])}-{statement['version']}"
    plain = re.sub(r"[ _]+", " ", text)
    if _CC0.fullmatch(plain):
        return "CC0-1.0"
    if _MARK.fullmatch(plain) or _COMMONS.fullmatch(plain):
        return "PDM-1.0"
    by = _BY.fullmatch(re.sub(r"(?<=by|nc|sa|nd) (?=nc|sa|nd)", "-", plain, flags=re.I))
    if by:
        return "-".join(filter(None, ("CC", by["name"].upper(), by["version"])))
    return text


def is_public_domain(licence: str | None) -> bool:
    """Whether a licence puts a picture into the public domain everywhere: CC0 or the Public Domain Mark.

    Not so: works free of copyright in one country only (``NoC-US-1.0``, Commons' ``PD-US``), works whose use a contract
    or a law restricts (``NoC-CR``, ``NoC-NC``, ``NoC-OKLR``), "no known copyright restrictions" (``NKC``), and nothing.

    Args:
        licence: a short name, an address or words.
    """
    return licence is not None and normalise_licence(licence) in _PUBLIC_DOMAIN


def _deed(kind: str, name: str, version: str) -> str:
    if kind == "publicdomain":
        return {"zero": "CC0", "mark": "PDM"}.get(name, name.upper()) + f"-{version}"
    return f"CC-{name.upper()}-{version}"


def choose_licence(licence: str | None, rights: str | None) -> str | None:
    """The short name of a picture's licence: as the source names it, else as its rights statement is known.

    Args:
        licence: the source's licence, if it gives one.
        rights: the source's statement of rights, if it gives one; taken only where it is a known licence.
    """
    if licence:
        return normalise_licence(licence)
    if rights and (name := normalise_licence(rights)) != rights.strip():
        return name
    return None
