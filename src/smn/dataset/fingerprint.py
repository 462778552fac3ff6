"""The key by which two rows are recognised as the same work; see `smn.duplicates` for the same picture."""

from smn.artists import artist_key
from smn.movements import normalise

_ANY_TITLE = {
    *("untitled", "notitle", "unknown", "nan", "none", "abstract", "abstraction", "composition"),
    *("portrait", "selfportrait", "portraitofaman", "portraitofawoman", "landscape", "stilllife", "waterlilies"),
}


def work_key(artist: str | None, title: str | None) -> str | None:
    """A work by its artist and title; None without either, and for titles that many works share."""
    who, what = artist_key(artist), normalise(title or "")
    return f"{who}: {what}" if who and what and what not in _ANY_TITLE else None
