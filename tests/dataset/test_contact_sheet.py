import pytest
from PIL import Image, ImageFont

from smn.dataset.contact_sheet import draw_sheet
from smn.errors import InputError, OutputExistsError, UnknownNameError
from smn.manifest import NOT_A_PAINTING

PAPER = (0xFA, 0xF8, 0xF4)


@pytest.fixture
def table(manifest):
    rows = [{"movement": "naive-art", "split": "train"} for _ in range(12)]
    return manifest([*rows, {"movement": NOT_A_PAINTING}, {"movement": "my-own"}, {"path": "gone.png"}], pictures=True)


def test_a_row_for_each_movement(table, tmp_path):
    with Image.open(draw_sheet(table, tmp_path / "deep/sheet.png")) as sheet:
        assert sheet.format == "PNG"
        assert sheet.width == 1800
        assert sheet.getpixel((0, 0)) == PAPER
        tall = sheet.height
        assert len(set(sheet.crop((400, 120, 1700, 300)).get_flattened_data())) > 20
    with Image.open(draw_sheet(table, tmp_path / "train.png", split="train")) as sheet:
        assert sheet.height == tall - 3 * 192


def test_the_seed_decides(table, tmp_path):
    images = [
        draw_sheet(table, tmp_path / f"{n}.png", seed=seed, per_movement=3).read_bytes()
        for n, seed in enumerate((0, 0, 1))
    ]
    assert images[0] == images[1] != images[2]


def test_a_panorama_is_cropped(manifest, paint, tmp_path):
    table = manifest([{"movement": "cubism"}], pictures=True)
    (table.file.parent / "images/0.png").write_bytes(paint(1, (2000, 100)))
    with Image.open(draw_sheet(table, tmp_path / "sheet.png")) as sheet:
        assert sheet.getpixel((56 + 300 + 239, 200)) != PAPER
        assert sheet.getpixel((56 + 300 + 241, 200)) == PAPER


def test_without_a_font_of_the_system(table, tmp_path, monkeypatch):
    def missing(*_):
        raise OSError

    monkeypatch.setattr(ImageFont, "truetype", missing)
    monkeypatch.setattr(ImageFont, "load_default", lambda _: ImageFont.load_default_imagefont())
    assert draw_sheet(table, tmp_path / "sheet.png").is_file()


def test_what_cannot_be_drawn(table, tmp_path, write):
    mine = write("mine.png", b"mine")
    with pytest.raises(OutputExistsError):
        draw_sheet(table, mine)
    assert mine.read_bytes() == b"mine"
    with pytest.raises(InputError, match="9 pictures a movement cannot be drawn; choose 1 to 8"):
        draw_sheet(table, tmp_path / "s.png", per_movement=9)
    with pytest.raises(InputError, match="no row to draw in split val"):
        draw_sheet(table, tmp_path / "s.png", split="val")
    with pytest.raises(UnknownNameError):
        draw_sheet(table, tmp_path / "s.png", split="dev")
