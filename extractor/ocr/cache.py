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
from extractor.settings import Settings

MAX_BYTES = 256 << 20
"""Bytes that the cache may take; beyond them the pages longest unused go."""
PRUNED_EVERY = 50
"""Pages written by a process after which it prunes the cache."""
_written = 0


def cached_page(pixels: np.ndarray, dpi: float, models: str, read: Callable[[], ScannedPage]) -> ScannedPage:
    """Return the page as read before, else `read()`, kept for the next time.

    The key is the SHA-256 of the pixels, the resolution, the models and libraries, this room's own code and its
    settings in force. An entry that cannot be read counts as none, and a folder that cannot be written to costs time
    only. `EXTRACTOR_OCR_CACHE=off` does without.
    """
    if os.environ.get("EXTRACTOR_OCR_CACHE", "").lower() in ("off", "0", "no"):
        return read()
    path = _path_of(pixels, dpi, models)
    page = _load(path)
    if page is None:
        page = read()
        _save(path, page)
    return page


def cache_folder() -> Path:
    """Return where pages are kept: `ocr` in `EXTRACTOR_CACHE`, else in the user's cache folder for extractor."""
    if own := os.environ.get("EXTRACTOR_CACHE"):
        return Path(own).expanduser() / "ocr"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".cache") / "extractor" / "ocr"


def prune(limit: int) -> None:
    """Delete the entries longest unused until the rest take no more than `limit` bytes."""
    entries = []
    for path in cache_folder().glob("*/*"):
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


def _path_of(pixels: np.ndarray, dpi: float, models: str) -> Path:
    digest = hashlib.sha256(f"{pixels.shape} {dpi:.3f} {models} {_code_hash()} {_settings_in_force()}\n".encode())
    digest.update(np.ascontiguousarray(pixels))
    name = digest.hexdigest()
    return cache_folder() / name[:2] / f"{name}.json"


@cache
def _code_hash() -> str:
    """Return a hash of this room's source: what was read by other code is read again."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _settings_in_force() -> list[Settings]:
    """Return this room's settings, which an ablation may have replaced."""
    own = [settings for settings in Settings.classes if settings.__module__.startswith(__package__)]
    return [settings.current() for settings in sorted(own, key=lambda settings: settings.__name__)]


def _load(path: Path) -> ScannedPage | None:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["words"] = tuple(
            PlacedWord(**{**word, "box": Rect(*word["box"]), "page_box": word["page_box"] and Rect(*word["page_box"])})
            for word in fields["words"]
        )
        for name in ("horizontal_lines", "vertical_lines"):
            fields[name] = tuple(RulingLine(*line) for line in fields[name])
        page = ScannedPage(**fields)
        os.utime(path)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return page


def _save(path: Path, page: ScannedPage) -> None:
    """Write the page beside its place and move it there, so that no other process sees half of it."""
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
            prune(MAX_BYTES)
        _written += 1
    except OSError:
        pass  # the page was read all the same
    finally:
        if partial is not None:
            Path(partial).unlink(missing_ok=True)
