import pytest

from smn.dataset.fetch.rights import choose_licence, is_public_domain, normalise_licence

NAMES = {
    "https://creativecommons.org/publicdomain/zero/1.0/": "CC0-1.0",
    "http://creativecommons.org/publicdomain/zero/1.0/deed.en": "CC0-1.0",
    "https://creativecommons.org/publicdomain/mark/1.0/": "PDM-1.0",
    "https://creativecommons.org/licenses/by-sa/4.0/": "CC-BY-SA-4.0",
    "http://creativecommons.org/licenses/by-nc-nd/3.0/de": "CC-BY-NC-ND-3.0",
    "http://rightsstatements.org/vocab/NoC-US/1.0/": "NoC-US-1.0",
    "https://rightsstatements.org/page/InC/1.0/?language=en": "InC-1.0",
    "http://rightsstatements.org/vocab/noc-us/1.0/": "NoC-US-1.0",
    "CC0": "CC0-1.0",
    "cc0": "CC0-1.0",
    "CC-0": "CC0-1.0",
    "CC0 1.0": "CC0-1.0",
    "CC0 1.0 Universal": "CC0-1.0",
    "CC0-1.0": "CC0-1.0",
    "Creative Commons Zero": "CC0-1.0",
    "Public domain": "PDM-1.0",
    "  public domain ": "PDM-1.0",
    "Public Domain Mark 1.0": "PDM-1.0",
    "PDM-1.0": "PDM-1.0",
    "pd": "PDM-1.0",
    "PD-Art (PD-old-100-expired)": "PDM-1.0",
    "PD-old-70": "PDM-1.0",
    "CC BY 4.0": "CC-BY-4.0",
    "cc-by-sa-3.0": "CC-BY-SA-3.0",
    "CC BY-NC-SA 2.0": "CC-BY-NC-SA-2.0",
    "CC BY": "CC-BY",
    "Creative Commons BY SA 4.0": "CC-BY-SA-4.0",
}
OTHERS = [
    "© Tate", "PD-US", "Public domain in the United States", "No known copyright restrictions", "0", "zero", "",
    "all rights reserved", "non-commercial, fair use", "PD-Art (PD-US)",
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_licences_in_any_spelling_have_one_name(text: str, name: str) -> None:
    assert normalise_licence(text) == name
    assert normalise_licence(name) == name


@pytest.mark.parametrize("text", OTHERS)
def test_other_words_stay_as_they_are(text: str) -> None:
    assert normalise_licence(f" {text} ") == text
    assert not is_public_domain(text)


def test_only_cc0_and_the_mark_are_public_domain_everywhere() -> None:
    free = {name for name in NAMES.values() if is_public_domain(name)}
    assert free == {"CC0-1.0", "PDM-1.0"}
    assert not is_public_domain(None)
    for code in ("NoC-US", "NoC-NC", "NoC-CR", "NoC-OKLR", "NKC", "UND", "InC"):
        assert not is_public_domain(f"http://rightsstatements.org/vocab/{code}/1.0/")


def test_rights_serve_where_no_licence_is_given_and_they_are_one() -> None:
    assert choose_licence("CC0", "© Museum") == "CC0-1.0"
    assert choose_licence(None, "https://creativecommons.org/publicdomain/mark/1.0/") == "PDM-1.0"
    assert choose_licence(None, "Photo: the museum") is None
    assert choose_licence(None, None) is None
