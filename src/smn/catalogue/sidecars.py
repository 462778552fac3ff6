"""Movements as keywords: in XMP sidecars beside the pictures, or in the pictures' own XMP and IPTC, by Exiv2."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from smn.catalogue.answers_file import movement_name, outcome_name
from smn.catalogue.undo_journal import Result, WriteJournal, Written, write_each
from smn.errors import InputError
from smn.extras import require_extra
from smn.movements import find_movement, get_family
from smn.predict.jobs import locate
from smn.progress import Progress

_UTF8 = "\x1b%G"  # IPTC's mark that its texts are UTF-8 (IIM 4.2, 1:90)


class SidecarStyle(StrEnum):
    """How a sidecar is named."""

    FULL = "full"  # IMG.JPG.xmp: digiKam, darktable, and most others
    STEM = "stem"  # IMG.xmp: Lightroom, Bridge, Capture One


@dataclass(frozen=True)
class Keywords:
    """The keywords of one picture.

    Args:
        flat: for ``dc:subject`` and IPTC, such as ``smn:Impressionism``.
        levels: for the hierarchical fields, such as ``("smn", "Impressionist", "Impressionism")``.
    """

    flat: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]


def keywords_of(row: Mapping[str, Any], *, prefix: str = "smn") -> Keywords | None:
    """The keywords of a row: its movement below its family, or its family where only that is sure; None where neither.

    Args:
        row: from `smn.catalogue.answers_file.read_answers`.
        prefix: by which these keywords are told from a person's; empty for none.
    """
    start = (prefix,) if prefix else ()
    name = movement_name(row)
    movement = find_movement(row["movement"]) if row["movement"] else None
    family = row["family"] or (movement.family if movement else None)
    names = [*([get_family(family).name] if family else []), *([name] if name else [])]
    if not names:
        return None
    flat = f"{prefix}:{names[-1]}" if prefix else names[-1]
    return Keywords((flat,), ((*start, *names),))


def write_keywords(
    rows: Sequence[Mapping[str, Any]],
    journal: WriteJournal,
    *,
    style: SidecarStyle = SidecarStyle.FULL,
    embed: bool = False,
    prefix: str = "smn",
    progress: Progress | None = None,
) -> Result:
    """Write the keywords of rows; what a sidecar or a picture holds besides is kept.

    ``dc:subject``, ``lr:hierarchicalSubject`` and ``digiKam:TagsList`` are written, and IPTC keywords into pictures.
    Earlier keywords with the prefix are replaced.

    Args:
        rows: from `smn.catalogue.answers_file.read_answers`.
        journal: what writes, and can be undone.
        style: how sidecars are named.
        embed: write into the pictures instead of beside them.
        prefix: as for `keywords_of`.
        progress: called with what is done, how many rows are done, and of how many.

    Raises:
        MissingExtraError: the extra ``catalogue`` is not installed.
    """
    require_extra("catalogue", "exiv2")
    places = {row["path"]: locate(row["path"]) for row in rows}
    shared = Counter(_sidecar(place, style) for place in places.values())

    def write(row: Mapping[str, Any]) -> Written:
        place = places[row["path"]]
        target = place if embed else _sidecar(place, style)
        keywords = _check(row, place, prefix, shared=not embed and shared[target] > 1)
        return journal.find(target) or journal.write(target, _add(target, keywords, prefix, embed=embed))

    return write_each(rows, write, title="keywords", progress=progress)


def _sidecar(picture: Path, style: SidecarStyle) -> Path:
    return picture.with_suffix(".xmp") if style is SidecarStyle.STEM else picture.with_name(f"{picture.name}.xmp")


def _check(row: Mapping[str, Any], place: Path, prefix: str, *, shared: bool) -> Keywords:
    keywords = keywords_of(row, prefix=prefix)
    if keywords is None:
        raise InputError(f"There is no movement and no family to write ({outcome_name(row)}).")
    if "://" in row["path"] or not place.is_file():
        raise InputError("The picture is not there; run the command in the folder in which smn predict ran.")
    if shared:
        raise InputError("Another picture has the same sidecar; use --names full.")
    return keywords


def _add(target: Path, keywords: Keywords, prefix: str, *, embed: bool) -> bytes:
    """What the sidecar or the picture holds with the keywords added."""
    import exiv2

    exiv2.LogMsg.setLevel(exiv2.LogMsg.Level.mute)
    try:
        if target.exists():
            image = exiv2.ImageFactory.open(target.read_bytes())
            image.readMetadata()
        else:
            image = exiv2.ImageFactory.create(exiv2.ImageType.xmp)
        _set_xmp(exiv2, image.xmpData(), keywords, prefix)
        if embed:
            _set_iptc(exiv2, image.iptcData(), keywords, prefix)
        image.writeMetadata()
        stream = image.io()
        stream.open()
        with stream.mmap() as view:
            return bytes(view)
    except exiv2.Exiv2Error as error:
        what = "the picture" if embed else "the sidecar that is there"
        raise InputError(f"Exiv2 cannot write into {what} ({error}); it was left as it is.") from error


def _set_xmp(exiv2: Any, data: Any, keywords: Keywords, prefix: str) -> None:
    tags = ["/".join(map(_bare, one)) for one in keywords.levels]
    fields = {
        "Xmp.dc.subject": (exiv2.TypeId.xmpBag, keywords.flat, f"{prefix}:"),
        "Xmp.lr.hierarchicalSubject": (exiv2.TypeId.xmpBag, ["|".join(one) for one in keywords.levels], f"{prefix}|"),
        "Xmp.digiKam.TagsList": (exiv2.TypeId.xmpSeq, tags, f"{prefix}/"),
    }
    for key, (kind, ours, mark) in fields.items():
        found = data.findKey(exiv2.XmpKey(key))
        theirs = _texts(found.value()) if found != data.end() else []
        value = exiv2.XmpArrayValue(kind)
        for text in _merge(theirs, ours, mark if prefix else None):
            value.read(text)
        data[key] = value


def _bare(level: str) -> str:
    """A level without the sign that digiKam takes for the border between levels."""
    return level.replace("/", "-")


def _merge(theirs: Iterable[str], ours: Iterable[str], mark: str | None) -> list[str]:
    """A person's keywords in their order, then ours; earlier ones of ours, which begin with the mark, are left out."""
    kept = [text for text in theirs if mark is None or not text.startswith(mark)]
    return list(dict.fromkeys([*kept, *ours]))


