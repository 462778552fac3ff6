"""Photographs of paintings as visitors take them, made from scans: the test of `smn.images.rectify`.

A painting is framed, hung on a wall and photographed: passe-partout and frame, perspective, uneven light, a shadow,
glare, blur, noise, a colour cast and JPEG. Everything is drawn from a seed.
"""

import io
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.float32]
Corners = NDArray[np.float64]

_SIDE = 640
"""Longer side of the painting before it is photographed, in pixels."""


@dataclass(frozen=True)
class Photograph:
    """A photograph of a painting on a wall.

    Args:
        image: what the camera gives, RGB, 1200 x 900 or 900 x 1200 pixels.
        corners: (4, 2), where the painting's own corners are, without its frame: x, y in pixels, clockwise from the
            upper left.
    """

    image: Image.Image
    corners: Corners


def take_photograph(painting: Image.Image, *, seed: int) -> Photograph:
    """Photograph a painting; the same painting and seed give the same photograph.

    Args:
        painting: an upright RGB picture.
        seed: 0 or more.
    """
    random = np.random.default_rng([seed, 20])
    scale = _SIDE / max(painting.size)
    size = (max(8, round(painting.width * scale)), max(8, round(painting.height * scale)))
    canvas = np.asarray(painting.resize(size, Image.Resampling.LANCZOS), dtype=np.float32)
    framed, inner = _frame(canvas, random)
    across, down = (1200, 900) if random.random() < 0.6 else (900, 1200)
    place = _hang((framed.shape[1], framed.shape[0]), (across, down), random)
    scene = _wall((across, down), random)
    scene = _mount(scene, framed, place, random)
    scene = _light(scene, random)
    corners = cv2.perspectiveTransform(inner[None], place)[0]
    return Photograph(_develop(scene, random), corners.astype(np.float64))


def _frame(canvas: Pixels, random: np.random.Generator) -> tuple[Pixels, Corners]:
    """The canvas (h, w, 3) with passe-partout and frame, and where its corners are in it."""
    short = min(canvas.shape[:2])
    picture = canvas
    if random.random() < 0.25:
        paper = random.uniform(215, 250) + random.uniform(-6, 6, size=3)
        picture = _border(picture, round(short * random.uniform(0.03, 0.12)), paper)
    kind = random.random()
    if kind > 0.2:
        wide = round(short * random.uniform(0.02, 0.12))
        picture = _border(picture, wide, _frame_colour(random), profile=_profile(wide, random))
        if random.random() < 0.4:
            lip = max(1, round(short * random.uniform(0.005, 0.02)))
            picture = _border(picture, lip, _frame_colour(random))
    left, top = (picture.shape[1] - canvas.shape[1]) / 2, (picture.shape[0] - canvas.shape[0]) / 2
    right, bottom = left + canvas.shape[1], top + canvas.shape[0]
    return picture, np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _frame_colour(random: np.random.Generator) -> NDArray[np.float64]:
    colours = [(176, 141, 72), (120, 84, 48), (60, 40, 28), (28, 26, 25), (235, 232, 226), (205, 178, 110)]
    return np.array(colours[int(random.integers(len(colours)))]) + random.uniform(-15, 15, size=3)


def _profile(wide: int, random: np.random.Generator) -> Pixels:
    """How light a frame is from its outer to its inner edge, as factors (wide,): mouldings."""
    across = np.linspace(0, 1, max(1, wide))
    waves = np.sin(across * np.pi * random.integers(1, 6) + random.uniform(0, 6)) * random.uniform(0.0, 0.25)
    return np.asarray(1.0 + waves + (across - 0.5) * random.uniform(-0.4, 0.4), dtype=np.float32)


def _border(picture: Pixels, wide: int, colour: NDArray[np.float64], *, profile: Pixels | None = None) -> Pixels:
    height, width = picture.shape[0] + 2 * wide, picture.shape[1] + 2 * wide
    made = np.empty((height, width, 3), np.float32)
    made[:] = colour
    if profile is not None:
        y, x = np.mgrid[0:height, 0:width]
        depth = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
        made *= profile[np.minimum(depth, len(profile) - 1)][:, :, None]
        upper = (y < x * height / width) & (y < (width - x) * height / width)
        made *= np.where(upper, 1.1, 0.95).astype(np.float32)[:, :, None]  # light from above
    made[wide : height - wide, wide : width - wide] = picture
    return np.clip(made, 0, 255)


def _hang(size: tuple[int, int], photo: tuple[int, int], random: np.random.Generator) -> NDArray[np.float64]:
    """The homography from the framed picture to the photograph: a turned plane seen by a pinhole camera."""
    width, height = size
    flat = np.array([[-width, -height], [width, -height], [width, height], [-width, height]], dtype=np.float64) / 2
    yaw, pitch, roll = np.radians(random.uniform(-1, 1, size=3) * np.array([25, 12, 5]))
    turn = _turn(yaw, pitch, roll)
    far = 2.2 * max(size)
    solid = np.column_stack([flat, np.zeros(4)]) @ turn.T + np.array([0.0, 0.0, far])
    seen = solid[:, :2] / solid[:, 2:] * far
    extent = seen.max(0) - seen.min(0)
    seen = (seen - seen.min(0)) * random.uniform(0.45, 0.88) * float(np.min(np.array(photo) / extent))
    room = np.array(photo) - seen.max(0)
    seen += room * random.uniform(0.15, 0.85, size=2)
    start = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    return np.asarray(cv2.getPerspectiveTransform(start, seen.astype(np.float32)), dtype=np.float64)


