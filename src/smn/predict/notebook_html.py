"""How notebooks show an answer: the picture, what was answered, and a bar for each guess."""

import base64
import io
from html import escape
from pathlib import Path

from PIL import Image

from smn.errors import ImageError
from smn.images import ImageSource, is_address
from smn.predict.phrasing import write_percent
from smn.predict.prediction import Prediction

_SIDE = 260
"""The longer side, in pixels, of the picture that is shown, at most."""

_COLOUR = "#8a5a2b"


def show_prediction(prediction: Prediction, picture: Image.Image | None = None) -> str:
    """An answer as HTML that needs no other file.

    Args:
        prediction: the answer.
        picture: what was answered for; by default the file at the answer's path, if one is there.
    """
    if picture is None:
        picture = _read_file(prediction.path)
    rows = "".join(
        f'<tr><td style="text-align:left">{escape(guess.label)}</td><td style="text-align:left">'
        f'<div style="background:{_COLOUR};height:.8em;width:{160 * guess.probability:.0f}px"></div></td>'
        f"<td>{write_percent(guess.probability)}</td></tr>"
        for guess in prediction.predictions
    )
    table = f"<table>{rows}</table>" if rows else ""
    place = f"<div><small>{escape(prediction.path)}</small></div>" if prediction.path else ""
    shown = "" if picture is None else _inline(picture)
    said = f"<div><b>{escape(str(prediction))}</b>{place}{table}</div>"
    return f'<div style="display:flex;gap:1em;align-items:flex-start">{shown}{said}</div>'


def _read_file(path: str | None) -> Image.Image | None:
    if path is None or is_address(path) or not Path(path).is_file():
        return None
    try:
        return ImageSource(path).thumbnail(_SIDE)
    except ImageError:  # the answer says what is wrong with it
        return None


def _inline(picture: Image.Image) -> str:
    small = picture.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="the picture" src="data:image/jpeg;base64,{data}">'
