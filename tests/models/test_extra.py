import sys

import pytest

from smn.errors import MissingExtraError
from smn.models.extra import _PACKAGES, require_colour


def test_what_the_extra_brings_is_there() -> None:
    require_colour(*_PACKAGES)


@pytest.mark.parametrize(("module", "package"), _PACKAGES.items())
def test_what_is_missing_is_named_with_the_line_that_installs_it(
    module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=package) as caught:
        require_colour(module)
    assert 'pip install "smn[colour]"' in str(caught.value)