def _turn(yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    cos, sin = np.cos, np.sin
    about_y = np.array([[cos(yaw), 0, sin(yaw)], [0, 1, 0], [-sin(yaw), 0, cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, cos(pitch), -sin(pitch)], [0, sin(pitch), cos(pitch)]])
    about_z = np.array([[cos(roll), -sin(roll), 0], [sin(roll), cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_x @ about_y)


def _wall(size: tuple[int, int], random: np.random.Generator) -> Pixels:
    width, height = size
    colour = random.uniform(150, 245) + random.uniform(-22, 22, size=3)
    if random.random() < 0.2:
        colour = random.uniform(40, 130) + random.uniform(-30, 30, size=3)
    wall = np.broadcast_to(colour, (height, width, 3)).astype(np.float32)
    y, x = np.mgrid[0:height, 0:width]
    kind = random.random()
    if kind < 0.35:  # plaster
        grain = cv2.GaussianBlur(
            random.normal(0, 1, size=(height, width)).astype(np.float32), (0, 0), random.uniform(1, 4)
        )
        wall = wall + (grain / grain.std() * random.uniform(1, 4))[:, :, None]
    elif kind < 0.45:  # wallpaper
        wall = wall + (np.sin(x / random.uniform(6, 30)) * random.uniform(2, 9))[:, :, None]
    elif kind < 0.52:  # bricks
        tall = random.uniform(35, 70)
        joint = (y % tall < 4) | ((x + (y // tall % 2) * tall) % (2 * tall) < 4)
        wall = wall + np.where(joint, random.uniform(-25, 25), 0.0)[:, :, None]
    if random.random() < 0.2:  # the floor
        wall[int(height * random.uniform(0.9, 0.98)) :] = random.uniform(40, 160, size=3)
    if random.random() < 0.4:  # a label beside the picture
        left, top = int(random.uniform(0, 0.93) * width), int(random.uniform(0.5, 0.93) * height)
        wall[top : top + int(0.05 * height), left : left + int(0.06 * width)] = random.uniform(225, 255)
    return np.asarray(wall, dtype=np.float32)


def _mount(scene: Pixels, framed: Pixels, place: NDArray[np.float64], random: np.random.Generator) -> Pixels:
    """The framed picture on the wall, with its shadow below and beside it."""
    size = (scene.shape[1], scene.shape[0])
    ones = np.ones(framed.shape[:2], np.float32)
    there = cv2.warpPerspective(ones, place, size, flags=cv2.INTER_AREA)
    shift = np.array([[1, 0, random.uniform(-14, 14)], [0, 1, random.uniform(2, 18)]], dtype=np.float32)
    shadow = cv2.GaussianBlur(cv2.warpAffine(there, shift, size), (0, 0), random.uniform(3, 14))
    scene = scene * (1.0 - random.uniform(0.1, 0.5) * shadow)[:, :, None]
    seen = cv2.warpPerspective(framed, place, size, flags=cv2.INTER_AREA)
    return np.asarray(scene * (1.0 - there[:, :, None]) + seen * there[:, :, None], dtype=np.float32)


def _light(scene: Pixels, random: np.random.Generator) -> Pixels:
    """Light that falls off, a soft shadow across, and glare."""
    height, width = scene.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    slope = (x / width - 0.5) * random.uniform(-0.35, 0.35) + (y / height - 0.5) * random.uniform(-0.35, 0.35)
    scene = scene * (1.0 + slope)[:, :, None]
    if random.random() < 0.3:
        across = x * np.cos(angle := random.uniform(0, np.pi)) + y * np.sin(angle)
        edge = np.quantile(across, random.uniform(0.2, 0.8))
        shade = 1.0 / (1.0 + np.exp(-(across - edge) / random.uniform(10, 60)))
        scene = scene * (1.0 - random.uniform(0.1, 0.35) * shade)[:, :, None]
    for _ in range(int(random.integers(0, 3))):
        centre, spread = random.random(2) * (width, height), random.uniform(20, 130)
        spot = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * spread**2)) * random.uniform(0.1, 0.5)
        scene = scene + (255.0 - scene) * spot[:, :, None]
    return np.asarray(scene, dtype=np.float32)


def _develop(scene: Pixels, random: np.random.Generator) -> Image.Image:
    """What blur, exposure, white balance, noise and JPEG make of it."""
    seen = np.asarray(cv2.GaussianBlur(scene, (0, 0), random.uniform(0.3, 1.6)), dtype=np.float64)
    seen = seen * (random.uniform(0.8, 1.15) * (1.0 + random.uniform(-0.08, 0.08, size=3)))
    seen = seen + random.normal(0, random.uniform(0.5, 7), size=seen.shape)
    stream = io.BytesIO()
    Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)).save(stream, "JPEG", quality=int(random.integers(60, 93)))
    return Image.open(stream).convert("RGB")
