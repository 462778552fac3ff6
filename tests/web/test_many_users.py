"""Twenty people at once, each with a picture of their own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

import smn
from chromium import CHROMIUM, QUIET, needs_chromium
from service_process import Running
from smn.examples import list_examples, paint
from web_pictures import encode

pytestmark = needs_chromium
USERS = 20


def test_twenty_at_once_all_get_their_own_answer(web: Running) -> None:
    async_api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    names = list_examples()
    files = [encode(paint(names[user % len(names)], seed=100 + user, size=(320, 256))) for user in range(USERS)]

    async def come(browser: object, data: bytes) -> str:
        context = await browser.new_context(locale="en-GB")  # type: ignore[attr-defined]
        page = await context.new_page()
        page.set_default_timeout(120_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(web.address)
        await page.wait_for_selector(".smn-start")
        given = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": data}
        await page.locator("input[type=file]").set_input_files([given])
        await page.wait_for_selector(".smn-answer")
        said: str = await page.locator(".smn-answer").text_content()
        await context.close()
        assert errors == []
        return said

    async def come_together() -> list[str]:
        async with async_api.async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
            try:
                return await asyncio.gather(*(come(browser, data) for data in files))
            finally:
                await browser.close()

    # In a thread of its own, because the other tests' browser holds this one's event loop.
    with ThreadPoolExecutor(1) as thread:
        said = thread.submit(asyncio.run, come_together()).result()
    model = smn.load(threads=1)
    answers = [model.predict(data, top_k=5) for data in files]
    assert said == [str(answer) for answer in answers]
    assert len(set(said)) > 5
