"""What a format could not hold as it was: counted by kind, with the first places of each."""

from __future__ import annotations

from collections.abc import Iterator

MAX_PLACES = 5
"""Places that are named of each kind, so that a million of them cost no more than a few."""


class ExportWarnings:
    """Places where a format changed what it was given, and the number of records that were written."""

    def __init__(self) -> None:
        self._places: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        self.records = 0

    def add(self, kind: str, place: str) -> None:
        """Note that something of that kind happened at the place."""
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if self._counts[kind] <= MAX_PLACES:
            self._places.setdefault(kind, []).append(place)

    def __iter__(self) -> Iterator[str]:
        """Yield a sentence for each kind."""
        for kind, count in self._counts.items():
            more = f" and {count - MAX_PLACES:,} more" if count > MAX_PLACES else ""
            yield f"{kind}: {', '.join(self._places[kind])}{more}"
