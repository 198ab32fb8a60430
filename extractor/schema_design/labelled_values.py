"""Labels and their values in a document that has no schema yet: forms, labelled lines, labels over values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.schema_design.draft import FieldType
from extractor.schema_design.value_types import type_of_value
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Table
from extractor.values.label_similarity import normalise_label
from extractor.values.scripts import CJK


@dataclass(frozen=True)
class LabelledValueSettings(Settings):
    """What counts as a label. Lengths in characters or words of the printed label."""

    longest_label: int = threshold(40, unit="characters", meaning="A longer text is no label.")
    most_label_words: int = threshold(6, unit="words", meaning="A text of more words is no label.")
    fewest_pairs: int = threshold(
        2, unit="lines", meaning="So many lines of two parts in a row are labels and values; one alone may be anything."
    )
    labels_over_values: bool = rule(True, meaning="A line of labels over a line of values gives each its label.")


@dataclass(frozen=True, slots=True)
class LabelledValue:
    """A label as printed, without its colon, and the stretch of its value; `start == end` where it is blank."""

    label: str
    label_start: int
    start: int
    end: int


_Part = tuple[int, int]
"""Start and end of what stands between two wide gaps of a line."""
_PART = re.compile(r"\S(?:[^\n\t]*?\S)?(?=\s{3,}|[ ]*\t|[ ]*\n|\s*\Z)")
_LABEL_COLON = re.compile(r"([^:：\n]{1,60}?)\s*[:：](?!//)\s*")
_CJK_LABEL = re.compile(rf"(?:^|(?<=[\s；;，,。]))([{CJK}][{CJK}（）()/]{{1,14}})\s*[:：]\s*")
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE = re.compile(r"[.!?。！？;；,，]\s*\S|[。！？!?;；,，]$")


def find_labelled_values(document: Document) -> list[LabelledValue]:
    """Return the labelled values of a document in reading order, each label once: the first that has a value."""
    found = [value for table in document.tables for value in _values_in_form(table)]
    for lines in _lines_outside_tables(document):
        found += _values_in_lines(document.text, lines)
    by_label: dict[str, LabelledValue] = {}
    for value in sorted(found, key=lambda v: v.label_start):
        name = normalise_label(value.label)
        known = by_label.get(name)
        if known is None or (known.start == known.end < value.end and value.start < value.end):
            by_label[name] = value
    return sorted(by_label.values(), key=lambda v: v.label_start)


def is_label(text: str) -> bool:
    """Decide whether a text may be a label: short, with a letter, and no sentence."""
    settings = LabelledValueSettings.current()
    text = text.strip()
    return (
        0 < len(text) <= settings.longest_label
        and _LETTER.search(text) is not None
        and len(text.split()) <= settings.most_label_words
        and not _SENTENCE.search(text.rstrip(":："))
        and bool(normalise_label(text))
    )


def _values_in_form(table: Table) -> Iterator[LabelledValue]:
    """Yield the cells of a form: those with a label in their row and no header over their column."""
    headers = {(cell.row, cell.text): cell for cell in table.cells if cell.header}
    for cell in table.cells:
        if cell.header or cell.column_path or not cell.row_path:
            continue
        label = cell.row_path[-1].strip().rstrip(":：").strip()
        head = headers.get((cell.row, cell.row_path[-1]))
        if is_label(label) and head is not None:
            yield LabelledValue(label, head.start, cell.start, cell.end)


def _lines_outside_tables(document: Document) -> Iterator[list[list[_Part]]]:
    """Yield the lines of each block of running text, as the parts between wide gaps."""
    inside = [(table.start, table.end) for table in document.tables]
    for block in document.blocks:
        if block.kind in ("hidden", "table") or any(s < block.end and e > block.start for s, e in inside):
            continue
        lines = []
        at = block.start
        for line in document.text[block.start : block.end].split("\n"):
            parts = [(at + m.start(), at + m.end()) for m in _PART.finditer(line)]
            if parts:
                lines.append(parts)
            at += len(line) + 1
        if lines:
            yield lines


def _values_in_lines(text: str, lines: Sequence[Sequence[_Part]]) -> Iterator[LabelledValue]:
    labelled: set[int] = set()
    for number, parts in enumerate(lines):
        for value in _values_in_line(text, parts):
            labelled.add(number)
            yield value
    plain = [number for number in range(len(lines)) if number not in labelled]
    yield from _two_part_lines(text, lines, plain)
    if not labelled:
        yield from _labels_over_values(text, lines)


def _values_in_line(text: str, parts: Sequence[_Part]) -> Iterator[LabelledValue]:
    """Yield what stands behind the labels with colons of one line."""
    for n, (start, end) in enumerate(parts):
        marks = [(m.start(1), m.group(1), m.end()) for m in _CJK_LABEL.finditer(text, start, end)]
        if not marks:
            m = _LABEL_COLON.match(text, start, end)
            marks = [(start, m.group(1), m.end())] if m else []
        marks = [mark for mark in marks if is_label(mark[1])]
        for i, (label_start, label, value_start) in enumerate(marks):
            value_end = marks[i + 1][0] if i + 1 < len(marks) else end
            value_end = value_start + len(text[value_start:value_end].rstrip(" \t；;，,"))
            if value_start == value_end and n + 1 < len(parts) and not _LABEL_COLON.match(text, *parts[n + 1]):
                value_start, value_end = parts[n + 1]
            yield LabelledValue(label.strip(), label_start, value_start, max(value_start, value_end))


def _two_part_lines(text: str, lines: Sequence[Sequence[_Part]], plain: Sequence[int]) -> Iterator[LabelledValue]:
    """Yield the right parts of lines that are a label and, beyond a wide gap, its value; not the rows of columns."""
    run = [n for n in plain if len(lines[n]) == 2 and is_label(text[slice(*lines[n][0])])]
    if len(run) < LabelledValueSettings.current().fewest_pairs:
        return
    typed = [type_of_value(text[slice(*lines[n][1])]).type is not FieldType.TEXT for n in run]
    if not typed[0] and all(typed[1:]):
        return  # a row of headers over rows of values
    for n in run:
        (label_start, label_end), (start, end) = lines[n]
        yield LabelledValue(text[label_start:label_end], label_start, start, end)


def _labels_over_values(text: str, lines: Sequence[Sequence[_Part]]) -> Iterator[LabelledValue]:
    """Yield the parts of the second of two lines, where the first has a label over each and values are typed."""
    if not LabelledValueSettings.current().labels_over_values or len(lines) != 2 or len(lines[0]) != len(lines[1]):
        return
    labels = [text[slice(*part)] for part in lines[0]]
    types = [type_of_value(text[slice(*part)]).type for part in lines[1]]
    if all(is_label(label) and not re.search(r"\d", label) for label in labels) and set(types) != {FieldType.TEXT}:
        for (label_start, label_end), (start, end) in zip(*lines, strict=True):
            yield LabelledValue(text[label_start:label_end], label_start, start, end)
