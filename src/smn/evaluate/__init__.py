"""Measures how good a model is, honestly: intervals over artists, per source, beside baselines."""

from smn.bundle.row_reader import Failure
from smn.evaluate.baselines import measure_baselines
from smn.evaluate.evaluated_model import EvaluatedModel, open_colour_run
from smn.evaluate.evaluation import evaluate_model
from smn.evaluate.evaluation_sets import EvaluationSet, Predictions
from smn.evaluate.measure import measure, measure_figures
from smn.evaluate.metrics import Figure
from smn.evaluate.report import (
    FIGURES,
    BaselineReport,
    ClassReport,
    CoveragePoint,
    DataUse,
    GroupReport,
    Meaning,
    Model,
    Report,
    SetReport,
    Train,
    Use,
)
from smn.evaluate.report_writing import check_folder, write_report

__all__ = [
    "FIGURES",
    "BaselineReport",
    "ClassReport",
    "CoveragePoint",
    "DataUse",
    "EvaluatedModel",
    "EvaluationSet",
    "Failure",
    "Figure",
    "GroupReport",
    "Meaning",
    "Model",
    "Predictions",
    "Report",
    "SetReport",
    "Train",
    "Use",
    "check_folder",
    "evaluate_model",
    "measure",
    "measure_baselines",
    "measure_figures",
    "open_colour_run",
    "write_report",
]
