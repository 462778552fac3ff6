"""From folders and tables of pictures to a manifest, its splits and its description."""

from smn.dataset.contact_sheet import draw_sheet
from smn.dataset.description import Description, Spread, describe_manifest
from smn.dataset.frozen_split import SplitRules
from smn.dataset.importer import import_dataset
from smn.dataset.label_map import LabelMap, suggest_movements
from smn.dataset.leakage import Leakage, Shared, check_leakage, compare_manifests, find_leakage
from smn.dataset.merge import add_to_dataset
from smn.dataset.reports import Duplicate, ImportReport, MergeReport, TaxonomyCount, Unmapped
from smn.dataset.sources import Failed, Row, Source
from smn.dataset.splitting import SplitReport, share_folds, split_manifest
from smn.manifest.identity import artist_key, work_key
from smn.manifest.writer import rewrite_manifest

__all__ = [
    "Description",
    "Duplicate",
    "Failed",
    "ImportReport",
    "LabelMap",
    "Leakage",
    "MergeReport",
    "Row",
    "Shared",
    "Source",
    "SplitReport",
    "SplitRules",
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
