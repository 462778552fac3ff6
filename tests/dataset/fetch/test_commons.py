from typing import Any

import pytest

from dataset.fetch.shapes.reading import answer_of, html_answer, quick_client
from dataset.fetch.shapes.wikidata_api import WikidataApi, file
from fetch_server import Answer, FetchServer, Request
from smn.dataset.fetch.sources.commons import CommonsFile, describe_files
from smn.errors import FetchError


def described(
    server: FetchServer, pages: dict[str, Any], names: list[str], *, size: int = 1024, **renamed: str
) -> dict[str, CommonsFile | str]:
    api = WikidataApi(server, [])
    api.files |= pages
    api.redirects |= {key.replace("_", " "): value for key, value in renamed.items()}
    with quick_client() as http:
        return describe_files(http, api.commons, names, size=size, pause=pytest.fail)


def one(server: FetchServer, **changes: Any) -> CommonsFile | str:
    return described(server, {"A b.jpg": file("A b.jpg", "https://upload", **changes)}, ["A b.jpg"])["A b.jpg"]


def test_a_file(server: FetchServer) -> None:
    assert one(server) == CommonsFile(
        address="https://upload/thumb/a/a2/A_b.jpg/1280px-A_b.jpg.jpg",
        page="https://commons.wikimedia.org/wiki/File:A_b.jpg",
        licence="PDM-1.0",
        rights="Public domain",
        author="Claude Monet",
        checksum=None,
    )


def test_spellings_and_redirects_are_followed(server: FetchServer) -> None:
    pages = {"New.jpg": file("New.jpg", "https://upload")}
    found = described(
        server, pages, ["old_name.jpg", "new.jpg", "gone.jpg"], Old_name_jpg="", **{"Old name.jpg": "New.jpg"}
    )
    assert isinstance(found["old_name.jpg"], CommonsFile)
    assert found["new.jpg"] == found["old_name.jpg"]
    assert found["gone.jpg"] == "Commons has no such file"


def test_fifty_files_at_a_time(server: FetchServer) -> None:
    names = [f"N {number}.jpg" for number in range(120)]
    found = described(server, {name: file(name, "https://upload") for name in names}, [*names, names[0]])
    assert len(found) == 120
    assert all(isinstance(entry, CommonsFile) for entry in found.values())
    assert [request.query["titles"].count("|") for request in server.requests] == [49, 49, 19]


def test_an_answer_in_parts_is_put_together(server: FetchServer) -> None:
    api = WikidataApi(server, [])
    whole = {"A.jpg": file("A.jpg", "https://upload"), "B.jpg": file("B.jpg", "https://upload")}

    def parts(request: Request) -> Answer:
        second = "iicontinue" in request.query
        later = "A.jpg" if second else "B.jpg"  # this one is without its particulars
        pages = [{**page, "imageinfo": page["imageinfo"]} for page in whole.values()]
        pages = [
            {key: value for key, value in page.items() if key != "imageinfo" or page["title"] != f"File:{later}"}
            for page in pages
        ]
        following = {} if second else {"continue": {"iicontinue": "B.jpg|2020", "continue": "||"}}
        return answer_of({**following, "query": {"pages": pages}})

    server.route("/w/api.php", parts)
    with quick_client() as http:
        found = describe_files(http, api.commons, list(whole), size=1024, pause=pytest.fail)
    assert all(isinstance(entry, CommonsFile) for entry in found.values())


