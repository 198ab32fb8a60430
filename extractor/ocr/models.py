"""The recognition models out of rapidocr's wheel: where text stands, what a line says, which way up it is.

PP-OCRv6's small detection and recognition models and PP-OCR's classifier of upside-down lines, run by onnxruntime
(PaddleOCR, https://github.com/PaddlePaddle/PaddleOCR). Nothing is downloaded. All pictures are BGR arrays of bytes.
This is the one module that knows rapidocr.
"""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

DETECTION = "PP-OCRv6_det_small.onnx"
RECOGNITION = "PP-OCRv6_rec_small.onnx"
UPSIDE_DOWN = "ch_ppocr_mobile_v2.0_cls_mobile.onnx"

SIDE_UNIT = 32
"""The detection model takes pictures with sides that are multiples of this many pixels."""
LINE_HEIGHT = 48
"""Height in pixels to which the models for lines want them brought."""
CLASSIFIED_WIDTH = 192
"""Width in pixels up to which the classifier sees a line."""
MIN_WIDTH = 160
"""Pixels to which shorter lines are filled up: the recognition model was not trained on shorter ones."""
MAX_WIDTH = 6400
"""Pixels to which a longer line is pressed together, to bound memory; in print none comes near."""
BATCH_WIDTH = 1600
"""Pixels of width recognised at once: short lines of like width go together, longer ones gain nothing by it."""
BATCH_LIKENESS = 0.9
"""Share of the widest line's width from which a line may go with it: what is filled up costs time."""


@dataclass(frozen=True, slots=True)
class RecognisedCharacter:
    """A recognised character: its centre in pixels from the left of its line's picture, and how sure it is, in 0..1."""

    text: str
    x: float
    confidence: float


class OcrModels:
    """The three models, loaded; hold `lock` while using them."""

    def __init__(self, threads: int) -> None:
        self.lock = threading.Lock()
        self._detection = _load(DETECTION, threads)
        # Lines are many and small: a thread for each is faster than all threads on one.
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="ocr")
        self._recognition = _load(RECOGNITION, 1)
        self._upside_down = _load(UPSIDE_DOWN, 1)
        characters = self._recognition.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._alphabet = ["", *characters, " "]

    def text_probability(self, picture: np.ndarray) -> np.ndarray:
        """Return for each pixel of a picture the probability that it belongs to the core of a line of text.

        The picture is scaled to sides that are multiples of SIDE_UNIT, and the result, (height, width), is as large.
        """
        height, width = picture.shape[:2]
        sides = tuple(max(1, round(side / SIDE_UNIT)) * SIDE_UNIT for side in (width, height))
        scaled = cv2.resize(picture, sides, interpolation=cv2.INTER_LINEAR)
        return _run(self._detection, _normalised(scaled)[None])[0, 0]

    def recognise(self, lines: Sequence[np.ndarray]) -> list[list[RecognisedCharacter]]:
        """Return the characters of each line picture from left to right, none where nothing was recognised."""
        result: list[list[RecognisedCharacter]] = [[] for _ in lines]
        batches: list[list[int]] = []
        # The longest first, so that no thread is left with one at the end.
        for number in sorted(range(len(lines)), key=lambda number: -_scaled_width(lines[number])):
            width = _scaled_width(lines[number])
            longest = _scaled_width(lines[batches[-1][0]]) if batches else math.inf
            if width < BATCH_LIKENESS * longest or (len(batches[-1]) + 1) * longest > BATCH_WIDTH:
                batches.append([])
            batches[-1].append(number)
        read = self._workers.map(lambda batch: self._recognise_batch([lines[number] for number in batch]), batches)
        for batch, recognised in zip(batches, read, strict=True):
            for number, characters in zip(batch, recognised, strict=True):
                result[number] = characters
        return result

    def _recognise_batch(self, lines: Sequence[np.ndarray]) -> list[list[RecognisedCharacter]]:
        widths = [_scaled_width(line) for line in lines]
        tensor = np.zeros((len(lines), 3, LINE_HEIGHT, max(*widths, MIN_WIDTH)), dtype=np.float32)
        for number, (line, width) in enumerate(zip(lines, widths, strict=True)):
            tensor[number, :, :, :width] = _normalised(_at_line_height(line, width))
        probabilities = _run(self._recognition, tensor)  # lines, steps from left to right, characters
        best = probabilities.argmax(axis=2)
        confidence = np.take_along_axis(probabilities, best[..., None], axis=2)[..., 0]
        step = tensor.shape[3] / probabilities.shape[1]
        return [
            [
                RecognisedCharacter(
                    self._alphabet[code],
                    (start + end) / 2 * step * line.shape[1] / width,
                    float(confidence[number, start:end].max()),
                )
                for code, start, end in _equal_stretches(best[number])
                if code
            ]
            for number, (line, width) in enumerate(zip(lines, widths, strict=True))
        ]

    def upside_down_probability(self, lines: Sequence[np.ndarray]) -> np.ndarray:
        """Return for each line picture the probability that it stands upside down."""
        tensor = np.zeros((len(lines), 3, LINE_HEIGHT, CLASSIFIED_WIDTH), dtype=np.float32)
        for number, line in enumerate(lines):
            width = min(CLASSIFIED_WIDTH, _scaled_width(line))
            tensor[number, :, :, :width] = _normalised(_at_line_height(line, width))
        return _run(self._upside_down, tensor)[:, 1]


def _load(name: str, threads: int) -> Any:
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


def _normalised(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32).transpose(2, 0, 1) / 127.5 - 1.0


def _scaled_width(line: np.ndarray) -> int:
    """Return the width in pixels that a line picture has at LINE_HEIGHT."""
    return min(MAX_WIDTH, max(1, math.ceil(LINE_HEIGHT * line.shape[1] / line.shape[0])))


def _at_line_height(line: np.ndarray, width: int) -> np.ndarray:
    method = cv2.INTER_AREA if line.shape[0] > LINE_HEIGHT else cv2.INTER_LINEAR
    return cv2.resize(line, (width, LINE_HEIGHT), interpolation=method)


def _equal_stretches(codes: np.ndarray) -> list[tuple[int, int, int]]:
    """Return stretches of equal codes as (code, start, end)."""
    parts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return [(int(codes[start]), start, end) for start, end in itertools.pairwise(parts)]


_loaded: dict[int, OcrModels] = {}
"""Models by process id. A forked child keeps its parent's: to end them is to wait for threads that it does not have."""
_loading = threading.Lock()


def ocr_models() -> OcrModels:
    """Return this process's models, loaded when first asked for; a forked child loads its own."""
    with _loading:
        if os.getpid() not in _loaded:
            _loaded[os.getpid()] = OcrModels(thread_count())
        return _loaded[os.getpid()]


def _renew_lock() -> None:
    global _loading
    _loading = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)


def thread_count() -> int:
    """Return how many threads the models may use: `EXTRACTOR_THREADS`, else the cores this process may run on."""
    own = os.environ.get("EXTRACTOR_THREADS", "")
    if own.isdigit() and int(own) > 0:
        return int(own)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def models_version() -> str:
    """Return the names of the models and the versions of the libraries, for people and as part of a cache key."""
    libraries = f"rapidocr-{version('rapidocr')} onnxruntime-{version('onnxruntime')} opencv-{cv2.__version__}"
    return f"{DETECTION} {RECOGNITION} {libraries}"
