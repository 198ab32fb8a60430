"""Round seals on the picture of a page: where they are, the page without their ink, and what they say.

A seal is a ring with text set along it, in red, blue or green, or dark. The ring is unrolled into a strip, which the
recogniser reads as a line; what runs along the bottom, as English seals have it, stands upside down there. Lines across
the middle are read as they are.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from extractor.geometry import PlacedWord, Rect
from extractor.ocr.line_detection import detect_lines
from extractor.ocr.models import OcrModels, RecognisedCharacter
from extractor.ocr.pictures import as_rgb, crop, find_dark, resize, to_gray
from extractor.settings import Settings, rule, threshold
from extractor.values.marks import SEAL
from extractor.values.scripts import HAN

_HUES = (((0, 12), (166, 180)), ((96, 150),), ((40, 92),))
"""Ranges of hue, 0 to 180, of the inks of seals: red, blue, green."""
_ANGLES = np.linspace(0, 2 * np.pi, 144, endpoint=False)


@dataclass(frozen=True)
class SealSettings(Settings):
    """Which rings are seals, and how they are read. Shares are of the radius, unless said otherwise."""

    find: bool = rule(True, meaning="round seals are looked for, taken off the text, and read")
    search_dpi: float = threshold(90.0, unit="dots per inch", meaning="resolution at which rings are looked for")
    smallest: float = threshold(0.35, unit="inches", meaning="least radius of a seal")
    largest: float = threshold(1.3, unit="inches", meaning="greatest radius of a seal")
    flattest: float = threshold(1.7, meaning="length of an oval seal in parts of its height, at most")
    saturation: int = threshold(60, unit="of 255", meaning="least saturation of coloured ink")
    colour: int = threshold(40, unit="grey levels", meaning="by how much coloured ink differs between red, green, blue")
    bridge: float = threshold(0.035, unit="inches", meaning="gap in a ring, as of a stroke across it, that is closed")
    coloured_ring: float = threshold(0.62, meaning="share of a coloured ring that is inked at least")
    dark_ring: float = threshold(0.85, meaning="share of a dark ring that is inked at least: letters are round too")
    round: float = threshold(0.8, meaning="how much of the circle the edges of a ring make up")
    width: float = threshold(0.05, meaning="by how much a ring is off its circle at most")
    least_ink: float = threshold(0.03, meaning="share of the area inside that is inked at least")
    most_ink: float = threshold(0.6, meaning="... and at most: more is a disc")
    contrast: int = threshold(60, unit="grey levels", meaning="by how much dark ink is darker than the paper")
    unrolled: int = threshold(
        260,
        unit="pixels",
        meaning="length of a radius in the unrolled ring",
        chosen="16 drawn seals at 150 dpi: 260 reads 16, 200 and 160 read 15",
        others=(160, 200),
    )
    line_share: float = threshold(0.65, meaning="share of a circle from which its ink is a ring rather than text")
    least_band: float = threshold(0.08, meaning="least height of the text along the ring")
    most_band: float = threshold(0.42, meaning="greatest height of the text along the ring")
    letter_space: float = threshold(0.3, unit="heights of the text", meaning="gap to which wider ones are brought")
    word_space: float = threshold(0.6, unit="heights of the text", meaning="the same of gaps between words")
    word_gap: float = threshold(1.6, unit="usual gaps", meaning="a gap that is wider is one between words")
    letter: float = threshold(0.2, unit="radians", meaning="how far a letter reaches beyond its middle")
    within: float = threshold(0.9, meaning="how near to the ring a line across the lower half may come")
    centred: float = threshold(0.1, meaning="how far from the middle a line across it may be centred")
    gap: float = threshold(0.06, meaning="gap in that text at which what runs along the bottom may begin")
    below_gain: float = threshold(1.5, unit="characters", meaning="by how much more must be read upside down there")
    sure: float = threshold(0.5, meaning="least mean confidence with which the text of a ring is believed")
    sure_dark: float = threshold(0.75, meaning="the same of a dark ring, which is no seal otherwise")
    least_dark: int = threshold(4, unit="characters", meaning="least length of the text of a dark ring")
    sure_below: float = threshold(0.9, meaning="confidence from which a word inside a dark seal is print below it")
    sure_middle: float = threshold(0.8, meaning="the same of lines across the middle")


@dataclass(frozen=True, slots=True)
class Seal:
    """A ring around `box`, in pixels of the picture; `hue` numbers the colour of its ink, None for dark ink."""

    box: Rect
    hue: int | None


@dataclass(frozen=True, slots=True)
class SealText:
    """What a seal says: the text of the ring, then lines across the middle, and how sure that is, in 0..1."""

    box: Rect
    is_dark: bool
    parts: tuple[str, ...]
    confidence: float


def find_seals(picture: np.ndarray, dpi: float) -> list[Seal]:
    """Return the rings on a page that may be seals, the coloured ones first; `picture` is BGR."""
    settings = SealSettings.current()
    if not settings.find:
        return []
    scale = min(1.0, settings.search_dpi / dpi)
    small, dpi = (resize(picture, scale), dpi * scale) if scale < 1 else (picture, dpi)
    found: list[Seal] = []
    masks = (
        [(hue, _coloured(small, hue, settings)) for hue in range(len(_HUES))] if _has_colour(small, settings) else []
    )
    masks.append((None, find_dark(to_gray(small), settings.contrast)))
    for hue, mask in masks:
        if int(mask.sum()) < dpi * settings.smallest:
            continue
        for ring in _rings(mask, dpi, hue is not None, settings):
            if not any(_is_same(ring, seal.box) for seal in found):
                found.append(Seal(ring, hue))
    return [Seal(seal.box.scaled(1 / scale), seal.hue) for seal in found]


def without_coloured(picture: np.ndarray, seals: Sequence[Seal]) -> np.ndarray:
    """Return the picture with the ink of coloured seals taken off, so that the text below can be read.

    Where ink of the seal covers dark ink, the dark ink stays.
    """
    coloured = [seal for seal in seals if seal.hue is not None]
    if not coloured:
        return picture
    settings = SealSettings.current()
    cleaned = picture.copy()
    paper = np.median(picture.reshape(-1, 3)[:: max(1, picture.size // 300_000)], axis=0)
    for seal in coloured:
        rows, columns = _slices(_grown(seal.box, 1.06), picture.shape)
        part = cleaned[rows, columns]
        mask = _coloured(part, seal.hue, settings, faint=True)
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
        dark = part.max(axis=2) < 110
        part[(mask > 0) & ~dark] = paper
    return cleaned


def with_seal_ink(picture: Image.Image, original: Image.Image, dpi: float) -> Image.Image:
    """Return a picture with the ink of coloured seals of `original`, of the same size, where it was painted over."""
    own = np.ascontiguousarray(as_rgb(original)[:, :, ::-1])
    seals = [seal for seal in find_seals(own, dpi) if seal.hue is not None]
    if not seals:
        return picture
    settings, pixels = SealSettings.current(), as_rgb(picture)[:, :, ::-1].copy()
    for seal in seals:
        place = _slices(_grown(seal.box, 1.02), own.shape)
        is_ink = _coloured(own[place], seal.hue, settings, faint=True) > 0
        pixels[place][is_ink] = own[place][is_ink]
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1]))


def read_seals(models: OcrModels, picture: np.ndarray, seals: Sequence[Seal]) -> list[SealText]:
    """Return what seals say; a coloured one without readable text too, a dark one only with text along its ring."""
    settings = SealSettings.current()
    read = []
    for seal in seals:
        ink = _ink(picture, seal, settings)
        strip = _unroll(ink, seal.box, settings)
        band = _text_band(strip, settings)
        ring, ends = _read_ring(models, strip, band, settings) if band else ([], 0.0)
        sure = _certainty(ring)
        length = sum(character.text.isalnum() for character in ring)
        if seal.hue is None and (sure < settings.sure_dark or length < settings.least_dark):
            continue
        parts = [_text(ring)] if sure >= settings.sure and length > 1 else []
        inside = 1 - (band[1] / settings.unrolled) if band else 0.55
        lines = _read_middle(models, ink, seal.box, inside, ends, settings)
        characters = [*(ring if parts else []), *itertools.chain.from_iterable(lines)]
        parts += [_text(line) for line in lines]
        read.append(SealText(seal.box, seal.hue is None, tuple(each for each in parts if each), _certainty(characters)))
    return read


def with_seals(words: Sequence[PlacedWord], seals: Sequence[SealText], size: float) -> list[PlacedWord]:
    """Return the words of a page with a line for each seal, SEAL and its text, below all others.

    What was read of its ring as words of the page goes. `size` is the usual font size, in pixels as all lengths are.
    """
    kept = [word for word in words if not any(_is_of_ring(word, seal) for seal in seals)]
    below = max((word.box.bottom for word in kept), default=0.0)
    run = max((word.text_run for word in words), default=-1) + 1
    for number, seal in enumerate(seals, start=1):
        baseline, x = below + 3 * size * number, 0.0
        for text in [SEAL, *(word for part in seal.parts for word in part.split())]:
            width = 0.6 * size * (len(text) + 1)
            box = Rect(x, baseline - size, x + width, baseline)
            sure = 1.0 if text == SEAL else round(seal.confidence, 4)
            kept.append(PlacedWord(text, box, baseline, size, run, page_box=seal.box, confidence=sure))
            x += width + 0.3 * size
        run += 1
    return kept


def _is_of_ring(word: PlacedWord, seal: SealText) -> bool:
    """Decide whether a word was read of a dark seal itself: inside it, unsure or of the characters of its text."""
    place = word.page_box or word.box
    if not seal.is_dark or not seal.box.contains(*place.center) or place.width > seal.box.width:
        return False
    return (word.confidence or 0) < SealSettings.current().sure_below or set(word.text) <= set("".join(seal.parts))


# Rings.


def _has_colour(picture: np.ndarray, settings: SealSettings) -> bool:
    spread = picture.max(axis=2).astype(np.int16) - picture.min(axis=2)
    return float((spread > settings.colour).mean()) > 1e-4


def _coloured(picture: np.ndarray, hue: int, settings: SealSettings, faint: bool = False) -> np.ndarray:
    """Return the pixels, 1 of 0 and 1, with ink of a colour; with `faint`, its paler rims too."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV)
    is_hue = np.zeros(picture.shape[:2], bool)
    for low, high in _HUES[hue]:
        is_hue |= (hsv[:, :, 0] >= low) & (hsv[:, :, 0] <= high)
    spread = picture.max(axis=2).astype(np.int16) - picture.min(axis=2)
    part = 0.4 if faint else 1.0
    mask = is_hue & (hsv[:, :, 1] > part * settings.saturation) & (spread > part * settings.colour)
    return mask.astype(np.uint8)


