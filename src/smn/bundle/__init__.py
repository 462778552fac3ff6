"""Bundles: what ``bundle.json`` says, and running a bundle's network over pictures or rows of a manifest."""

from smn.bundle.bundle_json import (
    DEFAULT,
    SCHEMA,
    Bundle,
    file_sha256,
    list_models,
    read_bundle,
    write_bundle,
)

__all__ = ["DEFAULT", "SCHEMA", "Bundle", "file_sha256", "list_models", "read_bundle", "write_bundle"]
