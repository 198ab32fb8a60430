"""A PDF as a scanner or a telephone would see it: grey, a little turned, noisy, unevenly lit, JPEG."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pypdfium2
from PIL import Image, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas


@dataclass(frozen=True)
class ScanEffects:
    """`skew` in degrees, `noise` the spread of grey values, `shade` how much darker the lower right corner is."""

    skew: float = 0.6
    noise: float = 6.0
    blur: float = 0.5
    shade: float = 20.0
    dpi: int = 150
    quality: int = 62
    seed: int = 0
    trim: bool = False


def pages(pdf: bytes, layout: ScanEffects) -> list[bytes]:
    """Return the pages of a PDF as scanned JPEG pictures."""
    document = pypdfium2.PdfDocument(pdf)
    return [
        _scanned(document[n].render(scale=layout.dpi / 72).to_pil().convert("L"), layout, n)
        for n in range(len(document))
    ]


def as_pdf(pdf: bytes, layout: ScanEffects) -> bytes:
    """Return the pages of a PDF as a PDF of scanned pictures."""
    file = io.BytesIO()
    canvas = Canvas(file, invariant=1)
    for picture in pages(pdf, layout):
        image = ImageReader(io.BytesIO(picture))
        width, height = (side * 72 / layout.dpi for side in image.getSize())
        canvas.setPageSize((width, height))
        canvas.drawImage(image, 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def _scanned(picture: Image.Image, layout: ScanEffects, page: int) -> bytes:
    if layout.trim:
        dark = np.nonzero(np.asarray(picture).min(axis=1) < 128)[0]
        picture = picture.crop((0, 0, picture.width, min(picture.height, int(dark.max()) + 40)))
    picture = picture.rotate(layout.skew, Image.Resampling.BICUBIC, expand=True, fillcolor=250)
    if layout.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(layout.blur))
    grey = np.asarray(picture).astype(np.int32)
    height, width = grey.shape
    rng = np.random.Generator(np.random.PCG64([layout.seed, page]))
    spread = int(layout.noise * 256)
    noise = rng.integers(-spread, spread + 1, grey.shape) // 256
    down, right = np.arange(height)[:, None], np.arange(width)[None, :]
    shade = (int(layout.shade) * (down * width + right * height)) // (2 * height * width)
    specks = rng.integers(0, 40_000, grey.shape) == 0
    grey = np.clip(grey * 236 // 255 + 12 + noise - shade, 0, 255)
    grey[specks] = 40
    file = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(file, "JPEG", quality=layout.quality, dpi=(layout.dpi, layout.dpi))
    return file.getvalue()