def _rings(mask: np.ndarray, dpi: float, is_coloured: bool, settings: SealSettings) -> Iterator[Rect]:
    """Yield the boxes of rings in a mask of ink: what is a ring by itself, then circles that other ink crosses."""
    least, most = settings.smallest * dpi, settings.largest * dpi
    share = settings.coloured_ring if is_coloured else settings.dark_ring
    found: list[Rect] = []
    gap = max(1, round(settings.bridge * dpi)) if is_coloured else 1
    closed = cv2.dilate(mask, np.ones((gap, gap), np.uint8)) if gap > 1 else mask
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    for left, top, width, height, _ in stats[1:]:
        if min(width, height) < 2 * least or max(width, height) > 2 * most:
            continue
        rim = (gap - 1) / 2
        box = Rect(left + rim, top + rim, left + width - rim, top + height - rim)
        if max(width, height) <= settings.flattest * min(width, height):
            found += _as_ring(mask, box, share, settings)
    blurred = cv2.GaussianBlur(255 * (1 - mask), (3, 3), 0.8)
    circles = cv2.HoughCircles(
        blurred, cv2.HOUGH_GRADIENT_ALT, 1.5, least, param1=300, param2=settings.round, minRadius=int(least),
        maxRadius=int(most),
    )  # fmt: skip
    for x, y, radius in circles[0][:, :3] if circles is not None else ():
        box = Rect(x - radius, y - radius, x + radius, y + radius)
        if not any(_is_same(box, other) for other in found):
            found += _as_ring(mask, box, share, settings)
    outer: list[Rect] = []
    for box in sorted(found, key=lambda each: -each.area):
        if not any(_is_same(box, other) for other in outer):
            outer.append(box)
            yield box


