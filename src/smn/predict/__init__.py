"""Answers for pictures. Needs neither torch nor any extra."""

from smn.predict.analysis import Analysis
from smn.predict.model import Model, load
from smn.predict.prediction import FamilyGuess, Guess, Outcome, Prediction, RecognizedWork, Rectified

__all__ = [
    "Analysis",
    "FamilyGuess",
    "Guess",
    "Model",
    "Outcome",
    "Prediction",
    "RecognizedWork",
    "Rectified",
    "load",
]
