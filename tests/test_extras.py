import sys

import pytest

from smn.errors import MissingExtraError
from smn.extras import _PACKAGES, require_extra


def test_what_is_installed_is_fine() -> None:
    require_extra("all", *_PACKAGES)


@pytest.mark.parametrize(("module", "package"), _PACKAGES.items())
@pytest.mark.parametrize("extra", ["colour", "data"])
def test_what_is_missing_is_one_sentence_with_the_pip_line(
    extra: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf'{package}, which is not installed; run: pip install .*\[{extra}\]"'):
        require_extra(extra, module)