def _as_ring(mask: np.ndarray, box: Rect, share: float, settings: SealSettings) -> list[Rect]:
    """Return the box, fitted, where there is a ring along it and something but no disc inside; nothing otherwise."""
    best, fitted = _ring_share(mask, box, settings), box
    for _ in range(2):
        for change in _SHIFTS:
            moved = Rect(*(edge + by for edge, by in zip(fitted, change, strict=True)))
            now = _ring_share(mask, moved, settings)
            if now > best + 1e-6:
                best, fitted = now, moved
    if best < share:
        return []
    rows, columns = _slices(fitted, mask.shape)
    part = mask[rows, columns]
    y, x = np.mgrid[0 : part.shape[0], 0 : part.shape[1]]
    across = ((x - part.shape[1] / 2) / (fitted.width / 2)) ** 2 + ((y - part.shape[0] / 2) / (fitted.height / 2)) ** 2
    inside = across < 0.85**2
    inked = float(part[inside].mean()) if inside.any() else 1.0
    return [fitted] if settings.least_ink <= inked <= settings.most_ink else []


_SHIFTS = tuple(
    (dx - grow, dy - grow, dx + grow, dy + grow) for grow in (0, -1, 1, -2, 2) for dx in (0, -1, 1) for dy in (0, -1, 1)
)


