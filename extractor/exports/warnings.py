"""What a file could not hold as it was: counted by kind, the first places named."""

from __future__ import annotations

from collections.abc import Iterator

MOST = 5
"""So many places are named of each kind, so that a million of them cost no more than a few."""


class Warnings:
    """Places where a format changed what it was given."""

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = {}
        self.records = 0

    def add(self, kind: str, place: str) -> None:
        self._numbers[kind] = self._numbers.get(kind, 0) + 1
        if self._numbers[kind] <= MOST:
            self._places.setdefault(kind, []).append(place)

    def __iter__(self) -> Iterator[str]:
        """A sentence for each kind."""
        for kind, number in self._numbers.items():
            more = f" and {number - MOST:,} more" if number > MOST else ""
            yield f"{kind}: {', '.join(self._places[kind])}{more}"
