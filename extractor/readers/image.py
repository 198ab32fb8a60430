"""Pictures by Pillow: scans, photographs, faxes and screenshots; every frame of a file is a page, read by OCR."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from extractor.errors import InputError
from extractor.readers import MAX_CHARACTERS
from extractor.readers.page_writer import PageWriter
from extractor.readers.scanned import Shown, recognised, side_by_side, too_slow, write_page
from extractor.types import Document, Problem

if TYPE_CHECKING:
    from PIL import Image

    from extractor.ocr import ScannedPage

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
"""What Pillow is let to open: it knows dozens of formats more, most of them old and little tried."""

MAX_PAGES = 2000
MAX_SIDE = 10_000
MAX_PIXELS = 89_400_000

_A4_INCHES, _SLIP_INCHES = 11.69, 80 / 25.4
_REDUCED_SIZE, _FRAME_KIND = 1, 254

_FAILURES = (
    # What Pillow's decoders raise on broken files, collected by fuzzing; there is no class of its own for it.
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    NotImplementedError,
    struct.error,
    MemoryError,
)


def read(data: bytes, source: str) -> Document:
    """The document in a picture file, a page for each frame, read by OCR; a Problem for a frame that is broken.

    Raises InputError for a file of which no frame can be decoded, with a frame of more than MAX_SIDE pixels a side or
    MAX_PIXELS in all, or with more than MAX_PAGES frames.
    """
    writer = PageWriter()
    problems: list[Problem] = []
    whole = False

    def read_one(frame: Shown | Broken) -> ScannedPage | Problem:
        return frame.problem if isinstance(frame, Broken) else recognised(frame)

    for frame, page in side_by_side(frames(data, source), read_one, _late):
        if isinstance(frame, Broken):
            writer.page(frame.number, 0.0, 0.0, [])
            problems.append(frame.problem)
            continue
        whole = True
        problems += write_page(writer, frame, page)
        if writer.length > MAX_CHARACTERS:
            raise InputError(
                f"{source} holds more than {MAX_CHARACTERS:,} characters, the limit for text.",
                "Split it into smaller files.",
            )
    if not whole:
        raise _broken(source, problems[0].message.partition(": ")[2] if problems else "no picture in it")
    return writer.document(hashlib.sha256(data).hexdigest(), source, problems)


def _late(frame: Shown | Broken) -> Problem:
    return frame.problem if isinstance(frame, Broken) else too_slow(frame.number)


def picture(data: bytes, source: str, number: int, dpi: float) -> Image.Image:
    """Page `number` before OCR turned it, upright as its camera says, in its own resolution; raises InputError."""
    for frame in frames(data, source, only=number):
        if isinstance(frame, Shown):
            return frame.picture
    raise InputError(f"{source} has no page {number} that can be shown.", "Ask for a page that was read.")


@dataclass(frozen=True, slots=True)
class Broken:
    """A frame that cannot be decoded."""

    number: int
    problem: Problem


def frames(data: bytes, source: str, only: int | None = None) -> Iterator[Shown | Broken]:
    """The frames of a file, decoded one at a time; with `only`, none but the one of that number.

    Raises InputError as `read` does, but for files with nothing but broken frames.
    """
    from PIL import Image

    with _opened(data, source) as opened:
        # What phones write as MPO holds the same photograph in several sizes; only the first is a page.
        single, number, position = opened.format in ("JPEG", "MPO"), 0, 0
        while not (single and number):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    opened.seek(position)
            except EOFError:
                return
            except Image.DecompressionBombError:
                raise _too_large(source) from None
            except _FAILURES as error:
                # Where the head of one frame is broken, nothing says where the next begins.
                yield _unreadable(number + 1, error, " and what may follow it")
                return
            position += 1
            if _is_preview(opened, position):
                continue
            number += 1
            if number > MAX_PAGES:
                raise InputError(f"{source} has more than {MAX_PAGES:,} pages.", "Split it into smaller files.")
            refuse_large(opened.size, source)
            if only in (None, number):
                yield _decoded(opened, number, source)


def _opened(data: bytes, source: str) -> Image.Image:
    from PIL import Image

    try:
        # Only the head of the file is read here. Pillow warns of a size that is hardly sane, and raises at twice that.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata, which Pillow then does without
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(source) from None
    except _FAILURES as error:
        raise _broken(source, _said(error)) from None
    refuse_large(opened.size, source)
    return opened


def _broken(source: str, why: str) -> InputError:
    return InputError(
        f"{source} is a broken picture: {why}",
        "Open it in a picture viewer and save it again, or scan or download it again.",
    )


def _unreadable(number: int, error: BaseException, more: str = "") -> Broken:
    return Broken(number, Problem((), "broken_page", f"Page {number}{more} cannot be read: {_said(error)}"))


def refuse_large(size: tuple[int, int], source: str) -> None:
    """Raises InputError for a picture of more pixels than anything here takes."""
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        raise _too_large(source, f" ({size[0]:,} x {size[1]:,} pixels)")


def _too_large(source: str, size: str = "") -> InputError:
    return InputError(
        f"{source} is too large a picture{size}; the limits are {MAX_SIDE:,} pixels a side and "
        f"{MAX_PIXELS / 1e6:.1f} million pixels.",
        "Reduce it to about 300 dots per inch, or cut it into pages.",
    )


def _said(error: BaseException) -> str:
    # Pillow names the buffer it was given, with its address; that tells nobody anything.
    text = str(error).partition(" <_io.")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_preview(opened: Image.Image, position: int) -> bool:
    """Whether a TIFF's frame, but for the first, is only another one in a smaller size."""
    tags = getattr(opened, "tag_v2", None)
    try:
        return position > 1 and tags is not None and bool(int(tags.get(_FRAME_KIND, 0)) & _REDUCED_SIZE)
    except (TypeError, ValueError):
        return False