def _ring_share(mask: np.ndarray, box: Rect, settings: SealSettings) -> float:
    """Return the share of an ellipse along which ink stands near it."""
    (x, y), height, width = box.center, *mask.shape
    hit = np.zeros(len(_ANGLES), bool)
    for off in (-settings.width, -settings.width / 2, 0.0):
        xs = np.round(x + (1 + off) * box.width / 2 * np.sin(_ANGLES) - 0.5).astype(int)
        ys = np.round(y - (1 + off) * box.height / 2 * np.cos(_ANGLES) - 0.5).astype(int)
        is_in = (xs >= 0) & (ys >= 0) & (xs < width) & (ys < height)
        hit[is_in] |= mask[ys[is_in], xs[is_in]] > 0
    return float(hit.mean())


def _is_same(one: Rect, other: Rect) -> bool:
    """Decide whether two rings have about one centre, as the rings of one seal have, or lie in one another."""
    (x, y), (u, v) = one.center, other.center
    return abs(x - u) < max(one.width, other.width) / 2 and abs(y - v) < max(one.height, other.height) / 2


def _grown(box: Rect, factor: float) -> Rect:
    (x, y), across, down = box.center, factor * box.width / 2, factor * box.height / 2
    return Rect(x - across, y - down, x + across, y + down)


def _slices(box: Rect, shape: Sequence[int]) -> tuple[slice, slice]:
    return (
        slice(max(0, int(box.top)), min(shape[0], int(np.ceil(box.bottom)))),
        slice(max(0, int(box.x0)), min(shape[1], int(np.ceil(box.x1)))),
    )


# Reading.


def _ink(picture: np.ndarray, seal: Seal, settings: SealSettings) -> np.ndarray:
    """Return how much ink of a seal there is at each pixel of the picture, as bytes."""
    if seal.hue is None:
        gray = to_gray(picture)
        paper = int(np.median(gray))
        return np.clip((paper - gray.astype(np.int16)) * 2, 0, 255).astype(np.uint8)
    spread = (picture.max(axis=2).astype(np.int16) - picture.min(axis=2)).clip(0, 255)
    ink = np.where(_coloured(picture, seal.hue, settings, faint=True) > 0, spread, 0)
    rows, columns = _slices(seal.box, picture.shape)
    strongest = float(np.percentile(ink[rows, columns], 97)) or 255.0
    return np.clip(ink * (255 / max(strongest, 30.0)), 0, 255).astype(np.uint8)


