from pathlib import Path
from typing import Any

import pytest

from dataset.fetch.shapes.reading import (
    answer_of,
    assert_resumes,
    candidates,
    fetch_rows,
    flaws,
    html_answer,
    quick_client,
    read_pages,
    read_until_ill,
    then,
)
from dataset.fetch.shapes.wikidata_api import BAROQUE_PAINTING, CUBISM, IMPRESSIONISM, WikidataApi, Work, file
from fetch_server import Answer, FetchServer, Request
from smn.dataset.fetch.fetch_source import Candidate, Query
from smn.dataset.fetch.wikidata import CommonsFile, WikidataSource, describe_files
from smn.errors import FetchError, InputError

MONET = {"Q296": (IMPRESSIONISM,)}
ASKED = Query(movements=("impressionism",))


def painting(number: int, **known: Any) -> Work:
    return Work(
        number, **{"own": (IMPRESSIONISM,), "artists": MONET, "images": (f"Claude Monet {number}.jpg",)} | known
    )


def source(api: WikidataApi, waits: list[float] | None = None) -> WikidataSource:
    return WikidataSource(api.sparql, api.commons, pause=([] if waits is None else waits).append)


def one(server: FetchServer, *, query: Query = ASKED, **known: Any) -> Candidate | str:
    pages = read_pages(source(WikidataApi(server, [painting(328523, **known)])), query)
    return next(iter((candidates(pages) | flaws(pages)).values()))


def test_a_painting_is_read_from_both(server: FetchServer) -> None:
    api = f"{server.address}/wikipedia/commons"
    name = "Claude_Monet_328523.jpg"
    assert one(server) == Candidate(
        id="wikidata:Q328523",
        address=f"{api}/thumb/a/a2/{name}/1280px-{name}.jpg",
        page=f"https://commons.wikimedia.org/wiki/File:{name}",
        movement="Impressionism",
        label_kind="work",
        artist="Claude Monet",
        title="Impression, soleil levant",
        year=1872,
        museum="Musée d'Orsay",
        licence="PDM-1.0",
        rights="Public domain",
        attribution="Claude Monet, Impression, soleil levant, Musée d'Orsay, via Wikimedia Commons",
        wikidata_id="Q328523",
    )


def test_the_list_resumes_anywhere_over_movements_and_kinds(server: FetchServer) -> None:
    theirs = {"Q42": (CUBISM,)}
    works = [painting(number) for number in range(90, 190)]  # a hundred: the last page is full
    works += [painting(number, own=()) for number in range(200, 253)]
    works += [painting(number, own=(), artists=theirs) for number in (7, 1000)]
    pages = assert_resumes(source(WikidataApi(server, works)), Query(movements=("impressionism", "cubism")), pages=7)
    found = candidates(pages)
    assert len(found) == 155
    assert [page.cursor for page in pages][:3] == [
        "impressionism work 139",
        "impressionism work 189",
        "impressionism artist 0",
    ]
    assert {(entry.movement, entry.label_kind) for entry in found.values()} == {
        ("Impressionism", "work"),
        ("Impressionism", "artist"),
        ("Cubism", "artist"),
    }


def test_the_label_of_a_work_goes_before_that_of_its_artist(server: FetchServer) -> None:
    works = [painting(1, own=(CUBISM,)), painting(2, own=())]
    pages = read_pages(source(WikidataApi(server, works)), ASKED)
    assert list(candidates(pages)) == ["wikidata:Q2"]
    assert candidates(pages)["wikidata:Q2"].label_kind == "artist"


@pytest.mark.parametrize(("own", "kind"), [((IMPRESSIONISM, CUBISM), "work"), ((), "artist")])
def test_several_movements_are_a_flaw_that_is_told_once(server: FetchServer, own: tuple[str, ...], kind: str) -> None:
    works = [painting(1, own=own, artists={"Q5582": (IMPRESSIONISM, CUBISM)})]
    for movements in (("impressionism",), ("cubism", "impressionism"), ("impressionism", "cubism")):
        pages = read_pages(source(WikidataApi(server, works)), Query(movements=movements))
        assert not candidates(pages)
        assert [entry.id for page in pages for entry in page.entries] == ["wikidata:Q1"]
        assert flaws(pages) == {"wikidata:Q1": f"its {kind} has several movements: cubism, impressionism"}


def test_movements_that_smn_does_not_know_do_not_matter(server: FetchServer) -> None:
    found = one(server, own=("Q3326717", IMPRESSIONISM))
    assert isinstance(found, Candidate)
    assert found.movement == "Impressionism"


