from pathlib import Path

from click.testing import CliRunner

from smn.cli import main
from smn.examples import list_examples
from smn.images import open_image


def test_examples_are_painted_and_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "demo"
    folder.mkdir(parents=True)
    kept = [folder / f"{name}-0.jpg" for name in list_examples() if name != "impressionism"]
    for file in kept:
        file.write_bytes(b"mine")
    result = CliRunner().invoke(main, ["examples", str(folder)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{len(list_examples())} pictures in {folder}; next: smn predict {folder}\n"
    assert {file.read_bytes() for file in kept} == {b"mine"}
    assert {file.stem for file in folder.iterdir()} == {f"{name}-0" for name in list_examples()}
    assert open_image(folder / "impressionism-0.jpg").size == (640, 512)


def test_a_wrong_seed_or_count_is_wrong_input(tmp_path: Path) -> None:
    for arguments, sentence in ((["--seed", "-1"], "The seed -1 is negative"), (["--count", "0"], "--count")):
        result = CliRunner().invoke(main, ["examples", str(tmp_path / "demo"), *arguments])
        assert result.exit_code == 2
        assert sentence in result.stderr
