"""The pages of the service: where one starts, and the API's description, which asks nothing of another host."""

from html import escape
from importlib.resources import files
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from smn._version import __version__
from smn.service.service_settings import ServiceSettings

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>smn {version}</title><style>
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem;
       color: #2b2723; background: #faf8f4 }}
a {{ color: #8a5a2b }}
pre {{ background: #fff; border: 1px solid #ddd5c8; padding: .8rem; overflow-x: auto; font-size: 14px }}
@media (prefers-color-scheme: dark) {{ body {{ color: #eee7dd; background: #1d1a17 }} a {{ color: #d9a66f }}
  pre {{ background: #2b2723; border-color: #4a433c }} }}
</style></head><body>
<h1>smn {version}</h1>
<p>This service tells which artistic movement a painting belongs to, how sure it is, and why.</p>
<h2>Try it</h2>
<form id="try"><label>A picture: <input type="file" name="file" accept="image/*" required></label>
<button>Ask</button></form><p id="said" aria-live="polite"></p>
<details id="more" hidden><summary>The whole answer, as JSON</summary><pre id="answer"></pre></details>
<p>From a shell:</p>
<pre>curl --data-binary @painting.jpg {address}v1/predict</pre>
<h2>More</h2>
<ul>{links}</ul>
<script>
document.getElementById("try").addEventListener("submit", async (event) => {{
  event.preventDefault();
  const [said, more] = ["said", "more"].map((id) => document.getElementById(id));
  said.textContent = "…";
  more.hidden = true;
  try {{
    const body = new FormData(event.target);
    const answer = await (await fetch("v1/predict", {{ method: "POST", body }})).json();
    said.textContent = answer.answers?.[0].sentence ?? answer.detail;
    document.getElementById("answer").textContent = JSON.stringify(answer, null, 2);
    more.hidden = false;
  }} catch (error) {{
    said.textContent = String(error);
  }}
}});
</script></body></html>
"""

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)


def add_pages(app: FastAPI, settings: ServiceSettings) -> None:
    """Add the start page and, where the settings serve it, the API's description.

    Args:
        app: the application.
        settings: of the service.
    """
    links = [("v2/health/ready", "Health", "whether a picture sent now would be answered"),
             ("v1/movements", "Movements", "everything that smn knows of them"),
             ("metrics", "Metrics", "numbers for Prometheus")]  # fmt: skip
    if settings.docs:
        links.insert(0, ("docs", "API", "every route, to read and to try; also as openapi.json"))
        _add_docs(app)

    @app.get("/", include_in_schema=False)
    async def start(request: Request) -> HTMLResponse:
        items = "".join(
            f'<li><a href="{place}">{escape(name)}</a>: {escape(about)}.</li>' for place, name, about in links
        )
        page = _PAGE.format(version=escape(__version__), links=items, address=escape(str(request.base_url)))
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


def _add_docs(app: FastAPI) -> None:
    folder = Path(str(files("fastapi_offline"))) / "static"
    app.mount("/docs/static", StaticFiles(directory=folder), name="docs-static")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return get_swagger_ui_html(
            openapi_url="openapi.json", title="smn API", swagger_js_url="docs/static/swagger-ui-bundle.js",
            swagger_css_url="docs/static/swagger-ui.css", swagger_favicon_url="docs/static/favicon.png",
        )  # fmt: skip
