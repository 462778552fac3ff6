"""The page as people meet it: a real server, a real model, a real browser."""

import base64
import csv
import io
import json

import numpy as np
import openpyxl
import pytest
from PIL import Image

import smn
from awkward_files import UNREADABLE
from camera import take_photograph
from chromium import needs_chromium
from smn.examples import draw_other, paint
from smn.movements import list_movements
from smn.predict.phrasing import phrase
from smn.service.records import Records
from smn.similar import read_index
from smn.web.charts import list_dots
from smn.web.words import Words
from web_pictures import encode

pytestmark = needs_chromium
EN = Words("en")
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "locale": "fr-FR"}


def upload(page, *files):
    """Give files, each (name, bytes), to the page."""
    page.wait_for_function("document.querySelectorAll('input[type=file]').length === 1")  # the last one may linger
    kinds = {"txt": "text/plain", "heic": ""}  # browsers have no name for what a telephone writes
    given = [
        {"name": name, "mimeType": kinds.get(name.rpartition(".")[2], "image/jpeg"), "buffer": data}
        for name, data in files
    ]
    page.locator("input[type=file]").set_input_files(given)


def expect(locator):
    """Waits for what is asserted, because the page draws one thing after the other."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    sync_api.expect.set_options(timeout=60_000)
    return sync_api.expect(locator)


def answer_of(page):
    page.wait_for_selector(".smn-answer")
    return page.locator(".smn-answer").text_content()


def expected(data, words=EN):
    return phrase(smn.load(threads=1).predict(data, top_k=5), words.language).sentence


def shown(page, kind="base"):
    """What the page shows as the picture."""
    picture = page.locator(f"img.{kind}[src^='data:image']")
    picture.wait_for(state="attached")
    source = picture.get_attribute("src")
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB")


def alike(one, other):
    """How alike two pictures are, -1..1."""
    first, second = (np.asarray(image.convert("L").resize((48, 48)), dtype=float).ravel() for image in (one, other))
    return np.corrcoef(first, second)[0, 1]


def test_an_uploaded_painting_is_answered_as_everywhere_else(visit, painting, shoot):
    page = visit()
    shoot(page, "start")
    upload(page, ("a < b & c.jpg", painting))
    assert answer_of(page) == expected(painting)
    expect(page.locator(".smn-bars li")).to_have_count(5)
    assert alike(shown(page), Image.open(io.BytesIO(painting))) > 0.99
    assert page.locator("img.base").get_attribute("alt") == EN("picture.alt", name="a < b & c.jpg")
    page.get_by_text("mean?").click()
    page.get_by_text("Checked on famous works").wait_for()
    shoot(page, "answer", height=1500)


def test_a_turned_photograph_is_shown_upright(visit):
    upright = paint("neo-impressionism", seed=1)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    page = visit()
    upload(page, ("turned.jpg", encode(upright.transpose(Image.Transpose.ROTATE_90), exif=exif)))
    answer_of(page)
    assert alike(shown(page), upright) > 0.98


def test_a_painting_on_a_wall_is_straightened_and_need_not_be(visit, shoot):
    photograph = take_photograph(paint("ukiyo-e", seed=0), seed=1).image
    page = visit()
    upload(page, ("wall.jpg", encode(photograph)))
    answer_of(page)
    page.get_by_text(EN("picture.found")).wait_for()
    straight = shown(page)
    assert alike(straight, paint("ukiyo-e", seed=0)) > 0.7
    page.get_by_label(EN("picture.original")).check()
    expect(page.locator("img.whole")).to_be_visible()
    expect(page.locator("img.base")).to_be_hidden()
    assert alike(shown(page, "whole"), photograph) > 0.98
    shoot(page, "on-a-wall")
    page.get_by_text(EN("picture.straight")).click()
    page.locator(".photographed").wait_for(state="hidden")
    assert alike(shown(page), photograph) > 0.98


def test_evidence_is_laid_over_the_picture_for_any_guess(visit, painting, shoot):
    page = visit()
    upload(page, ("a.jpg", painting))
    answer_of(page)
    slider = page.get_by_role("slider")
    assert page.locator("img.over").evaluate("one => one.style.opacity") == "0"
    slider.focus()
    for _ in range(16):
        page.keyboard.press("ArrowRight")
    assert page.locator("img.over").evaluate("one => one.style.opacity") == "0.8"
    before = page.locator("img.over").get_attribute("src")
    choice = page.get_by_label(EN("picture.why_of"))
    names = choice.locator("option").all_inner_texts()
    assert len(names) == 5
    shoot(page, "why")
    choice.select_option(label=names[2])
    page.wait_for_function("before => document.querySelector('img.over')?.src !== before", arg=before)
    page.get_by_text(EN("picture.why_help", movement=names[2])).wait_for()
    assert page.locator("img.over").evaluate("one => one.style.opacity") == "0.8"


@pytest.mark.parametrize(("motion", "moving"), [("no-preference", 1), ("reduce", 0)])
def test_evidence_shows_itself_for_a_moment_and_has_a_button(visit, painting, motion, moving):
    page = visit(reduced_motion=motion)
    upload(page, ("a.jpg", painting))
    over = page.locator("img.over[src^='data:image']")
    over.wait_for(state="attached")
    # Not counting the fade of the slider's changes.
    shows = "one => one.getAnimations().filter(each => !(each instanceof CSSTransition)).length"
    assert over.evaluate(shows) == moving
    button = page.get_by_role("button", name=EN("picture.why"))
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert over.evaluate("one => one.style.opacity") == "0.8"
    button.click()
    assert over.evaluate("one => one.style.opacity") == "0"


def test_an_answer_is_gone_back_to_reloaded_and_shared(visit, painting):
    page = visit()
    upload(page, ("a.jpg", painting))
    said = answer_of(page)
    page.wait_for_function("location.search.includes('answer=')")
    address = page.url
    page.reload()
    page.get_by_text(EN("kept.note")).wait_for()
    assert answer_of(page) == said
    page.get_by_role("button", name=EN("again.one")).click()
    page.wait_for_selector(".smn-start")
    page.go_back()
    page.get_by_text(EN("kept.note")).wait_for()
    assert answer_of(page) == said
    other = visit(address.partition("/?")[2] and f"?{address.partition('/?')[2]}")
    assert answer_of(other) == said
    with other.expect_download() as waiting:
        other.get_by_role("button", name=EN("keep.png")).click()
    with Image.open(waiting.value.path()) as card:
        assert card.format == "PNG"


def test_what_is_no_painting_is_said_kindly_and_classified_if_wished(visit, shoot):
    page = visit()
    text = encode(draw_other("text-page"), "PNG")
    upload(page, ("page.png", text))
    assert answer_of(page) == expected(text)
    assert answer_of(page).startswith("This does not look like a painting")
    shoot(page, "not-a-painting")
    page.get_by_role("button", name=EN("answer.anyway")).click()
    page.wait_for_function("said => document.querySelector('.smn-answer')?.textContent !== said", arg=expected(text))
    page.get_by_text("mean?").wait_for()


@pytest.mark.parametrize("name", ["truncated.jpg", "bomb.png", "text.jpg", "dot.png", "empty.jpg"])
def test_a_bad_file_is_said_to_be_bad_and_the_page_goes_on(visit, painting, name):
    page = visit()
    upload(page, (name, UNREADABLE[name].make()))
    trouble = page.get_by_role("alert")
    trouble.wait_for()
    assert trouble.locator("p").inner_text() in {
        EN(f"bad.{kind}", megabytes=20, pixels=40) for kind in ("type", "large", "truncated", "tiny", "image")
    }
    page.get_by_role("button", name=EN("again.one")).click()
    page.wait_for_selector(".smn-start")
    upload(page, ("good.jpg", painting))
    assert answer_of(page) == expected(painting)


def test_a_file_that_is_too_large_is_not_sent_and_the_page_says_so(visit, painting):
    page = visit(locale="fr-FR")
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "upload_file" in request.url else None)
    upload(page, ("<b>large.jpg", b"\xff\xd8" + bytes(21_000_000)))
    french = Words("fr")
    told = page.get_by_role("alert")
    told.wait_for()
    assert french("bad.heading", name="<b>large.jpg") in told.inner_text()
    assert french("bad.large", megabytes=20, pixels=40) in told.inner_text()
    assert sent == []
    # Beside a good one it is named as well, with its own reason.
    upload(page, ("good.jpg", painting), ("huge.jpg", b"\xff\xd8" + bytes(21_000_000)), ("notes.txt", b"hello"))
    assert answer_of(page) == expected(painting, french)
    refused = page.locator("p[role=alert]")
    refused.nth(1).wait_for()
    reasons = refused.all_inner_texts()
    assert len(reasons) == 2
    assert "huge.jpg" in reasons[0]
    assert french("bad.type") in reasons[1]
    # A new start names them no more.
    page.get_by_role("button", name=french("again.one")).click()
    page.wait_for_selector(".smn-start")
    refused.first.wait_for(state="hidden")


def test_a_picture_of_a_telephone_is_read(visit, painting):
    pillow_heif = pytest.importorskip("pillow_heif", reason="the extra heic is not installed")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(Image.open(io.BytesIO(painting))).save(buffer, quality=90)
    page = visit()
    upload(page, ("phone.heic", buffer.getvalue()))
    assert answer_of(page) == expected(buffer.getvalue())


def test_several_pictures_become_a_gallery_a_table_and_a_file(visit, painting, shoot):
    names = ("ukiyo-e", "pop-art", "fauvism")
    files = [(f"{name}.jpg", encode(paint(name))) for name in names] + [("=broken.jpg", b"no picture")]
    page = visit()
    upload(page, *files)
    page.wait_for_selector(".smn-table")
    page.wait_for_function("document.querySelectorAll('.smn-table tbody tr').length === 4")
    rows = page.locator(".smn-table tbody tr").all_inner_texts()
    for (name, data), row in zip(files[:3], rows, strict=False):
        assert name in row
        assert expected(data) in row
    assert EN("bad.type") in rows[3]
    shoot(page, "several", height=1200)
    with page.expect_download() as download:
        page.get_by_role("button", name=EN("many.save_csv")).click()
    table = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["outcome"] for row in table][3] == "error"
    answers = [smn.load(threads=1).predict(data, top_k=5) for _, data in files[:3]]
    assert [row["guess_1"] for row in table[:3]] == [answer.predictions[0].movement for answer in answers]
    assert not table[3]["path"].startswith("=")
    page.locator("[class*=st-key-smn-one-1] button").first.click()
    assert answer_of(page) == expected(files[1][1])
    page.get_by_role("button", name=EN("many.back")).click()
    page.wait_for_selector(".smn-table")


def test_a_gallery_is_selected_in_saved_and_compared(visit, shoot):
    names = ("ukiyo-e", "pop-art", "fauvism")
    page = visit()
    upload(page, *((f"{name}.jpg", encode(paint(name))) for name in names))
    page.wait_for_function("document.querySelectorAll('.smn-table tbody tr').length === 3")
    boxes = page.get_by_text(EN("many.select"), exact=True)
    for at in (0, 2):
        boxes.nth(at).click()
        page.get_by_text(EN("many.selected", count=1 + at // 2)).wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name=EN("many.save_xlsx")).click()
    sheet = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes())).active
    assert [row[0].value for row in sheet.iter_rows()] == ["path", "ukiyo-e.jpg", "fauvism.jpg"]
    with page.expect_download() as download:
        page.get_by_role("button", name=EN("many.save_html")).click()
    report = download.value.path().read_text(encoding="utf-8")
    assert "fauvism.jpg" in report
    assert "pop-art.jpg" not in report
    page.get_by_role("button", name=EN("many.compare")).click()
    page.wait_for_function("document.querySelectorAll('h2.smn-answer').length === 2")
    said = page.locator("h2.smn-answer").all_text_contents()
    assert said == [expected(encode(paint(name))) for name in ("ukiyo-e", "fauvism")]
    expect(page.locator(".smn-palette")).to_have_count(2)
    expect(page.get_by_role("button", name=EN("picture.why"))).to_have_count(2)
    page.wait_for_timeout(3500)  # the evidence shows itself
    shoot(page, "compared", height=1200)
    assert faults(page) == []


def test_a_picture_is_kept_if_it_is_asked_for_and_found_by_its_address(visit, web, shoot):
    data = encode(paint("fauvism", seed=31))
    page = visit()
    upload(page, ("holiday.jpg", data))
    said = answer_of(page)
    folder = web.folder / "data" / "smn" / "kept"
    assert not folder.exists() or not list(folder.iterdir())
    page.get_by_role("button", name=EN("share.keep", days=7)).click()
    page.wait_for_function("location.search.includes('kept=')")
    assert [file.read_bytes() for file in folder.iterdir()] == [data]
    other = visit(f"?{page.url.partition('/?')[2]}")
    assert answer_of(other) == said
    assert alike(shown(other), paint("fauvism", seed=31)) > 0.99
    assert "holiday" not in other.content()
    other.get_by_text(EN("share.kept", until="")[:40]).wait_for()
    shoot(other, "kept", height=1200)
    other.get_by_role("button", name=EN("share.delete")).click()
    other.wait_for_function("!location.search.includes('kept=')")
    assert list(folder.iterdir()) == []
    page.reload()
    page.get_by_text(EN("share.gone")).wait_for()
    assert answer_of(page) == said  # without the picture


def test_the_camera_is_not_mirrored(visit, shoot):
    page = visit()
    page.get_by_role("button", name=EN("start.camera")).click()
    page.get_by_role("button", name=EN("camera.start")).click()
    page.get_by_role("button", name=EN("camera.shoot")).wait_for()
    assert page.locator("video").evaluate("one => getComputedStyle(one).transform") == "none"
    page.wait_for_timeout(500)
    shoot(page, "camera")
    page.get_by_role("button", name=EN("camera.shoot")).click()
    answer_of(page)
    scene = paint("ukiyo-e", size=(640, 480))
    assert alike(shown(page), scene) > 0.9
    assert alike(shown(page), scene) > alike(shown(page), scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT)) + 0.2


def test_an_address_is_looked_at_and_a_wrong_one_is_named(visit, pictures):
    page = visit()
    page.get_by_role("button", name=EN("start.address")).click()
    field = page.get_by_label(EN("start.address_label"))
    field.fill(f"{pictures}/missing.jpg")
    page.get_by_role("button", name=EN("start.address_go")).click()
    page.get_by_role("alert").wait_for()
    assert EN("bad.address") in page.get_by_role("alert").inner_text()
    field.fill(f"{pictures}/pop-art.jpg")
    page.get_by_role("button", name=EN("start.address_go")).click()
    assert answer_of(page) == expected(encode(paint("pop-art")))


def test_feedback_is_kept_with_the_answer(visit, web):
    first, second = (encode(paint("fauvism", seed=seed)) for seed in (11, 12))
    page = visit()
    upload(page, ("first.jpg", first))
    answer_of(page)
    page.get_by_role("button", name=EN("feedback.yes")).click()
    page.get_by_text(EN("feedback.thanks")).wait_for()
    page.get_by_role("button", name=EN("again.one")).click()
    page.wait_for_selector(".smn-start")
    upload(page, ("second.jpg", second))
    answer_of(page)
    page.get_by_role("button", name=EN("feedback.no")).click()
    which = page.get_by_label(EN("feedback.which"))
    which.click()
    which.press_sequentially("Expressionism")  # the list shows a part of its options
    page.get_by_role("option", name="Expressionism", exact=True).click()
    page.get_by_label(EN("feedback.more")).fill("the lines")
    page.get_by_text(EN("feedback.keep")).click()
    page.get_by_role("button", name=EN("feedback.send")).click()
    page.get_by_text(EN("feedback.thanks")).wait_for()
    records = Records(f"sqlite:///{web.folder}/data/smn/smn.db", images=web.folder / "kept")
    said = [one for one in records.list_feedback() if one["text"] == "the lines" or one["verdict"] == "agree"]
    records.close()
    assert [(one["verdict"], one["movement"]) for one in said] == [("agree", None), ("disagree", "expressionism")]
    assert said[0]["prediction"]["image"] is None
    assert (web.folder / "kept" / said[1]["prediction"]["image"]).read_bytes() == second
    # Nothing of the sender's file but its content's hash.
    assert "first.jpg" not in json.dumps(said)


def test_french_is_spoken_to_whom_asks_for_it(visit, painting, shoot):
    french = Words("fr")
    page = visit(locale="fr-FR")
    assert page.locator("h1").inner_text() == french("start.heading")
    page.wait_for_function("document.documentElement.lang === 'fr'")
    upload(page, ("tableau.jpg", painting))
    assert answer_of(page) == expected(painting, french)
    shoot(page, "answer-french", height=1500)
    page.get_by_text("EN", exact=True).click()
    page.wait_for_function(
        "said => document.querySelector('.smn-answer')?.textContent === said", arg=expected(painting)
    )
    assert visit("?lang=fr").locator("h1").inner_text() == french("start.heading")


def test_a_phone_gets_one_column_and_nothing_moves_sideways(visit, painting, shoot):
    page = visit(**(PHONE | {"locale": "en-GB", "device_scale_factor": 2}))
    shoot(page, "phone-start", height=1300)
    upload(page, ("a.jpg", painting))
    answer_of(page)
    page.locator("img.base").wait_for()
    tops = [
        page.locator(one).bounding_box()["y"]
        for one in ("img.base", ".smn-answer", ".smn-bars", ".smn-palette", "[role=tablist]")
    ]
    assert tops == sorted(tops)
    shoot(page, "phone-answer", height=2600)
    assert sideways(page) == []
    for path in ("explore", "explore?movement=cubism", "how", "review"):
        assert sideways(visit(path, viewport={"width": 390, "height": 844})) == []


def test_at_twice_the_size_nothing_is_cut_off(visit, painting):
    # A window of 1280 pixels at 200 %.
    page = visit(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    upload(page, ("a.jpg", painting))
    answer_of(page)
    assert sideways(page) == []


def sideways(page):
    """What stands out of the window on the right, but in places that may be moved sideways."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.stApp *')].filter(one => {
            const box = one.getBoundingClientRect();
            return box.width && box.right > window.innerWidth + 1 && getComputedStyle(one).visibility === 'visible'
              && !one.closest('.smn-table, [role=tablist], .smn-aside, .smn-timeline');
        }).map(one => one.outerHTML.slice(0, 120))"""
    )


def test_the_keyboard_is_enough(visit):
    page = visit()
    # From the first example by its name to the answer, without a mouse.
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText")[:7] == "Ukiyo-e":
            break
    assert (
        page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).boxShadow"
        )
        != "nonenone"
    )
    page.keyboard.press("Enter")
    assert answer_of(page).startswith("Ukiyo-e")


@pytest.mark.parametrize(
    ("look", "options"), [("light", {}), ("dark", {"color_scheme": "dark"}), ("phone-french", PHONE)]
)
def test_nothing_keeps_anybody_out(visit, painting, look, options, shoot):
    """axe-core finds nothing on any page, in any section."""
    words = Words(options.get("locale", "en")[:2])
    page = visit(**options)
    page.locator("[data-testid=stBaseButton-secondary][aria-label]").first.wait_for()
    assert faults(page) == []
    upload(page, ("a.jpg", painting), ("b.jpg", encode(paint("ukiyo-e"))), ("c.jpg", b"broken"))
    page.wait_for_selector(".smn-table")
    assert faults(page) == []
    page.locator("[class*=st-key-smn-one-0] button").first.click()
    answer_of(page)
    for section in ("time", "alike", "look", "listen"):
        page.get_by_role("tab", name=words(f"section.{section}")).click()
        page.wait_for_timeout(500)
        assert faults(page) == [], section
        shoot(page, f"{section}-{look}", height=1900)
    page.get_by_role("button", name=words("feedback.no")).click()
    page.get_by_label(words("feedback.which")).wait_for()
    assert faults(page) == []
    for path in ("explore", "explore?movement=cubism", "how", "review"):
        other = visit(path, **options)
        other.wait_for_timeout(500)
        assert faults(other) == [], path
        shoot(other, f"{path.partition('?')[0]}-{look}", height=1600)


def faults(page):
    from axe_playwright_python.sync_playwright import Axe

    kinds = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = Axe().run(page, options={"runOnly": kinds}).response["violations"]
    return [(one["id"], [node["html"][:200] for node in one["nodes"]]) for one in found]


def test_movements_are_explored_by_links_that_can_be_kept(visit, shoot):
    page = visit("explore")
    page.locator(".smn-timeline a[data-movement=cubism]").click()
    page.wait_for_function("location.search === '?movement=cubism'")
    page.get_by_text("Pablo Picasso").first.wait_for()
    page.locator(".smn-near a[data-movement=futurism]").click()
    page.wait_for_function("location.search.includes('futurism')")
    page.get_by_text("Umberto Boccioni").first.wait_for()
    page.go_back()
    page.wait_for_function("document.querySelector('h1')?.innerText === 'Cubism'")
    page.get_by_role("link", name=EN("explore.back")).click()
    page.wait_for_function("said => document.querySelector('h1')?.innerText === said", arg=EN("explore.heading"))
    count = len(list_movements())
    page.wait_for_function("count => document.querySelectorAll('.smn-timeline a').length === count", arg=count)


def test_a_dot_of_the_map_says_its_work_and_shows_it(visit):
    page = visit("explore?movement=ukiyo-e")
    index = read_index()
    dots = list_dots(index, "ukiyo-e")
    expect(page.get_by_role("img", name=f"A map of {len(index):,} works")).to_be_visible()
    page.locator(".frame").scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    box, (x, y, *_) = page.locator(".frame img").bounding_box(), dots[len(dots) // 2]
    left, top = (1000 * x + 24) / 1048 * box["width"], (700 * (1 - y) + 24) / 748 * box["height"]
    page.mouse.move(box["x"] + left, box["y"] + top)
    tip = page.locator(".tip")
    tip.wait_for(state="visible")
    assert tip.inner_text() in {one[3] or EN("alike.untitled") for one in dots}
    page.locator(".frame").focus()
    shown = page.locator(".smn-works li").count()
    page.mouse.click(box["x"] + left, box["y"] + top)
    page.wait_for_function("count => document.querySelectorAll('.smn-works li').length === count + 1", arg=shown)
    # The keyboard goes from dot to dot.
    before = tip.inner_text()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(tip).not_to_have_text(before)


def test_the_map_of_an_answer_has_a_star_where_its_picture_stands(visit, painting, shoot):
    page = visit()
    upload(page, ("a.jpg", painting))
    image, star = page.locator(".frame img"), page.locator(".frame .star")
    star.scroll_into_view_if_needed()
    page.wait_for_function("image => image.naturalWidth > 0", arg=image.element_handle())
    box, mark = image.bounding_box(), star.bounding_box()
    assert box["x"] < mark["x"] + mark["width"] / 2 < box["x"] + box["width"]
    assert box["y"] < mark["y"] + mark["height"] / 2 < box["y"] + box["height"]
    assert 0.04 < mark["width"] / box["width"] < 0.06
    shoot(page, "star", height=1700)
    page.goto(page.url.partition("?")[0] + "explore")
    page.locator(".frame img").wait_for()
    expect(star).to_be_hidden()


def test_the_quiz_asks_says_what_was_right_and_counts(visit):
    page = visit("explore")
    page.locator(".smn-riddle").wait_for()
    buttons = page.locator(".st-key-smn-options button")
    expect(buttons).to_have_count(4)
    buttons.first.click()
    page.locator("p[role=status] a[data-movement]").wait_for()
    said = page.locator("[data-testid=stHtml] p[role=status]").first.inner_text()
    right = said.startswith("Right")
    page.get_by_text(EN("quiz.score", right=int(right), asked=1)).wait_for()
    before = page.locator(".smn-riddle").get_attribute("src")
    page.get_by_role("button", name=EN("quiz.next")).click()
    page.wait_for_function("before => document.querySelector('.smn-riddle')?.src !== before", arg=before)
    expect(buttons.first).to_be_enabled()  # the buttons come after the picture


def test_pages_are_reached_from_each_other(visit):
    page = visit()
    for name, heading in (("how", "how.heading"), ("explore", "explore.heading")):
        page.get_by_role("link", name=EN(f"page.{name}")).click()
        page.wait_for_function("said => document.querySelector('h1')?.innerText === said", arg=EN(heading))
    assert page.get_by_role("link", name=EN("page.review")).count() == 0  # there is nothing to review here
    page.get_by_role("link", name="smn").click()
    page.wait_for_selector(".smn-start")
