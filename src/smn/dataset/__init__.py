"""From folders and tables of pictures to a manifest, its splits and its description."""

from smn.dataset.allotting import Rules
from smn.dataset.describing import Description, Spread, describe_manifest
from smn.dataset.growing import add_to_dataset
from smn.dataset.growth import Growth
from smn.dataset.importer import import_dataset
from smn.dataset.labels import LabelMap, suggest_movements
from smn.dataset.leakage import Leakage, Shared, check_leakage, compare_manifests, find_leakage
from smn.dataset.report import Duplicate, ImportReport, TaxonomyCount, Unmapped
from smn.dataset.rows import Failed, Row, Source
from smn.dataset.sheet import draw_sheet
from smn.dataset.splitting import SplitReport, share_folds, split_manifest
from smn.manifest.identity import artist_key, work_key
from smn.manifest.writer import rewrite_manifest

__all__ = [
    "Description",
    "Duplicate",
    "Failed",
    "Growth",
    "ImportReport",
    "LabelMap",
    "Leakage",
    "Row",
    "Rules",
    "Shared",
    "Source",
    "SplitReport",
    "Spread",
    "TaxonomyCount",
    "Unmapped",
    "add_to_dataset",
    "artist_key",
    "check_leakage",
    "compare_manifests",
    "describe_manifest",
    "draw_sheet",
    "find_leakage",
    "import_dataset",
    "rewrite_manifest",
    "share_folds",
    "split_manifest",
    "suggest_movements",
    "work_key",
]