def test_a_label_that_smn_does_not_know_is_given_as_its_number(server: FetchServer, tmp_path: Path) -> None:
    works = [painting(1, own=(BAROQUE_PAINTING,))]
    api = WikidataApi(server, works)
    rows = fetch_rows(source(api), Query(movements=("baroque",)), tmp_path / "out")
    assert [(row["movement"], row["raw_label"]) for row in rows.values()] == [("baroque", BAROQUE_PAINTING)]


def test_what_is_missing_or_unknown_is_none(server: FetchServer) -> None:
    found = one(server, artists={"?a1b2": (IMPRESSIONISM,)}, title=None, dates=(), collections=("Q999999",), status=())
    assert isinstance(found, Candidate)
    assert (found.artist, found.title, found.year, found.museum) == (None,) * 4
    assert found.attribution == "Claude Monet, via Wikimedia Commons"  # whom Commons names


def test_nodes_without_a_name_are_no_values(server: FetchServer) -> None:
    api = WikidataApi(server, [painting(1)])

    def nameless(request: Request) -> Answer:
        answer = api.select(request)
        body = answer.body.replace(
            b'{"type": "uri", "value": "http://www.wikidata.org/entity/Q296"}', b'{"type": "bnode", "value": "t1"}'
        )
        assert body != answer.body or b'"bindings": []' in body
        return Answer(200, body, answer.headers)

    server.route("/sparql", nameless)
    assert candidates(read_pages(source(api), ASKED))["wikidata:Q1"].artist is None


def test_several_artists_and_collections(server: FetchServer) -> None:
    found = one(server, artists={"Q296": (), "Q23402": ()}, collections=("Q999999", "Q23402"))
    assert isinstance(found, Candidate)
    assert (found.artist, found.museum) == ("Claude Monet; Musée d'Orsay", "Musée d'Orsay")


@pytest.mark.parametrize(
    ("dates", "year"),
    [
        ((("1889-05-30T00:00:00Z", 11),), 1889),
        ((("+1889-00-00T00:00:00Z", 9),), 1889),
        ((("1880-01-01T00:00:00Z", 8),), 1880),  # the 1880s
        ((("1900-01-01T00:00:00Z", 7),), None),  # the 19th century
        ((("-0500-01-01T00:00:00Z", 9),), -500),
        ((("1875-01-01T00:00:00Z", 9), ("1872-01-01T00:00:00Z", 9)), 1872),
        ((("t1234567", 9),), None),
    ],
)
def test_years_are_taken_as_exactly_as_they_are_known(
    server: FetchServer, dates: tuple[tuple[str, int], ...], year: int | None
) -> None:
    found = one(server, dates=dates)
    assert isinstance(found, Candidate)
    assert found.year == year


@pytest.mark.parametrize(
    ("status", "free"),
    [((), True), (("Q19652",), True), (("Q19652", "Q50423863"), True), (("Q50423863",), False)],
)
def test_the_copyright_of_the_work(server: FetchServer, status: tuple[str, ...], free: bool) -> None:
    found = one(server, status=status)
    assert isinstance(found, Candidate) == free
    assert free or found == "licence: Wikidata says that the work is under copyright"


def test_a_free_picture_is_preferred_among_several(server: FetchServer) -> None:
    api = WikidataApi(server, [painting(1, images=("A guarded.jpg", "B drawing.svg", "C free.jpg"))])
    api.files["A guarded.jpg"]["imageinfo"][0]["extmetadata"]["LicenseShortName"]["value"] = "CC BY-SA 4.0"
    api.files["B drawing.svg"]["imageinfo"][0]["mime"] = "image/svg+xml"
    assert "C_free.jpg" in str(candidates(read_pages(source(api), ASKED))["wikidata:Q1"].address)
    del api.files["C free.jpg"]
    assert flaws(read_pages(source(api), ASKED)) == {
        "wikidata:Q1": "licence: CC-BY-SA-4.0, which is not the public domain"
    }


def test_the_service_running_out_of_time_is_asked_for_less(server: FetchServer) -> None:
    api = WikidataApi(server, [painting(number) for number in range(1, 26)])
    stack = b"SPARQL-QUERY: queryStr=SELECT ...\njava.util.concurrent.TimeoutException\n\tat java.util.concurrent"

    def slow(request: Request) -> Answer:
        return Answer(500, stack) if "LIMIT 50" in request.query["query"] else api.select(request)

    server.route("/sparql", slow)
    assert len(candidates(read_pages(source(api), ASKED))) == 25
    assert sum("LIMIT 50" in request.query.get("query", "") for request in server.requests) == 2  # once, with its retry


def test_a_good_beginning_with_a_stack_trace_behind_it(server: FetchServer) -> None:
    api = WikidataApi(server, [painting(1)])

    def broken(request: Request) -> Answer:
        whole = api.select(request)
        return (
            Answer(200, whole.body[:400] + b"\njava.util.concurrent.TimeoutException")
            if "LIMIT 50" in request.query["query"]
            else whole
        )

    server.route("/sparql", broken)
    assert list(candidates(read_pages(source(api), ASKED))) == ["wikidata:Q1"]