def _unroll(ink: np.ndarray, box: Rect, settings: SealSettings) -> np.ndarray:
    """Return the inside of a ring as a strip, (height, width): from the bottom clockwise, its rim at the top."""
    height = settings.unrolled
    width = round(2 * np.pi * 0.8 * height)
    angle = (np.arange(width) / width * 2 * np.pi + np.pi)[None, :]
    radius = (1.0 - np.arange(height) / height)[:, None]
    x = box.center[0] + radius * box.width / 2 * np.sin(angle)
    y = box.center[1] - radius * box.height / 2 * np.cos(angle)
    return cv2.remap(ink, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)


def _text_band(strip: np.ndarray, settings: SealSettings) -> tuple[int, int] | None:
    """Return the rows of a strip that hold the text along the ring; None without any."""
    quarter = strip.shape[1] // 4  # lines across the lower half would run into the band
    inked = (strip > 110).astype(np.float32)
    whole, upper = (cv2.blur(part.mean(axis=1)[:, None], (1, 3))[:, 0] for part in (inked, inked[:, quarter:-quarter]))
    is_text = (upper > 0.012) & (whole < settings.line_share)
    is_text[: int(0.02 * len(strip))] = False
    start = None
    for row in range(len(strip)):
        if is_text[row] and start is None:
            start = row
        if start is not None and (not is_text[row] or row - start >= settings.most_band * len(strip)):
            if row - start >= settings.least_band * len(strip):
                return (start, row) if row - start < 0.4 * len(strip) else (start, _thinnest(upper, start, row))
            start = None
    return None


def _thinnest(share: np.ndarray, start: int, end: int) -> int:
    """Return where, in the lower half of some rows, the least ink is: between the text and what is in the middle."""
    middle = (start + end) // 2
    return middle + int(np.argmin(share[middle:end]))


