"""Writes the page of one bundle as a folder of static files, which any web server can serve."""

import hashlib
import io
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from smn.browser.onnxruntime_web import FILES, find_runtime
from smn.bundle import Bundle
from smn.errors import OutputExistsError
from smn.movements import Label, Taxonomy, get_family
from smn.movements.translation import translate_family
from smn.predict.phrasing import list_languages, name_guess, read_texts
from smn.predict.prediction import Guess

_PAGE = Path(__file__).parent / "page"
_WORKER = "service_worker.js"
_ICONS = (192, 512)
_LARGE = ("bundle.json", "model.onnx", "runtime/ort-wasm-simd-threaded.wasm")
"""What the page loads with its own progress bar, in the order in which it takes them."""


def build_page(bundle: Bundle, out: Path, *, runtime: Path | None = None) -> Path:
    """Write a page that answers in the browser with a bundle's network.

    Args:
        bundle: any bundle.
        out: the page's folder; it must not exist, or be empty.
        runtime: a folder with ONNX Runtime Web, see `find_runtime`; None for the cache or npm.

    Returns:
        The page's ``index.html``. It has to be served over https, or from this machine: browsers keep pages for later
        and run workers only there.

    Raises:
        OutputExistsError: there is something in ``out``.
        InputError, FetchError: as for `find_runtime`.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputExistsError(out)
    files = find_runtime(runtime)
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".partial-{secrets.token_hex(4)}-{out.name}")
    try:
        shutil.copytree(_PAGE, partial)
        for size in _ICONS:
            (partial / f"icon-{size}.png").write_bytes(_draw_icon(size))
        (partial / "runtime").mkdir()
        for name in FILES:
            shutil.copyfile(files / name, partial / "runtime" / name)
        for name in ("bundle.json", "model.onnx"):
            shutil.copyfile(bundle.folder / name, partial / name)
        _write_site(bundle, partial)
        os.replace(partial, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out / "index.html"


def _write_site(bundle: Bundle, folder: Path) -> None:
    """Write what depends on all the others: the manifest, ``site.json`` and the service worker's list of files."""
    _write_json(folder / "manifest.webmanifest", _make_manifest())
    site = {
        "model": bundle.name, "licence": bundle.licence,
        "load": {name: (folder / name).stat().st_size for name in _LARGE},
        **list_words(bundle.taxonomy),
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(site).encode())
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    for name in names:
        digest.update(name.encode() + (folder / name).read_bytes())
    version = f"smn-{digest.hexdigest()[:16]}"
    _write_json(folder / "site.json", site | {"version": version})
    kept = ["./", "site.json", *(name for name in names if name not in {*_LARGE, _WORKER})]
    text = (folder / _WORKER).read_text(encoding="utf-8")
    text = text.replace('const VERSION = "";', f"const VERSION = {json.dumps(version)};")
    text = text.replace("const FILES = [];", f"const FILES = {json.dumps(kept)};")
    (folder / _WORKER).write_text(text, encoding="utf-8")


def list_words(taxonomy: Taxonomy) -> dict[str, Any]:
    """The texts of answers, see `read_texts`, and the names of a taxonomy's movements and families, by language."""
    labels = taxonomy.labels
    return {
        "phrasing": read_texts(),
        "movements": {label.id: _name_label(label) for label in labels},
        "families": {label.family: _name_family(label.family) for label in labels},
    }


def _name_label(label: Label) -> dict[str, str]:
    """A label's family, and its name in each language."""
    guess = Guess(label.id, label.name, 0.0)
    return {"family": label.family, **{language: name_guess(guess, language) for language in list_languages()}}


def _name_family(family_id: str) -> dict[str, str]:
    family = get_family(family_id)
    names = {language: translate_family(family, language).name for language in list_languages()}
    return {"colour": family.colour, **names}


def _make_manifest() -> Mapping[str, Any]:
    icons = [{"src": f"icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png"} for size in _ICONS]
    return {
        "name": "smn: the movement of a painting", "short_name": "smn", "start_url": "./", "scope": "./", "id": "./",
        "display": "standalone", "background_color": "#FAF8F4", "theme_color": "#FAF8F4", "icons": icons,
    }  # fmt: skip


def _draw_icon(size: int) -> bytes:
    """Three strokes on paper, as PNG."""
    image = Image.new("RGB", (size, size), "#FAF8F4")
    draw = ImageDraw.Draw(image)
    for place, (colour, height) in enumerate((("#0072B2", 0.5), ("#E69F00", 0.62), ("#8A4B2D", 0.42))):
        left, top = size * (0.2 + 0.21 * place), size * (1 - height) / 2
        draw.rounded_rectangle((left, top, left + size * 0.17, size - top), radius=size * 0.05, fill=colour)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _write_json(file: Path, data: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