@pytest.mark.parametrize(
    "ill", [html_answer(), html_answer(403), Answer(429, b"", {"Retry-After": "0"}), Answer(500, b"")]
)
def test_a_service_that_falls_ill_can_be_continued(server: FetchServer, ill: Answer) -> None:
    api = WikidataApi(server, [painting(number) for number in range(1, 121)])
    server.route("/sparql", then(ill, api.select, at=1))
    pages = read_until_ill(source(api), ASKED)
    assert [page.cursor for page in pages] == ["impressionism work 50"]
    server.route("/sparql", api.select)
    assert len(candidates(read_pages(source(api), ASKED, cursor="impressionism work 50"))) == 70


def test_an_answer_without_results_is_nonsense(server: FetchServer) -> None:
    server.route("/sparql", Answer(200, b'{"boolean": true}'))
    with pytest.raises(FetchError, match="try again later"), quick_client() as http:
        next(WikidataSource(f"{server.address}/sparql").pages(http, ASKED))


@pytest.mark.parametrize(
    ("query", "fix"),
    [
        (Query(), "name one or more of"),
        (Query(movements=("impressionism", "northern-renaissance")), "northern-renaissance; choose from"),
        (Query(movements=("cubism",), search="x"), "leave the search out"),
        (Query(movements=("cubism",), address="https://x.org"), "leave it out"),
    ],
)
def test_what_it_cannot_do_is_refused(query: Query, fix: str) -> None:
    with pytest.raises(InputError, match=fix):
        WikidataSource().check(query)
    WikidataSource().check(Query(movements=("cubism", "impressionism"), public_domain=True))


@pytest.mark.parametrize("cursor", ["fauvism work 3", "impressionism work x", "17", ""])
def test_a_cursor_of_another_question_is_refused(server: FetchServer, cursor: str) -> None:
    with pytest.raises(InputError, match="the same movements as before"):
        read_pages(source(WikidataApi(server, [])), ASKED, cursor=cursor)


def test_it_is_asked_as_it_wants_to_be() -> None:
    assert WikidataSource().politeness.requests_per_second <= 1
    assert WikidataSource().politeness.connections <= 5


def test_fetched_into_a_folder(server: FetchServer, tmp_path: Path) -> None:
    works = [painting(1, title="Été"), painting(2, own=(), title="睡蓮"), painting(3, status=("Q50423863",))]
    rows = fetch_rows(source(WikidataApi(server, works)), ASKED, tmp_path / "out")
    assert set(rows) == {"Été", "睡蓮"}
    assert (rows["睡蓮"]["movement"], rows["睡蓮"]["label_kind"]) == ("impressionism", "artist")
    assert rows["Été"]["licence"] == "PDM-1.0"
    assert rows["Été"]["rights"] == "Public domain"
    assert rows["Été"]["wikidata_id"] == "Q1"
    assert rows["Été"]["page_url"] == "https://commons.wikimedia.org/wiki/File:Claude_Monet_1.jpg"
    assert rows["Été"]["attribution"] == "Claude Monet, Été, Musée d'Orsay, via Wikimedia Commons"


def described(
    server: FetchServer, pages: dict[str, Any], names: list[str], *, size: int = 1024, **renamed: str
) -> dict[str, CommonsFile | str]:
    api = WikidataApi(server, [])
    api.files |= pages
    api.redirects |= {key.replace("_", " "): value for key, value in renamed.items()}
    with quick_client() as http:
        return describe_files(http, api.commons, names, size=size, pause=pytest.fail)


def one_file(server: FetchServer, **changes: Any) -> CommonsFile | str:
    return described(server, {"A b.jpg": file("A b.jpg", "https://upload", **changes)}, ["A b.jpg"])["A b.jpg"]


def test_a_file(server: FetchServer) -> None:
    assert one_file(server) == CommonsFile(
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
    found = one_file(server, said=said)
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
    assert one_file(server, said=said) == reason


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
    found = one_file(server, mime=kind)
    assert isinstance(found, CommonsFile) == usable
    assert usable or "not a picture of a painting" in str(found)


def test_without_a_scaled_picture_the_whole_one_is_taken_if_it_is_fit(server: FetchServer) -> None:
    found = one_file(server, thumburl=None)
    assert isinstance(found, CommonsFile)
    assert found.address == "https://upload/a/a2/A_b.jpg"
    assert found.checksum == "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert one_file(server, thumburl=None, mime="image/tiff") == "Commons gives no address for the file (image/tiff)"
    assert one_file(server, extmetadata=None, sha1=None, thumburl=None) == CommonsFile(
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
