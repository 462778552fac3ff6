"""Pictures: from bytes to an upright RGB image, a rectified painting, and the network's input."""

from smn.images.decoding import (
    DEFAULT_LIMITS,
    FORMATS,
    SUFFIXES,
    ImageSource,
    Limits,
    Picture,
    open_image,
    read_undecoded,
)

__all__ = ["DEFAULT_LIMITS", "FORMATS", "SUFFIXES", "ImageSource", "Limits", "Picture", "open_image", "read_undecoded"]
