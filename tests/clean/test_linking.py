from itertools import pairwise
from pathlib import Path

from measured_sets import measure_set, write_set
from smn.clean.linking import HELD_OUT, link_rows
from smn.examples import paint


def test_groups_reach_through_rows_that_see_each_other(tmp_path: Path) -> None:
    whole = paint("cubism", seed=4, size=(420, 240))
    left, right = whole.crop((0, 0, 240, 240)), whole.crop((190, 0, 420, 240))
    rows = [(left, {"split": "train"}), (right, {"split": "test"}), (paint("pop-art", seed=1, size=(240, 200)), {})]
    measured = measure_set(write_set(tmp_path / "own", rows))
    held_out = measure_set(write_set(tmp_path / "other", [(whole, {})]))
    linked = link_rows(measured, held_out=held_out)
    assert linked.groups == [[0, 1, 3], [0, 1, 3], [2], [0, 1, 3]]
    assert linked.places == ["train", "test", None, HELD_OUT]
    assert linked.ids[3] == "other-0"
    assert {link.row for link in linked.links[3] if link.score < 0.5} == {0, 1}
    assert all(a.score <= b.score for links in linked.links for a, b in pairwise(links))
