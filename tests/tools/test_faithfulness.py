import numpy as np
import pytest

from faithfulness import _mix, _rank_correlation, compare_maps, measure_curves
from smn.bundle import Bundle, read_bundle
from smn.errors import BundleError
from smn.examples import paint


def test_a_picture_is_changed_place_by_place_in_the_order_given() -> None:
    start, end = np.zeros((3, 8, 8), dtype=np.float32), np.ones((3, 8, 8), dtype=np.float32)
    steps = _mix(start, end, np.array([3, 0, 1, 2]), 2)
    assert steps.shape == (9, 3, 8, 8)
    assert steps[0].max() == 0
    assert steps[-1].min() == 1
    quarter = steps[2]
    assert quarter[:, 4:, 4:].min() == 1
    assert quarter.sum() == 3 * 16


def test_curves_begin_and_end_where_pictures_do() -> None:
    images = [paint("impressionism", seed=0), paint("cubism", seed=1)]
    done: list[int] = []
    curves = measure_curves(read_bundle(), images, on_picture=lambda count, _: done.append(count))
    assert [one.name for one in curves] == ["evidence", "random", "middle"]
    assert done == [1, 2]
    for one in curves:
        assert one.deletion.shape == one.insertion.shape == (9,)
        assert one.deletion[0] == pytest.approx(one.insertion[-1], abs=1e-4)
        assert one.deletion[-1] == pytest.approx(one.insertion[0], abs=1e-4)
        assert one.deletion[0] == pytest.approx(curves[0].deletion[0], abs=1e-4)
        assert len(one.deletion_area) == 2


def test_a_map_is_like_itself() -> None:
    bundle = read_bundle()
    found = compare_maps({"one": bundle, "same": bundle}, [paint("cubism", seed=1)])
    assert found["same"] == pytest.approx(1.0)
    assert _rank_correlation(np.arange(9.0).reshape(3, 3), -np.arange(9.0).reshape(3, 3)) == pytest.approx(-1.0)


def test_a_network_that_cannot_tell_is_said(tiny_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="cannot show where it looks"):
        measure_curves(tiny_bundle, [paint("cubism", seed=1)])
