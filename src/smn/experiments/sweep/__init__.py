"""Many trainings at once, on this machine or on a cluster. Needs the extra ``scale``; reading sweeps does not."""

from smn.experiments.sweep.sweep_file import Metric, Search, Sweep, read_sweep

__all__ = ["Metric", "Search", "Sweep", "read_sweep"]