def _decoded(opened: Image.Image, number: int, source: str) -> Shown | Broken:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            across, down = _resolution(opened)
            width, height = opened.size
            opened.load()
            upright = on_white(_turned_as_noted(opened))
        if across != down:  # a fax has twice as many dots across as down
            most = max(across, down)
            sides = round(width * most / across), round(height * most / down)
            upright = upright.resize(sides if upright.size == (width, height) else sides[::-1])
            across = most
    except Image.DecompressionBombError:
        raise _too_large(source) from None
    except _FAILURES as error:
        return _unreadable(number, error)
    return Shown(number, upright, across)


def _turned_as_noted(picture: Image.Image) -> Image.Image:
    """The picture turned and mirrored as its camera noted; as it is where that note cannot be read."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except _FAILURES:
        return picture


def on_white(picture: Image.Image) -> Image.Image:
    """The picture in RGB, or in shades of gray where it has no colours; what is transparent is white, as paper is.

    Samples of more than 8 bits are brought to 8, by the type's own range where the values need it.
    """
    import numpy as np
    from PIL import Image

    mode = picture.mode
    if mode in ("L", "RGB"):
        return picture.copy()
    if mode == "1":
        return picture.convert("L")
    if mode == "LAB":
        return picture.getchannel("L")
    if mode[0] in "IF":
        values = np.nan_to_num(np.asarray(picture).astype(np.float64))
        least, most = float(values.min()), float(values.max())
        if mode[0] == "I" and least >= 0:
            least, most = 0.0, 255.0 if most <= 255 else 65535.0 if most <= 65535 else most
        return Image.fromarray(((values - least) * (255 / max(most - least, 1e-9))).astype(np.uint8))
    if "A" in mode or "a" in mode or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return picture.convert("RGB")


def _resolution(picture: Image.Image) -> tuple[float, float]:
    """Dots per inch, across and down: those that the file names, where they make a sensible page, else a guess."""
    try:
        across, down = (float(each) for each in picture.info["dpi"])
    except (KeyError, TypeError, ValueError):
        across = down = 0.0
    # 72 and 96 are what programs write that do not know.
    if not (min(across, down) > 72 and max(across, down) <= 1250) or across == down == 96:
        across = down = guessed_dpi(picture.size)
    elif max(across, down) > 2.5 * min(across, down) or max(across, down) < 1.05 * min(across, down):
        across = down = max(across, down)
    if not 1.5 <= max(picture.width / across, picture.height / down) <= 50:
        across = down = guessed_dpi(picture.size)
    return across, down


def guessed_dpi(size: tuple[int, int]) -> float:
    """Dots per inch of a picture that does not say: as of an A4 page, or of a till's 80 mm slip where it is long."""
    short, long = sorted(size)
    guess = short / _SLIP_INCHES if long > 1.9 * short else long / _A4_INCHES
    return min(max(guess, 72.0), 600.0)
