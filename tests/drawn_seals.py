"""Seals and signatures drawn for tests, on pages of our own making."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

CHINESE = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc"
LATIN = "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
SCALE = 2
"""Seals are drawn so many times as large, then reduced."""


def draw_seal(
    size: int,
    text: str,
    below: str = "",
    middle: str = "",
    ink=(200, 30, 40),
    flat: float = 1.0,
    span: float = 250.0,
    star: bool = True,
    ring: int = 5,
    inner: bool = False,
) -> Image.Image:
    """Return a seal on nothing (RGBA), `size` pixels wide: `text` over the top, `below` along the bottom, as English
    seals have it, `middle` across; `span` is in degrees.
    """
    side = size * SCALE
    seal = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    pen, centre, radius = ImageDraw.Draw(seal), side / 2, side / 2 - 4
    pen.ellipse((4, 4, side - 4, side - 4), outline=(*ink, 255), width=ring * SCALE)
    height = side * 0.13
    if inner:
        at = radius - 1.75 * height
        pen.ellipse((centre - at, centre - at, centre + at, centre + at), outline=(*ink, 255), width=2 * SCALE)
    font = ImageFont.truetype(CHINESE if any(ord(each) > 0x2E80 for each in text + middle) else LATIN, round(height))
    middle_radius = radius - ring * SCALE - 0.85 * height
    _set_on_circle(seal, text, font, middle_radius, -span / 2, span / 2, ink, is_outwards=True)
    if below:
        _set_on_circle(seal, below, font, middle_radius, 180 + 50, 180 - 50, ink, is_outwards=False)
    if star:
        points = [
            (
                centre + math.sin(math.radians(36 * n)) * side * (0.14 if n % 2 == 0 else 0.055),
                centre - math.cos(math.radians(36 * n)) * side * (0.14 if n % 2 == 0 else 0.055),
            )
            for n in range(10)
        ]
        pen.polygon(points, fill=(*ink, 255))
    if middle:
        line = ImageFont.truetype(CHINESE if ord(middle[0]) > 0x2E80 else LATIN, round(0.11 * side))
        pen.text((centre, centre + (0.24 * side if star else 0)), middle, fill=(*ink, 255), font=line, anchor="mm")
    return seal.resize((size, round(size * flat)), Image.Resampling.LANCZOS)


def _set_on_circle(seal, text, font, radius, first, last, ink, is_outwards):
    """Set characters one by one from the angle `first` to `last`, in degrees clockwise from the top."""
    centre, cell = seal.width / 2, round(font.size * 1.6)
    for number, character in enumerate(text):
        angle = first + (last - first) * (number + 0.5) / len(text)
        glyph = Image.new("RGBA", (cell, cell), (0, 0, 0, 0))
        ImageDraw.Draw(glyph).text((cell / 2, cell / 2), character, fill=(*ink, 255), font=font, anchor="mm")
        glyph = glyph.rotate(-angle if is_outwards else 180 - angle, Image.Resampling.BICUBIC)
        x = centre + radius * math.sin(math.radians(angle)) - cell / 2
        y = centre - radius * math.cos(math.radians(angle)) - cell / 2
        seal.alpha_composite(glyph, (round(x), round(y)))


def draw_page(lines, size=(1240, 1754), chinese=False, type_size=34) -> Image.Image:
    """Return a page at 150 dpi with (x, y, text) set on it."""
    page = Image.new("RGB", size, (250, 250, 248))
    font = ImageFont.truetype(CHINESE if chinese else LATIN.replace("-Bold", ""), type_size)
    for x, y, text in lines:
        ImageDraw.Draw(page).text((x, y), text, fill=(30, 30, 30), font=font)
    return page


def stamp(page: Image.Image, seal: Image.Image, at: tuple[int, int], turn: float = 0.0) -> None:
    """Put a seal on a page as ink is: what is below shows through."""
    turned = seal.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    layer = Image.new("RGB", page.size, "white")
    layer.paste(turned.convert("RGB"), at, turned.getchannel("A"))
    page.paste(Image.fromarray((np.asarray(page).astype(int) * np.asarray(layer) // 255).astype(np.uint8)))


def sign(page: Image.Image, at: tuple[int, int], width: int = 260, height: int = 70, ink=(30, 40, 120), seed=3) -> None:
    """Put pen strokes of a signature on a page, from the left end of its line."""
    random = np.random.default_rng(seed)
    points = []
    for step in range(60):
        part = step / 59
        swing = math.sin(part * 26 + random.normal(0, 0.35)) * (0.85 - 0.5 * part)
        points.append((at[0] + part * width + 14 * math.sin(part * 40), at[1] - height * (0.5 + 0.5 * swing)))
    ImageDraw.Draw(page).line(points, fill=ink, width=4, joint="curve")


def scanned(page: Image.Image, seed: int = 4, blur: float = 0.7) -> Image.Image:
    """Return the page a little blurred and noisy, as scans are."""
    pixels = np.asarray(page.filter(ImageFilter.GaussianBlur(blur))).astype(float)
    return Image.fromarray(
        (pixels + np.random.default_rng(seed).normal(0, 5, pixels.shape)).clip(0, 255).astype(np.uint8)
    )
