"""Pictures: from bytes to an upright RGB image, a rectified painting, and the network's input."""

from smn.images.decoding import FORMATS, SUFFIXES, ImageSource, open_image
from smn.images.picture_input import DEFAULT_LIMITS, Limits, Picture, is_address, picture_name, read_undecoded

__all__ = [
    "DEFAULT_LIMITS",
    "FORMATS",
    "SUFFIXES",
    "ImageSource",
    "Limits",
    "Picture",
    "is_address",
    "open_image",
    "picture_name",
    "read_undecoded",
]
