"""Figures that a model mistook for each other, put right by the equations of the schema's `x-checks`.

If the subtotal and the tax come to what was taken for the subtotal, the subtotal and the total changed places. Where
one figure printed in the document, and no other change, makes an equation hold, it was misread.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from extractor.extraction.field_values import ExtractionContext, value_from_evidence
from extractor.grounding.occurrences import make_evidence
from extractor.problems import ProblemKind
from extractor.schemas import Schema
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, FieldValue, Path
from extractor.validation import rules
from extractor.values import normalisation, numbers


@dataclass(frozen=True)
class CheckRepairSettings(Settings):
    """Which changes equations may call for."""

    swap_figures: bool = rule(True, meaning="Two figures of a model change places where only that makes checks hold.")
    replace_figure: bool = rule(
        True, meaning="A model's figure is replaced by the only printed one that makes a failed check hold."
    )
    max_numbers: int = threshold(200, unit="numbers", meaning="So many different printed numbers are tried.")
    max_characters: int = threshold(50_000, unit="characters", meaning="Beginning of a document that they are from.")
    max_fields: int = threshold(6, unit="fields", meaning="Checks that read more figures call for no change.")


_Change = Mapping[Path, FieldValue]
"""New values for one or two fields."""


def repair_by_checks(
    values: Sequence[FieldValue], schema: Schema, data: Any, context: ExtractionContext
) -> list[FieldValue]:
    """Return the values, with those of a model changed where one change alone makes a failed equation hold.

    `data` is the record of the values. A change may break no other check, and what an equation that holds has read
    stays. Swaps come before replacements.
    """
    fields = {f.path: f for f in schema.fields if f.type in normalisation.NUMERIC_TYPES}
    failed = _failed_checks(schema, data)
    repaired = list(values)
    for read in [paths for expression, paths in failed if "==" in expression]:
        by_path = {v.path: v for v in repaired}
        confirmed = set(rules.find_confirmed_paths(schema.checks, data))
        movable = [
            v
            for path in dict.fromkeys(read)
            if path in fields and path not in confirmed and (v := by_path.get(path)) is not None
            if v.method == "model" and v.evidence is not None and isinstance(v.value, int | float)
        ]
        if not movable or len(movable) > CheckRepairSettings.current().max_fields:
            continue
        change = _find_change(movable, fields, schema, data, context)
        if change is not None:
            repaired = [change.get(v.path, v) for v in repaired]
            data = _with_values(data, change)
    return repaired


def _find_change(
    movable: Sequence[FieldValue], fields: Mapping[Path, Field], schema: Schema, data: Any, context: ExtractionContext
) -> _Change | None:
    """Return the only change of a kind after which fewer checks fail, swaps before replacements."""
    before = len(_failed_checks(schema, data))
    for changes in (_swaps(movable), _replacements(movable, fields, context)):
        found = [c for c in changes if len(_failed_checks(schema, _with_values(data, c))) < before]
        if len(found) == 1:
            return found[0]
        if found:
            return None
    return None


def _failed_checks(schema: Schema, data: Any) -> list[tuple[str, tuple[Path, ...]]]:
    """Return the expression of each check that fails, with the paths of the values that it reads by name."""
    failed = []
    for check in schema.checks:
        for problem, named, _ in rules.find_violations([check], data):
            if problem.kind == ProblemKind.CHECK:
                failed.append((check.expression, named))
    return failed


def _swaps(movable: Sequence[FieldValue]) -> Iterator[_Change]:
    for one, other in combinations(movable, 2) if CheckRepairSettings.current().swap_figures else ():
        if one.value != other.value and one.value and other.value:
            yield {
                one.path: replace(one, value=other.value, evidence=other.evidence),
                other.path: replace(other, value=one.value, evidence=one.evidence),
            }


def _replacements(
    movable: Sequence[FieldValue], fields: Mapping[Path, Field], context: ExtractionContext
) -> Iterator[_Change]:
    settings = CheckRepairSettings.current()
    if not settings.replace_figure:
        return
    text = context.document.text[: settings.max_characters]
    printed: dict[Any, tuple[int, int]] = {}
    for number in numbers.find_numbers(text):
        if not number.weak and len(printed) < settings.max_numbers:
            printed.setdefault(number.value, (number.start, number.end))
    for v in movable:
        for span in printed.values():
            evidence = make_evidence(context.document, *span)
            found = value_from_evidence(fields[v.path], v.path, evidence, "", v.confidence or 0.0, v.method, context)
            if isinstance(found.value, int | float) and found.value not in (0, v.value) and not found.problems:
                yield {v.path: replace(v, value=found.value, evidence=found.evidence)}


def _with_values(data: Any, change: _Change) -> Any:
    """Return the record with the new values; what lies on no way to them is shared with the old one."""
    for path, value in change.items():
        data = _with_value(data, path, value.value)
    return data


def _with_value(data: Any, path: Path, value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(data)
    changed[path[0]] = _with_value(data[path[0]], path[1:], value)
    return changed
