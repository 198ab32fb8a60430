"""Pictures as arrays of bytes, (height, width, 3) or, in grey, (height, width): cut, scaled, converted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from extractor.geometry import Rect
from extractor.settings import Settings, threshold


@dataclass(frozen=True)
class BlankPageSettings(Settings):
    """When a page is blank."""

    ink_contrast: int = threshold(48, unit="grey levels", meaning="by how much ink differs from the paper")
    speck_share: float = threshold(0.0002, meaning="share of the pixels of a page up to which ink is specks")


def as_rgb(picture: Image.Image) -> np.ndarray:
    """Return a picture's pixels as RGB; what is transparent shows white paper, 16 bits a pixel become 8."""
    if picture.mode.startswith(("I", "F")):
        values = np.asarray(picture, dtype=np.float32)
        scale = 255 / 65535 if values.max(initial=0) > 255 else 1
        return np.repeat((values * scale).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    if picture.has_transparency_data:
        paper = Image.new("RGBA", picture.size, "white")
        return np.asarray(Image.alpha_composite(paper, picture.convert("RGBA")).convert("RGB"))
    return np.asarray(picture.convert("RGB"))


def to_gray(picture: np.ndarray) -> np.ndarray:
    """Return a BGR picture in grey."""
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def find_dark(gray: np.ndarray, contrast: int) -> np.ndarray:
    """Return the pixels, 1 of 0 and 1, that are darker than the paper by more than `contrast` grey levels."""
    return (gray.astype(np.int16) < int(np.median(gray)) - contrast).astype(np.uint8)


def crop(picture: np.ndarray, box: Rect) -> np.ndarray:
    """Return the part of a picture in a box given in its pixels, at least one pixel wide and high."""
    x0, top = max(0, int(box.x0)), max(0, int(box.top))
    return picture[top : max(top + 1, int(np.ceil(box.bottom))), x0 : max(x0 + 1, int(np.ceil(box.x1)))]


def resize(picture: np.ndarray, scale: float) -> np.ndarray:
    """Return a picture scaled by a factor, at least one pixel wide and high."""
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    height, width = picture.shape[:2]
    return cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=method)


def has_ink(gray: np.ndarray) -> bool:
    """Decide whether more than specks differ from the paper."""
    settings = BlankPageSettings.current()
    smooth = cv2.blur(gray, (3, 3)).astype(np.int16)
    inked = np.abs(smooth - int(np.median(smooth))) > settings.ink_contrast
    return float(inked.mean()) > settings.speck_share
