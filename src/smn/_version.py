"""The version of smn, by itself, so that every module may tell it."""

__version__ = "0.2.0"
