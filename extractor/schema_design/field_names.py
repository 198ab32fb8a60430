"""Drafts from names alone: a list that somebody pasted, or the header row of a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from extractor.errors import InputError
from extractor.schema_design.draft import FieldDraft, FieldType, SchemaDraft
from extractor.schema_design.proposals import named_field, split_unit, with_keys
from extractor.schema_design.sample_tables import find_sample_tables
from extractor.schema_design.value_types import type_of_name
from extractor.types import Cell, Document
from extractor.values.label_similarity import best_similarity, normalise_label

SAME_NAME = 0.9
"""The least similarity (0..1) at which a name is that of a field that a sample suggests."""
MAX_NAMES = 500
_SEPARATORS = re.compile(r"[\n\r]+")
_ON_ONE_LINE = re.compile(r"[\t;；,，、|]")
_MARK = re.compile(r"^(?:[-*•·–]|\d{1,3}[.)、])\s*")


def draft_from_names(text: str, sample: SchemaDraft | None = None, title: str = "") -> SchemaDraft:
    """Return a field for each name of a pasted list, one on a line, or several separated by commas or tabs.

    A unit in brackets is the field's. A name that the `sample` suggests as well has its type, unit and value; of any
    other, the name tells the type (`Invoice date`, `数量`). Raises InputError where the text holds no name.
    """
    names = _read_names(text)
    if not names:
        raise InputError("The list has no names.", "Write one name on each line.")
    known = list(sample.fields) if sample is not None else []
    fields = [_field_of(name, known) for name in names[:MAX_NAMES]]
    return SchemaDraft(title or (sample.title if sample else ""), fields=with_keys(fields))


def _read_names(text: str) -> list[str]:
    lines = [line.strip() for line in _SEPARATORS.split(text) if line.strip()]
    if len(lines) == 1:
        lines = [part.strip() for part in _ON_ONE_LINE.split(lines[0])]
    names: dict[str, str] = {}
    for line in lines:
        name = _MARK.sub("", line).strip().rstrip(":：").strip()
        names.setdefault(normalise_label(name), name)
    return [name for plain, name in names.items() if plain]


def _field_of(name: str, known: Sequence[FieldDraft]) -> FieldDraft:
    plain, unit = split_unit(name)
    best = max(known, key=lambda f: best_similarity((f.name, *f.labels), plain), default=None)
    if best is not None and best_similarity((best.name, *best.labels), plain) >= SAME_NAME:
        labels = tuple(dict.fromkeys(label for label in (best.name, *best.labels, name) if label != plain))
        return replace(best, name=plain, unit=unit or best.unit, labels=labels, key="")
    field_type = type_of_name(plain)
    if unit and field_type in (FieldType.TEXT, FieldType.IDENTIFIER):
        field_type = FieldType.NUMBER
    return FieldDraft(plain, field_type, unit=unit, labels=(name,) if name != plain else ())


def draft_from_header(document: Document, title: str = "") -> SchemaDraft:
    """Return a field for each column of a spreadsheet's first table: named by its header, typed by what stands below.

    Raises InputError where the document has no table.
    """
    tables, _ = find_sample_tables(document)
    if tables:
        columns = tables[0].columns
        fields = [named_field(c.header, [cell.text for cell in c.cells]) for c in columns]
        return SchemaDraft(title, fields=with_keys(fields))
    names = [cell.text for cell in _first_row(document) if cell.text.strip()]
    if not names and document.text.strip():
        return draft_from_names(document.text.strip().split("\n")[0], title=title)
    if not names:
        raise InputError("The spreadsheet has no header row.", "Write the names of the fields into its first row.")
    return SchemaDraft(title, fields=with_keys([_field_of(name, ()) for name in names]))


def _first_row(document: Document) -> list[Cell]:
    table = next(iter(document.tables), None)
    return [cell for cell in table.cells if cell.row == 0] if table is not None else []
