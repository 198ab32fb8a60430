"""Labels that descriptions quote as the document prints them: "the total (Summe der Aktiva) of the current year"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.candidates import key_value
from extractor.candidates.matches import StructuralMatch
from extractor.candidates.period_cells import choose_period
from extractor.candidates.table_cells import find_value_span
from extractor.settings import Settings, rule, threshold
from extractor.types import Cell, Document, Field, Path
from extractor.values import normalisation
from extractor.values.label_similarity import is_set_apart, normalise_label
from extractor.values.scripts import has_cjk


@dataclass(frozen=True)
class QuotedLabelSettings(Settings):
    """When words of a description are the label that the document prints."""

    read_descriptions: bool = rule(True, meaning="Values stand at labels that only the field's description quotes.")
    longest_label: int = threshold(60, unit="characters", meaning="A longer text is no label.")
    shortest_label: int = threshold(4, unit="characters", meaning="A shorter one stands in other words.")
    shortest_cjk_label: int = threshold(2, unit="characters", meaning="The same for Chinese and Japanese.")
    score: float = threshold(0.85, meaning="The score of the only value at such a label in a table.")


_ENUMERATOR = re.compile(r"^\s*(?:\(?(?:[IVXLC]+|\d{1,3}|[A-Za-z])[.)]|[（(][一二三四五六七八九十\d]+[)）])\s*")
_LINE_LABEL = re.compile(r"^[ \t]*([^\n\t:：]{2,60}?)[ ]*(?:[:：]|\t|[ ]{3,})", re.MULTILINE)
_LATIN = re.compile(r"[A-Za-z]")


def match_quoted_labels(
    fields: Sequence[Field], document: Document, free: Sequence[tuple[int, int]], known: Sequence[Field]
) -> dict[Path, StructuralMatch]:
    """Return the `fields` whose value stands at a label that their description quotes, and no other field's does.

    In tables, in the row of that label: the only value, or that of the period which the field is about. In the text,
    within the spans `free`, behind the label. `known` are all fields of the schema.
    """
    if not QuotedLabelSettings.current().read_descriptions:
        return {}
    labels = find_quoted_labels(known, document)
    open_fields = [replace(f, labels=labels[f.path]) for f in fields if labels.get(f.path)]
    if not open_fields:
        return {}
    found = {f.path: match for f in open_fields if (match := _match_in_tables(f, document)) is not None}
    left = [f for f in open_fields if f.path not in found]
    others = [replace(f, labels=(*f.labels, *labels.get(f.path, ()))) for f in known]
    return {**key_value.match_labelled_values(left, document, free, others), **found}


def find_quoted_labels(fields: Sequence[Field], document: Document) -> dict[Path, tuple[str, ...]]:
    """Return the document's labels that the description of one field, and of no other, quotes word for word."""
    quoted: dict[str, list[Path]] = defaultdict(list)
    described = [(f, f" {_plain_words(f.description)} ") for f in fields if f.type != "array" and f.description]
    for label in dict.fromkeys(_printed_labels(document)):
        plain = f" {_plain_words(label)} "
        for f, description in described:
            is_there = plain.strip() in description if has_cjk(label) else plain in description
            if is_there and _is_quotation(label, f.description):
                quoted[label].append(f.path)
    found: dict[Path, tuple[str, ...]] = {}
    for label, paths in quoted.items():
        if len(paths) == 1:
            found[paths[0]] = (*found.get(paths[0], ()), label)
    return {
        path: tuple(label for label in labels if not any(label != other and label in other for other in labels))
        for path, labels in found.items()
    }


def _printed_labels(document: Document) -> Iterator[str]:
    settings = QuotedLabelSettings.current()
    for table in document.tables:
        for cell in table.cells:
            yield from (_ENUMERATOR.sub("", text).rstrip(" :：") for text in cell.row_path[-1:])
            if cell.header and len(cell.text) <= settings.longest_label:
                yield _ENUMERATOR.sub("", cell.text).rstrip(" :：")
    for match in _LINE_LABEL.finditer(document.text):
        yield _ENUMERATOR.sub("", match[1]).strip()


def _plain_words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _is_quotation(label: str, description: str) -> bool:
    """Decide whether a label stands in a description as a name and not as words of the sentence.

    It has several words, or is of another script, or is written there in capitals, quotes or brackets.
    """
    settings = QuotedLabelSettings.current()
    if has_cjk(label):
        return len(normalise_label(label)) >= settings.shortest_cjk_label
    if len(label) < settings.shortest_label or not re.search(r"[^\W\d_]", label):
        return False
    if not _LATIN.search(label) and len(label.split()) > 1:
        return True
    is_name = label[:1].isupper() and re.search(rf"(?<=[\w,;] ){re.escape(label)}\b", description) is not None
    return is_name or is_set_apart(label, description)


def _match_in_tables(field: Field, document: Document) -> StructuralMatch | None:
    wanted = {normalise_label(label) for label in field.labels}
    spans: dict[tuple[int, int], str] = {}
    for table in document.tables:
        rows: dict[int, list[Cell]] = defaultdict(list)
        for cell in table.cells:
            rows[cell.row].append(cell)
        for row in rows.values():
            if not any(normalise_label(_ENUMERATOR.sub("", name)) in wanted for name in _row_names(row)):
                continue
            cells = [cell for cell in row if not cell.header and _is_value(field, cell)]
            chosen = choose_period(field, cells) or (cells[0] if len(cells) == 1 else None)
            span = find_value_span(field, chosen, document.text) if chosen is not None else None
            if span is not None and chosen is not None and span[1] > span[0]:
                spans[span] = " ".join((*chosen.row_path, *chosen.column_path))
    if len({document.text[slice(*span)] for span in spans}) != 1:
        return None
    span, context = next(iter(spans.items()))
    return StructuralMatch(field.path, *span, QuotedLabelSettings.current().score, context)


def _row_names(row: Sequence[Cell]) -> set[str]:
    return {name for cell in row for name in cell.row_path[-1:]} | {cell.text for cell in row if cell.column == 0}


def _is_value(field: Field, cell: Cell) -> bool:
    kind = normalisation.value_kind(field)
    if not cell.text or cell.column == 0:
        return False
    return bool(normalisation.find_spans(kind, cell.text)) if kind is not None else True
