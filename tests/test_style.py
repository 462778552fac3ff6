import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image

from smn.errors import MissingExtraError
from smn.style import draw_picture, place_axes, write_title


def test_picture_has_its_size_and_leaves_settings_alone(tmp_path: Path) -> None:
    before = dict(mpl.rcParams)
    with draw_picture(tmp_path / "a.png", width=3, height=2) as figure:
        write_title(figure, "Title", "note")
        axes = place_axes(figure, left=0.5, bottom=0.5, right=0.5, top=0.5)
        assert axes.get_position().bounds == pytest.approx((1 / 6, 1 / 4, 2 / 3, 1 / 2))
    assert dict(mpl.rcParams) == before
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (480, 320)
        assert image.convert("RGB").getpixel((1, 1)) == (0xFA, 0xF8, 0xF4)


def test_missing_matplotlib_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    drawing = draw_picture(tmp_path / "a.png", width=1, height=1)
    with pytest.raises(MissingExtraError, match=r'pip install .*\[evaluate\]"'):
        drawing.__enter__()
