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
from extractor.problems import ProblemKind
from extractor.readers.limits import SPLIT_FILE, refuse_long_text
from extractor.readers.sample import FileSample
from extractor.readers.signatures import begins_with
from extractor.settings import Settings, threshold
from extractor.types import Document, Problem

if TYPE_CHECKING:
    from PIL import Image

    from extractor.ocr import ScannedPage
    from extractor.readers.scanned import PageImage

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
"""The formats that Pillow may open: it knows dozens more, most of them old and little tested."""
_SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")

MAX_PAGES = 2000
MAX_SIDE = 10_000
MAX_PIXELS = 89_400_000

_REDUCED_SIZE, _FRAME_KIND = 1, 254  # TIFF 6.0, NewSubfileType

_DECODING_ERRORS = (
    # What Pillow's decoders raise on broken files, collected by fuzzing; it has no class of its own for them.
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


@dataclass(frozen=True)
class PictureSizeSettings(Settings):
    """Which resolutions are believed, and what is assumed of a picture without one."""

    least_dpi: float = threshold(
        72.0, unit="dots per inch", meaning="a resolution must be higher: programs that do not know it write 72"
    )
    default_dpi: float = threshold(96.0, unit="dots per inch", meaning="... or this")
    largest_dpi: float = threshold(1250.0, unit="dots per inch", meaning="... and no higher than this")
    widest_ratio: float = threshold(
        2.5, meaning="resolutions across and down that differ by more are wrong; those of a fax differ by two"
    )
    equal_ratio: float = threshold(1.05, meaning="resolutions that differ by less are one")
    shortest_page: float = threshold(1.5, unit="inches", meaning="a page whose longer side is less is no sensible one")
    longest_page: float = threshold(50.0, unit="inches", meaning="... nor one whose longer side is more")
    page_length: float = threshold(11.69, unit="inches", meaning="length assumed for a page: A4")
    slip_width: float = threshold(80 / 25.4, unit="inches", meaning="width assumed for a long picture: a till's paper")
    slip_ratio: float = threshold(1.9, meaning="a picture is long when its sides differ by more than this")
    smallest_guess: float = threshold(72.0, unit="dots per inch", meaning="least resolution that is assumed")
    largest_guess: float = threshold(600.0, unit="dots per inch", meaning="highest resolution that is assumed")


@dataclass(frozen=True, slots=True)
class BrokenFrame:
    """A frame that cannot be decoded."""

    number: int
    reason: str

    @property
    def problem(self) -> Problem:
        """Return the problem that the document gets for it."""
        message = f"Page {self.number} cannot be read: {self.reason}; save or scan it again."
        return Problem((), ProblemKind.BROKEN_PAGE, message)


def sniff(sample: FileSample) -> bool:
    """Accept a file with the signature of one of FORMATS."""
    is_webp = sample.head.startswith(b"RIFF") and sample.head[8:12] == b"WEBP"
    return is_webp or any(begins_with(sample.head, signature) for signature in _SIGNATURES)


def read(data: bytes, source: str) -> Document:
    """Return the document in a picture file, a page for each frame, read by OCR; a Problem for a frame that is broken.

    Once the pages have taken the time that there is for OCR, further ones are left empty.
    Raises InputError for a file of which no frame can be decoded, with a frame of more than MAX_SIDE pixels a side or
    MAX_PIXELS in all, or with more than MAX_PAGES frames.
    """
    from extractor.readers.page_pool import TimeBudget, map_pages
    from extractor.readers.page_writer import PageWriter
    from extractor.readers.scanned import page_took_too_long, pages_without_time, read_page_image, write_scanned_page

    writer = PageWriter()
    problems: list[Problem] = []
    reasons: list[str] = []
    has_frame = False
    budget, unread = TimeBudget(), []

    def read_frame(frame: PageImage | BrokenFrame) -> ScannedPage | Problem | None:
        if isinstance(frame, BrokenFrame):
            return frame.problem
        return None if budget.is_spent else read_page_image(frame)

    def give_up(frame: PageImage | BrokenFrame) -> Problem:
        return frame.problem if isinstance(frame, BrokenFrame) else page_took_too_long(frame.number)

    for frame, page in map_pages(decode_frames(data, source), read_frame, give_up):
        if isinstance(frame, BrokenFrame):
            writer.write_page(frame.number, 0.0, 0.0, [])
            problems.append(frame.problem)
            reasons.append(frame.reason)
            continue
        has_frame = True
        if page is None:
            writer.write_page(frame.number, *frame.size, [])
            unread.append(frame.number)
            continue
        problems += write_scanned_page(writer, frame, page)
        refuse_long_text(writer.length, source)
    if not has_frame:
        raise _broken_picture(source, reasons[0] if reasons else "no picture in it")
    problems += pages_without_time(unread)
    return writer.document(hashlib.sha256(data).hexdigest(), source, problems)


def render_page(data: bytes, source: str, number: int, dpi: float) -> Image.Image:
    """Return page `number` before OCR turned it, upright as its camera noted, in its own resolution, not at `dpi`.

    Raises InputError for a page that is not in the file or is broken.
    """
    for frame in decode_frames(data, source, only=number):
        if not isinstance(frame, BrokenFrame):
            return frame.picture
    raise InputError(f"{source} has no page {number} that can be shown.", "Ask for a page that was read.")


# Frames.


def decode_frames(data: bytes, source: str, only: int | None = None) -> Iterator[PageImage | BrokenFrame]:
    """Yield the frames of a file, decoded one at a time; with `only`, none except the one of that number.

    Raises InputError as `read` does, except for files with nothing but broken frames.
    """
    from PIL import Image

    with _open(data, source) as opened:
        # An MPO file, as phones write it, has the same photograph in several sizes; only the first is a page.
        is_single, number, position = opened.format in ("JPEG", "MPO"), 0, 0
        while not (is_single and number):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    opened.seek(position)
            except EOFError:
                return
            except Image.DecompressionBombError:
                raise _picture_too_large(source) from None
            except _DECODING_ERRORS as error:
                # Where the header of one frame is broken, nothing says where the next begins.
                yield BrokenFrame(number + 1, f"{_describe(error)}, nor can what may follow it")
                return
            position += 1
            if _is_reduced_copy(opened, position):
                continue
            number += 1
            if number > MAX_PAGES:
                raise InputError(f"{source} has more than {MAX_PAGES:,} pages.", SPLIT_FILE)
            refuse_large_picture(opened.size, source)
            if only in (None, number):
                yield _decode_frame(opened, number, source)


def _open(data: bytes, source: str) -> Image.Image:
    """Return the opened file, of which only the header is read; raise InputError if it is broken or too large."""
    from PIL import Image

    try:
        # Pillow warns of a suspiciously large picture, and raises an error at twice that size.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata, which Pillow then does without
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _picture_too_large(source) from None
    except _DECODING_ERRORS as error:
        raise _broken_picture(source, _describe(error)) from None
    refuse_large_picture(opened.size, source)
    return opened


def _is_reduced_copy(opened: Image.Image, position: int) -> bool:
    """Decide whether a frame of a TIFF after the first is only a smaller copy of another one."""
    tags = getattr(opened, "tag_v2", None)
    try:
        return position > 1 and tags is not None and bool(int(tags.get(_FRAME_KIND, 0)) & _REDUCED_SIZE)
    except (TypeError, ValueError):
        return False


def _decode_frame(opened: Image.Image, number: int, source: str) -> PageImage | BrokenFrame:
    from PIL import Image

    from extractor.readers.scanned import PageImage

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dpi_across, dpi_down = _find_resolution(opened)
            width, height = opened.size
            opened.load()
            upright = convert_to_rgb(_apply_orientation(opened))
        if dpi_across != dpi_down:  # a fax has twice as many dots across as down
            dpi = max(dpi_across, dpi_down)
            size = round(width * dpi / dpi_across), round(height * dpi / dpi_down)
            upright = upright.resize(size if upright.size == (width, height) else size[::-1])
            dpi_across = dpi
    except Image.DecompressionBombError:
        raise _picture_too_large(source) from None
    except _DECODING_ERRORS as error:
        return BrokenFrame(number, _describe(error))
    return PageImage(number, upright, dpi_across)


def _apply_orientation(picture: Image.Image) -> Image.Image:
    """Return the picture turned and mirrored as its camera noted; as it is where that note cannot be read."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(picture)
    except _DECODING_ERRORS:
        return picture


def convert_to_rgb(picture: Image.Image) -> Image.Image:
    """Return the picture in RGB, or in shades of gray if it has no colours; transparent parts become white, as paper.

    Samples of more than 8 bits are scaled to 8, by the range of their type where the values need it.
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
        with_alpha = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", with_alpha.size, "white"), with_alpha).convert("RGB")
    return picture.convert("RGB")


# Resolution.


def _find_resolution(picture: Image.Image) -> tuple[float, float]:
    """Return dots per inch, across and down: those that the file names, if they make a sensible page, else a guess."""
    settings = PictureSizeSettings.current()
    try:
        across, down = (float(each) for each in picture.info["dpi"])
    except (KeyError, TypeError, ValueError):
        across = down = 0.0
    lower, higher = min(across, down), max(across, down)
    is_known = lower > settings.least_dpi and higher <= settings.largest_dpi
    if not is_known or across == down == settings.default_dpi:
        across = down = guess_dpi(picture.size)
    elif higher > settings.widest_ratio * lower or higher < settings.equal_ratio * lower:
        across = down = higher
    longest = max(picture.width / across, picture.height / down)
    if not settings.shortest_page <= longest <= settings.longest_page:
        across = down = guess_dpi(picture.size)
    return across, down


def guess_dpi(size: tuple[int, int]) -> float:
    """Return dots per inch for a picture that names none: as of an A4 page, or of a till's paper where it is long."""
    settings = PictureSizeSettings.current()
    short, long = sorted(size)
    guess = short / settings.slip_width if long > settings.slip_ratio * short else long / settings.page_length
    return min(max(guess, settings.smallest_guess), settings.largest_guess)


# Errors.


def refuse_large_picture(size: tuple[int, int], source: str) -> None:
    """Raise InputError for a picture of more pixels than the limits allow."""
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_PIXELS:
        raise _picture_too_large(source, f" ({size[0]:,} x {size[1]:,} pixels)")


def _picture_too_large(source: str, size: str = "") -> InputError:
    return InputError(
        f"{source} is too large a picture{size}; the limits are {MAX_SIDE:,} pixels a side and "
        f"{MAX_PIXELS / 1e6:.1f} million pixels.",
        "Reduce it to about 300 dots per inch, or cut it into pages.",
    )


def _broken_picture(source: str, reason: str) -> InputError:
    return InputError(
        f"{source} is a broken picture: {reason}",
        "Open it in a picture viewer and save it again, or scan or download it again.",
    )


def _describe(error: BaseException) -> str:
    # Pillow names the buffer it was given, with its address, which tells nobody anything.
    text = str(error).partition(" <_io.")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
