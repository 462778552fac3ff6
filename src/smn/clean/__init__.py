"""Finds wrong pictures and wrong labels, shows them to a person, and applies what the person decided."""

from smn.clean.check_runner import check_manifest
from smn.clean.checks import CHECKS, Advice, Check, get_check, list_checks
from smn.clean.findings import About, Findings, apply_thresholds, read_findings

__all__ = [
    "CHECKS",
    "About",
    "Advice",
    "Check",
    "Findings",
    "apply_thresholds",
    "check_manifest",
    "get_check",
    "list_checks",
    "read_findings",
]
