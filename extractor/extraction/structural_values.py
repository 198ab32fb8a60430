"""Values that the document's structure gives: cells of tables and labelled values, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from extractor.candidates.list_coverage import unaccounted_rows
from extractor.candidates.matches import StructuralMatch
from extractor.extraction.field_values import ExtractionContext, value_from_evidence
from extractor.extraction.planning import Plan
from extractor.grounding import person_names, span_boundaries
from extractor.grounding.occurrences import make_evidence
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.types import Document, Field, FieldValue, Path, Problem
from extractor.values import normalisation, ranges
from extractor.values.characters import collapse_spaces, shorten

_LONGEST_QUOTE = 60


def values_from_structure(schema: Schema, plan: Plan, context: ExtractionContext) -> list[FieldValue]:
    """Return the values of all structural matches of the plan."""
    fields = {f.path: f for f in schema.fields}
    values = [_value_from_match(fields[path], path, match, context) for path, match in plan.matches.items()]
    for path, row_match in plan.row_matches.items():
        items = {item.path: item for item in fields[path].items}
        for n, row in enumerate(row_match.rows):
            for match in row:
                place = (*path, n, *match.path)
                item = items.get(match.path) or schema.field(place)  # an item of a list within the element
                if item is not None:
                    values.append(_value_from_match(item, place, match, context))
            values += _values_from_cell_parts(items, row, (*path, n), context)
    return values


def list_problems(plan: Plan, document: Document) -> list[Problem]:
    """Return a problem for every list that was read from a region with more rows like its own."""
    problems = []
    for path, match in plan.row_matches.items():
        rows = unaccounted_rows(match, document.text)
        if rows:
            first = collapse_spaces(document.text[slice(*rows[0])])
            quoted = shorten(first, _LONGEST_QUOTE)
            message = (
                f"{len(rows)} rows that look like entries are in no element, such as “{quoted}”; add what is missing"
            )
            problems.append(Problem(path, ProblemKind.LIST_ROWS, message))
    return problems


def instruction_problems(plan: Plan, document: Document) -> list[Problem]:
    """Return a problem for every place where the document tells a machine what to answer."""
    quotes = [shorten(collapse_spaces(document.text[start:end]), _LONGEST_QUOTE) for start, end in plan.instructions]
    return [
        Problem((), ProblemKind.INSTRUCTION, f"no model was shown “{quote}”, which tells a machine what to answer")
        for quote in dict.fromkeys(quotes)
    ]


def _value_from_match(f: Field, path: Path, match: StructuralMatch, context: ExtractionContext) -> FieldValue:
    if match.start == match.end:
        blank = normalisation.normalise_value(f, "").value  # a blank may mean something: no tick in a box is false
        return FieldValue(path, blank, None, match.score, method="structure")
    start, end = match.start, match.more[-1][1] if match.more else match.end
    text = context.document.text
    is_line = not match.more and "\n" not in text[start:end]
    if is_line and f.type == "string" and f.copied and normalisation.value_kind(f) is None:
        start, end = span_boundaries.find_identifier((start, end), f, text) or (start, end)
        start, end = person_names.trim_role(span_boundaries.trim_page_number((start, end), text), f, text)
    evidence = make_evidence(context.document, start, end)
    printed = None
    if match.more:
        printed = collapse_spaces("\n".join(text[start:end] for start, end in ((match.start, match.end), *match.more)))
    return value_from_evidence(f, path, evidence, match.context, match.score, "structure", context, printed)


def _values_from_cell_parts(
    items: Mapping[Path, Field], row: Sequence[StructuralMatch], path: Path, context: ExtractionContext
) -> Iterator[FieldValue]:
    """Yield the items without a cell of their own that are declared, by `x-part`, a part of another item's cell."""
    cells = {m.path: m for m in row if m.end > m.start}
    for item in items.values():
        part = item.schema.get("x-part")
        if not isinstance(part, Mapping) or any(m.path == item.path for m in row):
            continue
        cell = cells.get((*item.path[:-1], part.get("of")))
        if cell is None:
            continue
        text = context.document.text[cell.start : cell.end]
        span = ranges.find_range_part(text, str(part.get("as")))
        if span:
            evidence = make_evidence(context.document, cell.start + span[0], cell.start + span[1])
            yield value_from_evidence(
                item, (*path, *item.path), evidence, cell.context, cell.score, "structure", context
            )
