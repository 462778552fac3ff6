"""From a run to a bundle; needs the extra ``train``."""

from smn.export.exporter import Agreement, export_run

__all__ = ["Agreement", "export_run"]
