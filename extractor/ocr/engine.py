"""The recognition models out of rapidocr's wheel: where lines of text stand, what they say, which way up they are.

PP-OCRv6's small detection and recognition models and PP-OCR's classifier of upside-down lines, run by onnxruntime.
Nothing is downloaded. All pictures are BGR arrays of bytes.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from extractor.geometry import Rect

DETECTION = "PP-OCRv6_det_small.onnx"
RECOGNITION = "PP-OCRv6_rec_small.onnx"
UPSIDE_DOWN = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"
LINE_HEIGHT = 48
"""Height in pixels to which the models for lines want them brought."""
LEAST_WIDTH = 160
"""Pixels to which shorter lines are filled up: the recognition model has not seen shorter ones."""
CORE, LIKELY, GROWN = 0.3, 0.6, 1.6
"""Above what a pixel counts as text, what a line must reach on average, and how far its box is grown."""
BATCH = 1600
"""Pixels of width recognised at once: short lines of like width go together, longer ones gain nothing by it."""
LONGEST = 6400
"""Pixels to which a longer line is pressed together, for the sake of memory; in print none comes near."""


SLANT = 12.0
"""Degrees from which a line runs aslant, as a stamp's does, rather than with the page, whatever its skew left over."""


@dataclass(frozen=True, slots=True)
class Slanted:
    """A line that runs across the page's others: its centre, length and height in pixels, its clockwise angle."""

    x: float
    y: float
    length: float
    height: float
    angle: float


@dataclass(frozen=True, slots=True)
class Glyph:
    """One recognised character: its centre in pixels from the left of its line's picture, and how sure it is."""

    text: str
    x: float
    confidence: float


class Engine:
    """The three models, loaded; one thread at a time may use it."""

    def __init__(self, threads: int) -> None:
        self.lock = threading.Lock()
        self.detector = _session(DETECTION, threads)
        # Lines are many and small: a thread for each is faster than all threads on one.
        self.workers = ThreadPoolExecutor(threads, thread_name_prefix="ocr")
        self.recogniser = _session(RECOGNITION, 1)
        self.classifier = _session(UPSIDE_DOWN, 1)
        characters = self.recogniser.get_modelmeta().custom_metadata_map["character"].splitlines()
        self.alphabet = ["", *characters, " "]

    def detect(self, picture: np.ndarray) -> tuple[list[Rect], list[Slanted]]:
        """Boxes around the lines of text of a level page, in pixels, and the lines on it that are not level.

        The picture is taken as it is, only brought to sides that are multiples of 32. The model marks the core of each
        line; its box is grown by as much as the cores were shrunk for training (Liao et al. 2020, DB).
        """
        height, width = picture.shape[:2]
        sides = (max(1, round(width / 32)) * 32, max(1, round(height / 32)) * 32)
        scaled = cv2.resize(picture, sides, interpolation=cv2.INTER_LINEAR)
        likely = _run(self.detector, _normalised(scaled)[None])[0, 0]
        cores = cv2.dilate((likely > CORE).astype(np.uint8), np.ones((2, 2), np.uint8))
        count, names, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=8)
        across, down = width / sides[0], height / sides[1]
        boxes: list[Rect] = []
        slanted: list[Slanted] = []
        usual = float(np.median(stats[1:, cv2.CC_STAT_HEIGHT])) if count > 1 else 0.0
        for number in range(1, count):
            left, top, wide, high = (int(each) for each in stats[number, :4])
            whole = names[top : top + high, left : left + wide] == number
            if min(wide, high) < 3 or likely[top : top + high, left : left + wide][whole].mean() < LIKELY:
                continue
            for y, x, core in _parted(whole, usual):
                if aslant := _aslant(core):
                    length, thick, angle = aslant[2:]
                    grown = GROWN * length * thick / (2 * (length + thick))
                    centre = (left + x + aslant[0]) * across, (top + y + aslant[1]) * down
                    slanted.append(Slanted(*centre, (length + 2 * grown) * across, (thick + 2 * grown) * down, angle))
                    continue
                high, wide = core.shape
                grown = GROWN * wide * high / (2 * (wide + high))
                x0, x1 = max(0.0, left + x - grown), min(float(sides[0]), left + x + wide + grown)
                y0, y1 = max(0.0, top + y - grown), min(float(sides[1]), top + y + high + grown)
                boxes.append(Rect(x0 * across, y0 * down, x1 * across, y1 * down))
        return boxes, slanted

    def recognise(self, lines: Sequence[np.ndarray]) -> list[list[Glyph]]:
        """The characters of each line picture, left to right; none where nothing was recognised."""
        result: list[list[Glyph]] = [[] for _ in lines]
        batches: list[list[int]] = []
        # The longest first, so that no thread is left with one at the end.
        for number in sorted(range(len(lines)), key=lambda number: -_width(lines[number])):
            width = _width(lines[number])
            longest = _width(lines[batches[-1][0]]) if batches else math.inf
            if width < 0.9 * longest or (len(batches[-1]) + 1) * longest > BATCH:
                batches.append([])
            batches[-1].append(number)
        read = self.workers.map(lambda batch: self._read([lines[number] for number in batch]), batches)
        for batch, glyphs in zip(batches, read, strict=True):
            for number, found in zip(batch, glyphs, strict=True):
                result[number] = found
        return result

    def _read(self, lines: Sequence[np.ndarray]) -> list[list[Glyph]]:
        widths = [_width(line) for line in lines]
        held = np.zeros((len(lines), 3, LINE_HEIGHT, max(*widths, LEAST_WIDTH)), dtype=np.float32)
        for place, (line, width) in enumerate(zip(lines, widths, strict=True)):
            held[place, :, :, :width] = _normalised(_at_height(line, width))
        found = _run(self.recogniser, held)
        best = found.argmax(axis=2)
        sure = np.take_along_axis(found, best[..., None], axis=2)[..., 0]
        step = held.shape[3] / found.shape[1]
        return [
            [
                Glyph(
                    self.alphabet[code],
                    (start + end) / 2 * step * line.shape[1] / width,
                    float(sure[n, start:end].max()),
                )
                for code, start, end in _runs(best[n])
                if code
            ]
            for n, (line, width) in enumerate(zip(lines, widths, strict=True))
        ]

    def upside_down(self, lines: Sequence[np.ndarray]) -> np.ndarray:
        """How likely each line picture stands on its head, in 0..1."""
        held = np.zeros((len(lines), 3, LINE_HEIGHT, 192), dtype=np.float32)
        for place, line in enumerate(lines):
            width = min(192, _width(line))
            held[place, :, :, :width] = _normalised(_at_height(line, width))
        return _run(self.classifier, held)[:, 1]


