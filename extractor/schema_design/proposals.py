"""The fields that sample documents suggest: their labels with values, and their tables as lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractor.schema_design.draft import WITH_COLUMNS, FieldDraft, FieldType, SampleValue, SchemaDraft
from extractor.schema_design.labelled_values import LabelledValue, find_labelled_values
from extractor.schema_design.property_names import property_name
from extractor.schema_design.sample_tables import SampleColumn, SampleTable, find_sample_tables
from extractor.schema_design.value_types import type_of_values
from extractor.settings import Settings, rule, threshold
from extractor.types import Document
from extractor.values.characters import collapse_spaces
from extractor.values.label_similarity import normalise_label
from extractor.values.scripts import has_cjk
from extractor.values.units import find_declared_units

LONGEST_TITLE = 60
"""Characters of a heading that may be the title of a kind of report."""


@dataclass(frozen=True)
class ProposalSettings(Settings):
    """How many fields are proposed."""

    most_fields: int = threshold(200, unit="fields", meaning="Of a document with more labels, so many are proposed.")
    require_common: bool = rule(True, meaning="Of several samples, what all have is proposed as required.")


def propose_draft(documents: Sequence[Document], title: str = "") -> SchemaDraft:
    """Return the fields that the samples suggest, in the order of the first sample that has each.

    Each field keeps what the first sample has for it. The title is that given, else the first heading.
    """
    title = title or _title(documents)
    per_document = [_proposed_fields(document, title) for document in documents]
    merged: dict[str, list[tuple[int, FieldDraft, list[str]]]] = {}
    for number, fields in enumerate(per_document):
        for field, texts in fields:
            merged.setdefault(_identity(field), []).append((number, field, texts))
    is_common = ProposalSettings.current().require_common and len(documents) > 1
    fields: list[FieldDraft] = []
    for found in merged.values():
        field = _merge([each for _, each, _ in found], [text for _, _, texts in found for text in texts])
        field = field if found[0][0] == 0 else replace(field, sample=None)
        samples = {number for number, _, texts in found if any(text.strip() for text in texts)}
        fields.append(replace(field, required=is_common and len(samples) == len(documents)))
    fields = fields[: ProposalSettings.current().most_fields]
    return SchemaDraft(title, fields=with_keys(fields))


def with_keys(fields: Sequence[FieldDraft]) -> tuple[FieldDraft, ...]:
    """Return the fields, each with a property name of its own; those that have one keep it."""
    taken = {field.key for field in fields if field.key}
    named = []
    for field in fields:
        key = field.key or property_name(field.name, taken)
        taken.add(key)
        named.append(replace(field, key=key, columns=with_keys(field.columns)))
    return tuple(named)


def _proposed_fields(document: Document, title: str) -> list[tuple[FieldDraft, list[str]]]:
    """Return the fields of one sample in reading order, each with the texts that it has for it."""
    tables, more = find_sample_tables(document)
    values = find_labelled_values(document)
    known = {normalise_label(value.label) for value in values}
    values += [value for value in more if normalise_label(value.label) not in known]
    placed = [(value.label_start, *labelled_field(document, value)) for value in values]
    names: dict[str, int] = {}
    for table in tables:
        field, texts = _list_field(table, document.text, title)
        names[field.name] = names.get(field.name, 0) + 1
        if names[field.name] > 1:
            field = replace(field, name=f"{field.name} {names[field.name]}")
        placed.append((table.start, field, texts))
    return [(field, texts) for _, field, texts in sorted(placed, key=lambda each: each[0])]


def labelled_field(document: Document, value: LabelledValue) -> tuple[FieldDraft, list[str]]:
    """Return the field for a label, named as the label without its unit, and the printed text of its value."""
    text = collapse_spaces(document.text[value.start : value.end])
    sample = SampleValue(text, value.start, value.end) if text else None
    return named_field(value.label, [text], sample), [text]


def named_field(label: str, texts: Sequence[str], sample: SampleValue | None = None) -> FieldDraft:
    """Return a field with the name and unit of a printed label, and the type of the printed texts."""
    name, unit = split_unit(label)
    found = type_of_values(texts, name)
    labels = (label,) if label != name else ()
    numeric = found.type in (FieldType.NUMBER, FieldType.MONEY, FieldType.INTEGER)
    chosen_unit = (found.unit or unit) if numeric else ""
    return FieldDraft(name, found.type, unit=chosen_unit, labels=labels, choices=found.choices, sample=sample)


def split_unit(label: str) -> tuple[str, str]:
    """Return a label without the unit that ends it in brackets, and the unit: `Weight (kg)` is `Weight` and `kg`."""
    label = collapse_spaces(label).strip().rstrip(":：").strip()
    for opening, closing in ("()", "（）", "[]", "【】"):
        if label.endswith(closing) and opening in label:
            name, _, inside = label[:-1].rpartition(opening)
            if name.strip() and inside.strip() and find_declared_units(f"({inside})"):
                return name.strip(), inside.strip()
    return label, ""


def _list_field(table: SampleTable, text: str, title: str) -> tuple[FieldDraft, list[str]]:
    """Return the list that a table is, named by its caption, and the texts of its first column."""
    columns = with_keys([_column_field(column) for column in table.columns])
    caption = "" if normalise_label(table.caption) == normalise_label(title) else table.caption
    name = caption or ("明细" if any(has_cjk(column.name) for column in columns) else "Items")
    firsts = [column.first for column in table.columns if column.first is not None]
    sample = None
    if firsts:
        start, end = min(cell.start for cell in firsts), max(cell.end for cell in firsts)
        sample = SampleValue(collapse_spaces(text[start:end]), start, end)
    texts = [cell.text for column in table.columns[:1] for cell in column.cells]
    return FieldDraft(name, FieldType.LIST, columns=columns, sample=sample), texts


def _column_field(column: SampleColumn) -> FieldDraft:
    cell = column.first
    sample = SampleValue(cell.text, cell.start, cell.end) if cell is not None else None
    return named_field(column.header, [each.text for each in column.cells], sample)


def _identity(field: FieldDraft) -> str:
    """Return what makes fields of two samples the same: the name, and of a list the names of its columns."""
    if field.type in WITH_COLUMNS:
        return " | ".join(sorted(normalise_label(column.name) for column in field.columns))
    return normalise_label(field.name)


def _merge(found: Sequence[FieldDraft], texts: Sequence[str]) -> FieldDraft:
    """Return one field for those that the samples have under one name, with the type of all their values."""
    first = found[0]
    labels = dict.fromkeys(label for field in found for label in (*field.labels, field.name) if label != first.name)
    if first.type in WITH_COLUMNS or len(found) == 1:
        return replace(first, labels=tuple(labels))
    merged = type_of_values(texts, first.name)
    unit = merged.unit or next((field.unit for field in found if field.unit), "")
    return replace(first, type=merged.type, unit=unit, choices=merged.choices, labels=tuple(labels))


def _title(documents: Sequence[Document]) -> str:
    """Return the first heading of the samples, else the first line; empty where there is no short one."""
    for document in documents:
        headings = [block for block in document.blocks if block.kind == "heading"]
        for block in (*headings, *document.blocks[:1]):
            line = collapse_spaces(document.text[block.start : block.end].split("\n")[0])
            if line and len(line) <= LONGEST_TITLE and not re.search("[:：]", line):
                return line
    return ""
