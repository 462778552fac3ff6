from click.testing import CliRunner

from smn.bundle import list_models, read_bundle
from smn.cli import main


def test_the_models_inside_the_package_are_listed() -> None:
    result = CliRunner().invoke(main, ["models"], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    for name in list_models():
        bundle = read_bundle(name)
        assert bundle.name in result.output
        assert f"{bundle.model_file.stat().st_size / 1e6:.1f} MB" in result.output
        assert f"{bundle.metrics['val_top1']:.1%} of {bundle.metrics['val_pictures']:,}" in " ".join(
            result.output.split()
        )
    assert "see the model card" in result.output
    assert " ms " in result.output
    quick = CliRunner().invoke(main, ["models", "--no-speed"], env={"COLUMNS": "160"})
    assert quick.exit_code == 0
    assert " ms " not in quick.output