def _session(name: str, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # others want the cores too
    options.enable_cpu_mem_arena = False  # it would keep the memory of the largest page for good
    path = Path(find_spec("rapidocr").origin).parent / "models" / name
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _run(session: Any, tensor: np.ndarray) -> np.ndarray:
    return session.run(None, {session.get_inputs()[0].name: tensor})[0]


def _parted(core: np.ndarray, usual: float) -> Iterator[tuple[int, int, np.ndarray]]:
    """The core of a line without what touches it from above or below, a stamp or a note in ink, and that by itself.

    Each part comes with its top and left within the core. `usual` is the height of the page's lines.
    """
    high, wide = core.shape
    filled = core.sum(axis=1)
    strong = np.flatnonzero(filled > 0.6 * filled.max())
    first, last = int(strong[0]), int(strong[-1]) + 1
    if (
        high < 1.6 * usual
        or wide < 3 * usual
        or not 0.6 * usual <= last - first <= 1.5 * usual
        or len(strong) < 0.8 * (last - first)
    ):
        yield 0, 0, core
        return
    for top, bottom in ((0, first), (first, last), (last, high)):
        columns = np.flatnonzero(core[top:bottom].any(axis=0))
        if bottom - top >= 3 and len(columns) >= 3:
            yield top, int(columns[0]), core[top:bottom, columns[0] : columns[-1] + 1]


def _aslant(core: np.ndarray) -> tuple[float, float, float, float, float] | None:
    """Centre, length, height and angle of the core of a line that runs aslant; None for any other."""
    high, wide = core.shape
    if min(high, wide) < 0.2 * max(high, wide) or core.mean() > 0.6:
        return None  # level, or filling its box
    points = cv2.findNonZero(core.astype(np.uint8))
    (x, y), (length, across), angle = cv2.minAreaRect(points)
    if across > length:
        length, across, angle = across, length, angle + 90
    angle = (angle + 90) % 180 - 90  # versions of the library differ in the range
    if length < 3 * across or not SLANT <= abs(angle) <= 90 - SLANT:
        return None
    return x, y, length, across, angle


def _normalised(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32).transpose(2, 0, 1) / 127.5 - 1.0


def _width(line: np.ndarray) -> int:
    return min(LONGEST, max(1, math.ceil(LINE_HEIGHT * line.shape[1] / line.shape[0])))


def _at_height(line: np.ndarray, width: int) -> np.ndarray:
    way = cv2.INTER_AREA if line.shape[0] > LINE_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(line, (width, LINE_HEIGHT), interpolation=way)


def _runs(codes: np.ndarray) -> list[tuple[int, int, int]]:
    """Stretches of equal answers as (code, start, end)."""
    parts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [(int(codes[start]), start, end) for start, end in itertools.pairwise(parts)]


_held: dict[int, Engine] = {}
"""Engines by process. A child keeps its parent's unused: to end it would be to wait for threads that are not there."""
_making = threading.Lock()


def engine() -> Engine:
    """This process's engine, loaded when first asked for; a forked child makes its own."""
    with _making:
        if os.getpid() not in _held:
            _held[os.getpid()] = Engine(threads())
        return _held[os.getpid()]


def _after_fork() -> None:
    global _making
    _making = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def threads() -> int:
    """How many threads the models may use: `EXTRACTOR_THREADS`, else the cores this process may run on."""
    own = os.environ.get("EXTRACTOR_THREADS", "")
    if own.isdigit() and int(own) > 0:
        return int(own)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def name() -> str:
    """What recognises: the models and the versions of the libraries, as a cache key and for people."""
    libraries = f"rapidocr-{version('rapidocr')} onnxruntime-{version('onnxruntime')} opencv-{cv2.__version__}"
    return f"{DETECTION} {RECOGNITION} {libraries}"
