"""Whether a table may be a list's at all: by the words that its headers share with the items' names, and by its rows.

A model that is asked which column holds what finds something in any table. Where a document prints the names of the
schema's fields, a table whose headers share nothing with the items is another one; and rows that begin with the labels
of other fields are a form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from extractor.candidates.column_names import header_similarity, shared_words
from extractor.candidates.entry_grids import EntryGrid
from extractor.candidates.list_columns import ColumnMatch, is_column_item
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field
from extractor.values.label_similarity import best_similarity, label_pattern, normalise_label


@dataclass(frozen=True)
class TableLikenessSettings(Settings):
    """When a table is none of a list's."""

    leave_unlike: bool = rule(True, meaning="A table is left alone whose headers share no words with the items' names.")
    leave_forms: bool = rule(True, meaning="A table is left alone whose rows are labels of other fields and values.")
    printed_names: float = threshold(
        0.15,
        meaning="Least share of the schema's names that a document in its words prints; else every table may be.",
    )
    shared_name: float = threshold(0.7, meaning="What an item counts whose words are all in a header, among others.")
    alike: float = threshold(0.5, meaning="From this similarity of an item and a header on, a table is not unlike.")
    unlike: float = threshold(0.2, meaning="The mean of the items' best similarities is below this in a table unlike.")
    label_similarity: float = threshold(0.78, meaning="Least similarity of a cell and the label of another field.")
    form_share: float = threshold(0.5, meaning="Least share of the rows of a form that have a label.")
    fewest_labels: int = threshold(2, unit="rows", meaning="Rows that a form has a label in, at least.")


def prints_names(fields: Sequence[Field], document: Document) -> bool:
    """Decide whether a document is in the words of the schema: it prints some of the names of fields and items."""
    named = [f for f in fields if f.type != "array"] + [
        i for f in fields if f.type == "array" for i in f.items if i.path
    ]
    printed = 0
    for f in named:
        patterns = (label_pattern(label) for label in (*f.labels, readable_name(f.name)) if len(label) > 1)
        printed += any(p is not None and p.search(document.text) for p in patterns)
    return printed >= TableLikenessSettings.current().printed_names * len(named) > 0


def likeness(match: ColumnMatch) -> float:
    """Return the mean, over the list's items, of how well the header that is likest names each, 0..1."""
    found = _similarities(match)
    return sum(found) / len(found) if found else 0.0


def is_unlike(match: ColumnMatch) -> bool:
    """Decide whether a table has headers, and none of them is like any item of the list."""
    settings = TableLikenessSettings.current()
    if not settings.leave_unlike or not match.grid.has_header or not match.grid.named_columns:
        return False
    return max(_similarities(match), default=0.0) < settings.alike and likeness(match) < settings.unlike


def _similarities(match: ColumnMatch) -> list[float]:
    settings = TableLikenessSettings.current()
    names = [name for path in match.grid.names for name in path]
    return [
        max((max(header_similarity(i, n), settings.shared_name * shared_words(i, n)) for n in names), default=0.0)
        for i in match.field.items
        if is_column_item(i)
    ]


def labels_of_single_fields(fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the labels of all fields but lists, without those of one character."""
    return tuple(label for f in fields if f.type != "array" for label in f.labels if len(normalise_label(label)) > 1)


def is_form(grid: EntryGrid, fields: Sequence[Field]) -> bool:
    """Decide whether most rows of a table have labels, as a reader marked them or as other `fields` are named."""
    settings = TableLikenessSettings.current()
    if not settings.leave_forms:
        return False
    if grid.table is not None and not grid.named_columns:
        first = {c.row: c.column for c in sorted(grid.table.cells, key=lambda c: -c.column) if not c.header and c.text}
        marked = {c.row for c in grid.table.cells if c.header and c.column > first.get(c.row, c.column)}
        if len(marked) >= max(settings.fewest_labels, settings.form_share * len(first)):
            return True  # labels stand behind values
    labels = labels_of_single_fields(fields)
    labelled = 0
    for row in grid.rows:
        texts = [row[c].text for c in sorted(row) if row[c].text]
        name = re.sub(r"[:：]", " ", texts[0]) if len(texts) > 1 else ""
        labelled += bool(name.strip()) and best_similarity(labels, name) >= settings.label_similarity
    return labelled >= max(settings.fewest_labels, settings.form_share * len(grid.rows))