def _read_ring(
    models: OcrModels, strip: np.ndarray, band: tuple[int, int], settings: SealSettings
) -> tuple[list[RecognisedCharacter], float]:
    """Return the characters along a ring, those along the bottom last, and where the others end.

    That is an angle from the top, in radians, the same on both sides; beyond it, other lines may reach into the band.
    """
    top, bottom = band
    rows = strip[max(0, top - 2) : bottom + 2]
    gaps = _gaps((rows > 110).any(axis=0), 1)
    if not gaps:
        return [], 0.0
    start, length = max(gaps, key=lambda gap: gap[1])
    columns = np.roll(np.arange(rows.shape[1]), -((start + length // 2) % rows.shape[1]))
    columns = columns[_keep_narrow((rows[:, columns] > 110).any(axis=0), len(rows), settings)]
    rows = rows[:, columns]
    width, margin = rows.shape[1], _margin(rows)
    as_is, turned = models.recognise([_as_line(rows), _as_line(rows[::-1, ::-1])])
    upright = [(each.x - margin, each.confidence - 0.5) for each in as_is if each.text.isalnum()]
    upside = [(width - each.x + margin, each.confidence - 0.5) for each in turned if each.text.isalnum()]
    gaps = _gaps((rows > 110).any(axis=0), round(settings.gap * len(strip)))
    cuts = sorted({0, width, *((start + length // 2) % width for start, length in gaps)})
    best, chosen = settings.below_gain, None
    for first, last in itertools.combinations(cuts, 2):
        gain = sum(score for x, score in upside if first <= x < last)
        gain -= sum(max(score, 0.0) for x, score in upright if first <= x < last)
        if gain > best:
            best, chosen = gain, (first, last)
    if chosen is None:
        places = [columns[min(width - 1, max(0, round(x)))] / strip.shape[1] * 2 * np.pi - np.pi for x, _ in upright]
        return as_is, max(map(abs, places), default=0.0)
    first, last = chosen
    rest = np.concatenate([rows[:, last:], rows[:, :first]], axis=1)
    lower = _as_line(rows[::-1, ::-1][:, width - last : width - first])
    if rest.shape[1] < len(rows):
        return models.recognise([lower])[0], np.pi
    above, below = models.recognise([_as_line(rest), lower])
    return (
        [*above, RecognisedCharacter(" ", 0.0, 1.0), *below] if _certainty(above) >= settings.sure else below
    ), np.pi


def _keep_narrow(inked: np.ndarray, height: int, settings: SealSettings) -> np.ndarray:
    """Return which columns to keep, so that gaps are as in print: letters set wide apart are lost otherwise.

    Gaps clearly wider than most are those between words.
    """
    ends = np.flatnonzero(np.diff(np.concatenate([[0], (~inked).astype(np.int8), [0]])))
    gaps = [(int(start), int(end)) for start, end in zip(ends[::2], ends[1::2], strict=True)]
    usual = float(np.median([end - start for start, end in gaps])) if gaps else 0.0
    keep = np.ones(len(inked), bool)
    for start, end in gaps:
        is_between_words = end - start > settings.word_gap * usual
        widest = round((settings.word_space if is_between_words else settings.letter_space) * height)
        if end - start > widest:
            keep[start + widest // 2 : end - (widest - widest // 2)] = False
    return keep


def _gaps(inked: np.ndarray, least: int) -> list[tuple[int, int]]:
    """Return the stretches without ink around a ring as (start, length), of at least that many pixels."""
    width = len(inked)
    if not inked.any():
        return []
    first = int(np.argmax(inked))
    turned = np.roll(inked, -first)
    edges = np.flatnonzero(np.diff(np.concatenate([[1], turned.astype(np.int8), [1]])))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return [((int(start) + first) % width, int(end - start)) for start, end in pairs if end - start >= max(1, least)]


def _margin(rows: np.ndarray) -> int:
    return rows.shape[0] // 3


def _as_line(rows: np.ndarray) -> np.ndarray:
    """Return a strip of ink as a picture of a line, dark on paper, with some paper around it."""
    margin = _margin(rows)
    framed = cv2.copyMakeBorder(rows, margin // 2, margin // 2, margin, margin, cv2.BORDER_CONSTANT, value=0)
    return cv2.cvtColor(255 - framed, cv2.COLOR_GRAY2BGR)


def _read_middle(
    models: OcrModels, ink: np.ndarray, box: Rect, inside: float, ends: float, settings: SealSettings
) -> list[list[RecognisedCharacter]]:
    """Return the lines across the middle of a seal, within `inside` of its radius.

    Beyond the angle `ends` from the top, where the text of the ring ends, they may reach nearly to the ring.
    """
    part = ink[_slices(box, ink.shape)].copy()
    if part.size == 0:
        return []
    y, x = np.mgrid[0 : part.shape[0], 0 : part.shape[1]]
    across, down = (x - part.shape[1] / 2) / (box.width / 2), (y - part.shape[0] / 2) / (box.height / 2)
    is_beyond = np.abs(np.arctan2(across, -down)) > ends + settings.letter
    part[across**2 + down**2 > np.where(is_beyond, settings.within, inside) ** 2] = 0
    if float((part > 110).mean()) < 0.002:
        return []
    picture = cv2.cvtColor(255 - part, cv2.COLOR_GRAY2BGR)
    picture = resize(picture, max(1.0, 2 * settings.unrolled / max(picture.shape[:2])))
    boxes, _ = detect_lines(models, picture)
    reach = settings.centred * picture.shape[1] / 2
    boxes = [each for each in boxes if abs(each.center[0] - picture.shape[1] / 2) <= reach]
    lines = models.recognise([crop(picture, each) for each in boxes]) if boxes else []
    return [
        line
        for line in lines
        if _certainty(line) >= settings.sure_middle and sum(each.text.isalnum() for each in line) > 1
    ]


def _certainty(characters: Sequence[RecognisedCharacter]) -> float:
    sure = [each.confidence for each in characters if not each.text.isspace()]
    return sum(sure) / len(sure) if sure else 0.0


def _text(characters: Sequence[RecognisedCharacter]) -> str:
    """Return characters as text, without the ornaments that stand between the words of seals."""
    text = "".join(each.text for each in characters)
    text = " ".join(word for word in text.split() if any(each.isalnum() for each in word)).strip("★*·•.-,、。~ ")
    return re.sub(rf"(?<=[{HAN}]) (?=[{HAN}])", "", text)