def _texts(value: Any) -> list[str]:
    return [value.toString(at) for at in range(value.count())]


def _set_iptc(exiv2: Any, data: Any, keywords: Keywords, prefix: str) -> None:
    """IPTC keywords; in a file whose IPTC is not UTF-8, ours are written without accents, so that theirs stay right."""
    charset = data.findKey(exiv2.IptcKey("Iptc.Envelope.CharacterSet"))
    is_utf8 = data.empty() or (charset != data.end() and charset.value().toString() == _UTF8)
    if data.empty():
        data["Iptc.Envelope.CharacterSet"] = _UTF8
    _drop_ours(data, f"{prefix}:" if prefix else None, keywords.flat)
    for text in keywords.flat:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        added = exiv2.Iptcdatum(exiv2.IptcKey("Iptc.Application2.Keywords"))
        added.setValue(text if is_utf8 else plain)
        data.add(added)


def _drop_ours(data: Any, mark: str | None, flat: Sequence[str]) -> None:
    """Remove the keywords that a previous run wrote."""
    at = data.begin()
    while at != data.end():
        text = at.value().toString() if at.key() == "Iptc.Application2.Keywords" else None
        if text is not None and (text.startswith(mark) if mark else text in flat):
            at = data.erase(at)
        else:
            next(at)
