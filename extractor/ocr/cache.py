"""Read pages kept on disk by what was read and how, so that no page is recognised twice."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

import numpy as np

from extractor.geometry import PlacedWord, Rect, RulingLine
from extractor.ocr.scanned_page import ScannedPage

LIMIT = 256 << 20
"""Bytes the cache may take; beyond them the pages longest unused go."""
PRUNED_EVERY = 50
_written = 0


def remembered(pixels: np.ndarray, dpi: float, engine: str, read: Callable[[], ScannedPage]) -> ScannedPage:
    """The page as read before, else `read()`, kept for the next time.

    The key is the SHA-256 of the pixels, the resolution, the engine and this room's own code. An entry that cannot be
    read counts as none, and a folder that cannot be written to costs time only. `EXTRACTOR_OCR_CACHE=off` does without.
    """
    if os.environ.get("EXTRACTOR_OCR_CACHE", "").lower() in ("off", "0", "no"):
        return read()
    path = _path(pixels, dpi, engine)
    page = _load(path)
    if page is None:
        page = read()
        _keep(path, page)
    return page


def folder() -> Path:
    """Where pages are kept: `ocr` in `EXTRACTOR_CACHE`, else in the user's cache folder for extractor."""
    if own := os.environ.get("EXTRACTOR_CACHE"):
        return Path(own).expanduser() / "ocr"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "extractor" / "ocr"


def _path(pixels: np.ndarray, dpi: float, engine: str) -> Path:
    digest = hashlib.sha256(f"{pixels.shape} {dpi:.3f} {engine} {_code()}\n".encode())
    digest.update(np.ascontiguousarray(pixels))
    name = digest.hexdigest()
    return folder() / name[:2] / f"{name}.json"


@cache
def _code() -> str:
    """A hash of this room's source: what was read by other code is read again."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _load(path: Path) -> ScannedPage | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        words = tuple(
            PlacedWord(**{**word, "box": Rect(*word["box"]), "page_box": word["page_box"] and Rect(*word["page_box"])})
            for word in held["words"]
        )
        horizontal, vertical = (
            tuple(RulingLine(*edge) for edge in held[name]) for name in ("horizontal_lines", "vertical_lines")
        )
        page = ScannedPage(**{**held, "words": words, "horizontal_lines": horizontal, "vertical_lines": vertical})
        os.utime(path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return page


def _keep(path: Path, page: ScannedPage) -> None:
    """Writes the page beside its place and moves it there, so that no other process sees half of it."""
    global _written
    partial = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, suffix=".partial", delete=False
        ) as file:
            partial = file.name
            json.dump(asdict(page), file, ensure_ascii=False)
        os.replace(partial, path)
        partial = None
        if _written % PRUNED_EVERY == 0:
            prune(LIMIT)
        _written += 1
    except OSError:
        pass  # the page was read all the same
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)


def prune(limit: int) -> None:
    """Deletes the entries longest unused until the rest take no more than `limit` bytes."""
    entries = []
    for path in folder().glob("*/*"):
        try:
            stat = path.stat()
        except OSError:
            continue  # another process was faster
        entries.append((stat.st_mtime, stat.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit:
            break
        path.unlink(missing_ok=True)
        total -= size
