"""Counting what was found: worked through by hand."""

import json

import pytest

from cleaning_benchmark.planting import Planted
from cleaning_benchmark.scoring import Share, score_findings

PLANTED = (
    Planted("b1", "blurred", "blurred"),
    Planted("b2", "blurred", "blurred"),
    Planted("p1", "photograph", "not_a_painting"),
    Planted("c1", "mirrored", "near_duplicate", of="o1"),
    Planted("c2", "detail", "near_duplicate", of="o2"),
)


def test_recall_and_precision() -> None:
    flagged = {"blurred": ["b1", "p1", "n1", "n2"], "near_duplicate": ["o1", "n3"], "dark": ["n4"], "label": []}
    proof = score_findings(flagged, PLANTED, before={"blurred": ["n1", "b1"]})
    faults = {one.fault: one for one in proof.faults}
    assert faults.keys() == {"blurred", "mirrored", "detail"}, "photographs were not looked for"
    assert (faults["blurred"].found, faults["mirrored"].found, faults["detail"].found) == (
        Share(1, 2),
        Share(1, 1),  # its original was flagged in its place
        Share(0, 1),
    )
    checks = {one.check: one for one in proof.checks}
    blurred = checks["blurred"]
    assert (blurred.findings, blurred.other, blurred.before) == (4, 1, 1)
    assert blurred.precision == Share(1, 3), "the photograph is no false alarm"
    assert blurred.precision_new == Share(1, 2), "nor new is what was flagged before"
    assert checks["near_duplicate"].precision == Share(1, 2)
    assert checks.keys() == {"blurred", "near_duplicate"}


def test_found_by_any_check() -> None:
    proof = score_findings({"blurred": [], "dark": ["b1"]}, PLANTED[:2])
    (fault,) = proof.faults
    assert (fault.found, fault.found_by_any) == (Share(0, 2), Share(1, 2))


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(5, 10, 0.2366, 0.7634), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0)]
)
def test_wilson_intervals(part: int, whole: int, low: float, high: float) -> None:
    assert Share(part, whole).interval == pytest.approx((low, high), abs=1e-4)


def test_nothing_planted_has_no_share() -> None:
    assert (Share(0, 0).value, Share(0, 0).interval) == (None, None)
    assert score_findings({"dark": ["a"]}, ()).checks == ()


def test_the_proof_is_plain_data() -> None:
    plain = json.loads(json.dumps(score_findings({"blurred": ["b1"]}, PLANTED).to_dict()))
    assert plain["checks"][0]["found"]["value"] == 0.5
    assert len(plain["checks"][0]["found"]["interval"]) == 2
