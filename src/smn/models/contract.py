"""What the networks of every kind have in common."""

from smn.models.classifier import Classifier as StatisticsClassifier
from smn.models.network import PooledClassifier

Classifier = StatisticsClassifier | PooledClassifier
"""A network of any kind."""
