import pytest

from smn.errors import MissingExtraError
from smn.scale.extra import require_scale


def test_what_is_installed_is_no_trouble() -> None:
    require_scale("ray", "pandas", "optuna", "torch", "matplotlib")


@pytest.mark.parametrize(("module", "package"), [("ray", r"ray\[tune\]"), ("optuna", "optuna")])
def test_what_is_missing_is_one_sentence(module: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smn.scale.extra.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=rf'needs {package}, .* pip install .*\[scale\]"'):
        require_scale(module)
