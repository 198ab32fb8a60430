"""What a value's surroundings say: which of a field's names stand around it."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from functools import lru_cache

from extractor.settings import Settings, threshold
from extractor.types import Document, Field
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class ContextSettings(Settings):
    """How much text around a value is its context: a row's label stands before it, a counted thing after it."""

    characters_before: int = threshold(240, unit="characters", meaning="Of the value's line, before it.")
    characters_after: int = threshold(16, unit="characters", meaning="Of the value's line, after it.")


@lru_cache(maxsize=4096)
def _label_terms(labels: tuple[str, ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(search_terms(label)) for label in labels)


class ContextIndex:
    """The search terms around every value of one document, headers of its table cell included."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._cells = sorted(
            (cell.start, cell.end, (*table.caption, *cell.row_path, *cell.column_path))
            for table in document.tables
            for cell in table.cells
            if cell.text and not cell.header
        )
        self._starts = [start for start, _, _ in self._cells]
        self._terms: dict[tuple[int, int], frozenset[str]] = {}

    def terms(self, start: int, end: int) -> frozenset[str]:
        """Return the terms of the line before the value and just after it.

        The line above counts too where the value begins its line, or its line has tabs: a label, or the header of a
        row, may stand there.
        """
        if (start, end) not in self._terms:
            settings = ContextSettings.current()
            text = self.document.text
            line = text.rfind("\n", 0, start) + 1
            line_end = text.find("\n", start)
            if not text[line:start].strip() or "\t" in text[line : line_end if line_end >= 0 else None]:
                line = text.rfind("\n", 0, max(0, line - 1)) + 1
            stop, after = text.find("\n", end), end + settings.characters_after
            words = [
                text[max(line, start - settings.characters_before) : start],
                text[end : min(after, stop if stop >= 0 else after)],
            ]
            i = bisect.bisect_right(self._starts, start) - 1
            if i >= 0 and self._cells[i][1] >= end:
                words += self._cells[i][2]
            self._terms[start, end] = frozenset(t for word in words for t in search_terms(word))
        return self._terms[start, end]

    def support(self, field: Field, start: int, end: int) -> float:
        """Return the share of a label's terms that stand around the value, 0..1, for the field's best label."""
        around = self.terms(start, end)
        return max((len(t & around) / len(t) for t in _label_terms(field_names(field)) if t), default=0.0)


def field_names(field: Field) -> tuple[str, ...]:
    """Return the names a field goes by; one that has only its property's name is known by its description too."""
    return (*field.labels, field.description) if is_unnamed(field) and field.description else field.labels


def is_unnamed(field: Field) -> bool:
    """Decide whether a field has no more than its property's name: neither a title nor labels."""
    return not field.title and not field.schema.get("x-labels")