@pytest.mark.parametrize(
    ("said", "licence", "rights"),
    [
        (
            {
                "LicenseShortName": "CC0",
                "LicenseUrl": "http://creativecommons.org/publicdomain/zero/1.0/deed.en",
                "Copyrighted": "True",
            },
            "CC0-1.0",
            "http://creativecommons.org/publicdomain/zero/1.0/deed.en",
        ),
        ({"LicenseShortName": "CC BY-SA 3.0 de", "UsageTerms": "Attribution"}, "CC BY-SA 3.0 de", "Attribution"),
        (
            {"LicenseShortName": "CC BY 4.0", "LicenseUrl": "https://creativecommons.org/licenses/by/4.0"},
            "CC-BY-4.0",
            "https://creativecommons.org/licenses/by/4.0",
        ),
        ({"LicenseShortName": None, "UsageTerms": None}, None, None),
        ({"LicenseShortName": "No restrictions", "UsageTerms": None}, "No restrictions", "No restrictions"),
    ],
)
def test_licences(server: FetchServer, said: dict[str, str | None], licence: str | None, rights: str | None) -> None:
    found = one(server, said=said)
    assert isinstance(found, CommonsFile)
    assert (found.licence, found.rights) == (licence, rights)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"NonFree": "true", "LicenseShortName": "Fair use"}, "licence: not free (Fair use)"),
        ({"Copyrighted": "True"}, "licence: Commons calls the file both public domain and copyrighted"),
    ],
)
def test_licences_that_do_not_hold(server: FetchServer, said: dict[str, str], reason: str) -> None:
    assert one(server, said=said) == reason


@pytest.mark.parametrize(
    ("kind", "usable"),
    [
        ("image/png", True),
        ("image/tiff", True),
        ("image/svg+xml", False),
        ("image/vnd.djvu", False),
        ("video/webm", False),
        (None, False),
    ],
)
def test_kinds_of_files(server: FetchServer, kind: str | None, usable: bool) -> None:
    found = one(server, mime=kind)
    assert isinstance(found, CommonsFile) == usable
    assert usable or "not a picture of a painting" in str(found)


def test_without_a_scaled_picture_the_whole_one_is_taken_if_it_is_fit(server: FetchServer) -> None:
    found = one(server, thumburl=None)
    assert isinstance(found, CommonsFile)
    assert found.address == "https://upload/a/a2/A_b.jpg"
    assert found.checksum == "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert one(server, thumburl=None, mime="image/tiff") == "Commons gives no address for the file (image/tiff)"
    assert one(server, extmetadata=None, sha1=None, thumburl=None) == CommonsFile(
        address="https://upload/a/a2/A_b.jpg",
        page="https://commons.wikimedia.org/wiki/File:A_b.jpg",
        licence=None,
        rights=None,
        author=None,
        checksum=None,
    )


@pytest.mark.parametrize(("size", "width"), [(300, "500"), (1024, "1280"), (1280, "1280"), (9000, "3840")])
def test_widths_are_those_that_wikimedia_serves(server: FetchServer, size: int, width: str) -> None:
    described(server, {}, ["A.jpg"], size=size)
    assert server.requests[0].query["iiurlwidth"] == width


def behind(server: FetchServer, times: int, *, code: str = "maxlag") -> WikidataApi:
    api = WikidataApi(server, [])
    late = answer_of({"error": {"code": code, "info": "Waiting for 10.64.32.21: 8.3 seconds lagged.", "lag": 8.3}})
    seen = iter(range(100))
    server.route("/w/api.php", lambda request: late if next(seen) < times else api.describe(request))
    return api


def test_we_step_aside_while_the_servers_are_behind(server: FetchServer) -> None:
    waits: list[float] = []
    api = behind(server, 3)
    with quick_client() as http:
        describe_files(http, api.commons, ["A.jpg"], size=1024, pause=waits.append)
    assert waits == [5, 5, 5]
    assert {request.query["maxlag"] for request in server.requests} == {"5"}


@pytest.mark.parametrize(("code", "times"), [("maxlag", 6), ("internal_api_error_DBQueryError", 1)])
def test_errors_that_stay(server: FetchServer, code: str, times: int) -> None:
    waits: list[float] = []
    api = behind(server, 99, code=code)
    with quick_client() as http, pytest.raises(FetchError, match=r"Waiting for .* again later"):
        describe_files(http, api.commons, ["A.jpg"], size=1024, pause=waits.append)
    assert len(server.requests) == times


def test_a_page_of_html_is_an_error(server: FetchServer) -> None:
    server.route("/w/api.php", html_answer())
    with quick_client() as http, pytest.raises(FetchError):
        describe_files(http, f"{server.address}/w/api.php", ["A.jpg"], size=1024, pause=pytest.fail)
