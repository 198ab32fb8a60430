"""One printed text that two fields were answered with, shared out among them: `Keyford KD-450` for a maker and a model.

A form prints in one cell what a schema has in several fields. A model then answers each of them with the whole cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from extractor.extraction.field_values import ExtractionContext, move_value
from extractor.grounding.person_names import Part, find_part, parts_asked_for
from extractor.schemas import Schema
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, FieldValue, Path
from extractor.values.normalisation import is_any_text

Span = tuple[int, int]


@dataclass(frozen=True)
class SharedCellSettings(Settings):
    """When a text is shared out."""

    share_out: bool = rule(True, meaning="A text of as many parts as fields were answered with it is shared out.")
    longest_text: int = threshold(120, unit="characters", meaning="A longer text is no cell with two values.")


_SEPARATORS = (
    re.compile(r"[ \u3000]+[/／|·;；][ \u3000]*|(?<!\d)[/／|·;；][ \u3000]*|[/／|·;；](?:[ \u3000]+|(?!\d))"),
    re.compile(r"[ \u3000]+[-–—][ \u3000]+"),
)
_NAMED_FOR_CODE = re.compile(
    r"\b(?:model|type|number|no|nr|code|id|voyage|version|grade|reference|ref)$|型号|编号|航次|号"
)


def share_out_cells(values: Sequence[FieldValue], schema: Schema, context: ExtractionContext) -> list[FieldValue]:
    """Return the values, those with the same evidence each with its own part of it.

    Only fields of one object, or of the same name in two objects beside each other, share a text; its parts go to them
    in the schema's order. A name of a person goes to its parts' fields, and words with a code behind them to the field
    for a code and the other one.
    """
    if not SharedCellSettings.current().share_out:
        return list(values)
    fields = {f.path: f for f in schema.fields}
    claims: dict[Span, list[Path]] = defaultdict(list)
    for f in schema.fields:
        for v in values:
            if v.path == f.path and v.evidence is not None and is_any_text(f):
                claims[v.evidence.start, v.evidence.end].append(f.path)
    parts: dict[Path, Span] = {}
    of_names = parts_asked_for(schema.fields)
    text = context.document.text
    placed = {path: span for span, paths in claims.items() for path in paths}
    for span, paths in claims.items():
        if span[1] - span[0] <= SharedCellSettings.current().longest_text:
            parts |= _share_out(span, [fields[path] for path in paths], of_names, placed, text)
    return [move_value(v, fields[v.path], *parts[v.path], context) if v.path in parts else v for v in values]


def _share_out(
    span: Span,
    claimants: Sequence[Field],
    of_names: Mapping[Path, tuple[Part, frozenset[Part]]],
    placed: Mapping[Path, Span],
    text: str,
) -> dict[Path, Span]:
    elsewhere = {
        path[:-1]
        for path, (part, _) in of_names.items()
        if part in ("given", "surname") and placed.get(path, span) != span
    }
    found = {
        f.path: part
        for f in claimants
        if f.path in of_names
        and f.path[:-1] not in elsewhere
        and (part := find_part(*of_names[f.path], text[slice(*span)])) is not None
    }
    if found:
        return {path: (span[0] + begin, span[0] + end) for path, (begin, end) in found.items()}
    if len(claimants) < 2 or not _belong_together(claimants):
        return {}
    parts = _split(span, len(claimants), text)
    if parts:
        return {f.path: part for f, part in zip(claimants, parts, strict=True)}
    return _words_and_code(span, claimants, text) if len(claimants) == 2 else {}


def _belong_together(claimants: Sequence[Field]) -> bool:
    """Decide whether fields are of one object, or of one name in objects beside each other."""
    first = claimants[0].path
    if all(f.path[:-1] == first[:-1] for f in claimants):
        return True
    return len(first) > 1 and all(f.path[-1] == first[-1] and f.path[:-2] == first[:-2] for f in claimants)


def _split(span: Span, count: int, text: str) -> list[Span]:
    """Return the parts of a text that one kind of separator divides into so many."""
    for separator in _SEPARATORS:
        marks = [(span[0] + m.start(), span[0] + m.end()) for m in separator.finditer(text[slice(*span)])]
        if len(marks) == count - 1:
            edges = [span[0], *(edge for mark in marks for edge in mark), span[1]]
            parts = list(zip(edges[::2], edges[1::2], strict=True))
            return parts if all(start < end for start, end in parts) else []
    return []


def _words_and_code(span: Span, claimants: Sequence[Field], text: str) -> dict[Path, Span]:
    """Return the words for one field and the code behind them, which alone has digits, for the one named for a code."""
    tokens = [(span[0] + m.start(), span[0] + m.end()) for m in re.finditer(r"\S+", text[slice(*span)])]
    has_digit = [any(map(str.isdigit, text[slice(*token)])) for token in tokens]
    if len(tokens) < 2 or not has_digit[-1] or any(has_digit[:-1]):
        return {}
    for_code = [f for f in claimants if _NAMED_FOR_CODE.search(readable_name(f.name).casefold())]
    if len(for_code) != 1:
        return {}
    other = next(f for f in claimants if f is not for_code[0])
    return {for_code[0].path: tokens[-1], other.path: (span[0], tokens[-2][1])}
