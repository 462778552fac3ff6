from smn.dataset.fingerprint import work_key


def test_works():
    assert work_key("Monet, Claude", "Gare St.-Lazare") == work_key("claude monet", "Gare St Lazare") is not None
    assert work_key("Claude Monet", "Untitled") is None
    assert work_key("Unknown", "The Colossus") is None
    assert work_key("Claude Monet", None) is None
