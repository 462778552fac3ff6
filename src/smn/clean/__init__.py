"""Finds wrong pictures and wrong labels, shows them to a person, and applies what the person decided."""

from smn.clean.checks import CHECKS, Advice, Check, get_check, list_checks

__all__ = ["CHECKS", "Advice", "Check", "get_check", "list_checks"]
