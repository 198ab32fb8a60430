"""What a request asks for, looked at piece by piece: anything that is not what it should be is refused with 422."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request

from extractor.types import Path
from extractor.ui.responses import Refused, unusable

MOST_BYTES = 2 << 20
"""Of a body: a grid of cells that is pasted is the largest."""
MOST_TEXT = 100_000
"""Characters of a value."""
MOST_NOTE = 2_000
MOST_STEPS = 40
MOST_CELLS = 50_000
MOST_BOXES = 1_000
LARGEST = 2**53
_MISSING: Any = object()


async def body(request: Request) -> Mapping[str, Any]:
    """The JSON object in a request's body."""
    data = bytearray()
    async for part in request.stream():
        data += part
        if len(data) > MOST_BYTES:
            raise Refused(413, "too_large", f"A request has at most {MOST_BYTES >> 20} MB.")
    try:
        given = orjson.loads(bytes(data) or b"{}")
    except orjson.JSONDecodeError:
        raise unusable("The request is not JSON.") from None
    if not isinstance(given, dict):
        raise unusable("The request is not a JSON object.")
    return given


class Asked:
    """The parts of a request by name; each is given out as what it is said to be, or refused."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def text(self, name: str, missing: str | None = _MISSING, most: int = MOST_TEXT) -> Any:
        return _text(name, self._of(name, missing), most) if self._has(name, missing) else missing

    def word(self, name: str, words: Sequence[str], missing: str | None = _MISSING) -> Any:
        """One of a few words."""
        found = self.text(name, missing, 100)
        if found is not missing and found not in words:
            raise unusable(f"{name} is one of {', '.join(words)}.")
        return found

    def note(self) -> str:
        return self.text("note", "", MOST_NOTE)

    def truth(self, name: str) -> bool:
        found = self._given.get(name, False)
        if not isinstance(found, bool):
            raise unusable(f"{name} is true or false.")
        return found

    def whole(self, name: str, missing: int | None = _MISSING, least: int = 0, most: int = LARGEST) -> Any:
        """A whole number; in a query it is written in digits."""
        found = self._of(name, missing)
        if not self._has(name, missing):
            return missing
        return whole(name, found, least, most)

    def path(self, name: str = "path", missing: Any = _MISSING) -> Any:
        """A path in a record; in a query it is written as JSON."""
        found = self._of(name, missing)
        if not self._has(name, missing):
            return missing
        if isinstance(found, str):
            try:
                found = json.loads(found)
            except (ValueError, RecursionError):
                raise unusable(f"{name} is not JSON.") from None
        return _path(name, found)

    def box(self, name: str = "box") -> tuple[float, float, float, float]:
        return _box(name, self._of(name, _MISSING))

    def evidence(self) -> dict[str, Any] | None:
        """Where a value stands: offsets, boxes, or both."""
        found = self._given.get("evidence")
        if found is None:
            return None
        if not isinstance(found, dict):
            raise unusable("evidence is an object.")
        start, end = (None if found.get(k) is None else whole(k, found[k], 0, LARGEST) for k in ("start", "end"))
        if (start is None) != (end is None) or (start is not None and start > end):
            raise unusable("evidence ends behind its start.")
        boxes = found.get("boxes")
        if boxes is not None:
            if not isinstance(boxes, list) or len(boxes) > MOST_BOXES:
                raise unusable(f"boxes is a list of at most {MOST_BOXES}.")
            boxes = [_placed(box) for box in boxes]
        return {"start": start, "end": end, "boxes": boxes}

    def cells(self) -> list[list[str]]:
        """Rows of texts."""
        rows = self._of("cells", _MISSING)
        if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
            raise unusable("cells is a list of rows.")
        if sum(map(len, rows)) > MOST_CELLS or len(rows) > MOST_CELLS:
            raise unusable(f"At most {MOST_CELLS:,} cells can be pasted at once.")
        return [[_text("a cell", cell, MOST_TEXT) for cell in row] for row in rows]

    def _of(self, name: str, missing: Any) -> Any:
        found = self._given.get(name)
        if found is None and missing is _MISSING:
            raise unusable(f"{name} is missing.")
        return found

    def _has(self, name: str, missing: Any) -> bool:
        return missing is _MISSING or self._given.get(name) is not None


def whole(name: str, found: Any, least: int, most: int) -> int:
    if isinstance(found, str) and found.isascii() and found.isdigit() and len(found) < 17:
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or not least <= found <= most:
        raise unusable(f"{name} is a whole number from {least} to {most}.")
    return found


def _text(name: str, found: Any, most: int) -> str:
    if not isinstance(found, str) or len(found) > most:
        raise unusable(f"{name} is a text of at most {most:,} characters.")
    if "\0" in found or any("\ud800" <= character <= "\udfff" for character in found):
        raise unusable(f"{name} holds characters that are none.")
    return found


def _path(name: str, found: Any) -> Path:
    if not isinstance(found, list) or len(found) > MOST_STEPS:
        raise unusable(f"{name} is a list of at most {MOST_STEPS} steps.")
    return tuple(whole(name, s, 0, LARGEST) if not isinstance(s, str) else _text(name, s, 1000) for s in found)


def _placed(box: Any) -> dict[str, Any]:
    """A box on a page, given as an object."""
    if not isinstance(box, dict):
        raise unusable("A box is an object.")
    sides = _box("a box", [box.get(side) for side in ("x0", "top", "x1", "bottom")])
    return {"page": whole("page", box.get("page"), 1, LARGEST)} | dict(
        zip(("x0", "top", "x1", "bottom"), sides, strict=True)
    )


def _box(name: str, found: Any) -> tuple[float, float, float, float]:
    if not isinstance(found, list) or len(found) != 4 or not all(_is_number(side) for side in found):
        raise unusable(f"{name} is four numbers: left, top, right, bottom.")
    x0, top, x1, bottom = map(float, found)
    if x0 > x1 or top > bottom:
        raise unusable(f"{name} has its left before its right, and its top above its bottom.")
    return x0, top, x1, bottom


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found) and abs(found) < 1e7
