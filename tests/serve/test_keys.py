from pathlib import Path

import pytest

from smn.errors import InputError
from smn.serve.keys import RateLimiter, find_key, make_key, read_keys


def test_keys_are_kept_as_hashes(tmp_path: Path) -> None:
    key, line = make_key("museum", rate=60)
    assert key not in line
    (tmp_path / "keys").write_text(f"# remark\n\n{line}\n")
    keys = read_keys(tmp_path / "keys")
    found = find_key(keys, key)
    assert found is not None
    assert (found.name, found.rate) == ("museum", 60)
    assert find_key(keys, key + "a") is None
    assert find_key(keys, None) is None
    (tmp_path / "keys").write_text(f"museum {key} 60\n")
    with pytest.raises(InputError, match="line 1: a line is a name, a key's hash and a rate"):
        read_keys(tmp_path / "keys")
    with pytest.raises(InputError, match="without blanks"):
        make_key("a museum")


def test_a_rate_is_a_rate() -> None:
    limiter = RateLimiter()
    assert [limiter.wait("a", 60, now=0.0) == 0 for _ in range(16)] == [True] * 15 + [False]
    assert limiter.wait("b", 60, now=0.0) == 0.0
    wait = limiter.wait("a", 60, now=0.0)
    assert 0 < wait <= 1
    assert limiter.wait("a", 60, now=1.01) == 0.0
    assert limiter.wait("a", 0, now=0.0) == 0.0
