"""Checks between fields as the rules of a schema (`x-checks`), and the rules of a schema as checks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.schema_design.draft import NUMERIC, CheckDraft, CheckType, DraftError, FieldDraft, FieldType

SUM_TOLERANCE = 0.01
"""How far a sum may be from its parts: a rounding step of money."""
_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_LIST_SUM = re.compile(
    rf"(?:size\(this\.(?P<guard>{_NAME})\) == 0 \|\| )?"
    rf"sum\(this\.(?P<list>{_NAME})\.map\((?P<each>\w+), (?P=each)\.(?P<column>\w+)\)\) == this\.(?P<target>{_NAME})"
)
_SUM = re.compile(rf"(?P<parts>this\.{_NAME}(?: \+ this\.{_NAME})+) == this\.(?P<target>{_NAME})")
_ORDER = re.compile(rf"this\.(?P<part>{_NAME}) <= this\.(?P<target>{_NAME})")
_ONE_OF = re.compile(rf"has\(this\.{_NAME}\)(?: \|\| has\(this\.{_NAME}\))+")


def read_check(entry: Mapping[str, Any]) -> CheckDraft:
    """Return the check that an entry of `x-checks` is; OTHER where no screen can offer it."""
    expression = str(entry.get("expr", "")).strip()
    if m := _LIST_SUM.fullmatch(expression):
        if m["guard"] in (None, m["list"]):
            return CheckDraft(CheckType.SUM, (f"{m['list']}.{m['column']}",), m["target"], entry)
    elif m := _SUM.fullmatch(expression):
        return CheckDraft(CheckType.SUM, _names(m["parts"], " + "), m["target"], entry)
    elif m := _ORDER.fullmatch(expression):
        return CheckDraft(CheckType.ORDER, (m["part"],), m["target"], entry)
    elif _ONE_OF.fullmatch(expression):
        parts = tuple(part[len("has(this.") : -1] for part in expression.split(" || "))
        return CheckDraft(CheckType.ONE_OF, parts, "", entry)
    return CheckDraft(CheckType.OTHER, original=entry)


def _names(text: str, separator: str) -> tuple[str, ...]:
    return tuple(part.removeprefix("this.") for part in text.split(separator))


def write_check(check: CheckDraft, fields: Sequence[FieldDraft]) -> dict[str, Any]:
    """Return the entry of `x-checks` for a check between `fields`.

    Raises DraftError where the check names a field that is not there, or one that cannot be compared.
    """
    if check.original is not None:
        known = read_check(check.original)
        if check.type is CheckType.OTHER or (known.type, known.parts, known.target) == (
            check.type,
            check.parts,
            check.target,
        ):
            return dict(check.original)
    found = {path: field for path, field, _ in _paths(fields)}
    lists = {path: of_list for path, _, of_list in _paths(fields)}
    for path in (*check.parts, *((check.target,) if check.type is not CheckType.ONE_OF else ())):
        if path not in found:
            raise DraftError("check_field", "A check names a field that is not there.", "Choose its fields again.")
    titles = {path: field.name for path, field in found.items()}
    match check.type:
        case CheckType.SUM:
            return _write_sum(check, found, lists, titles)
        case CheckType.ORDER:
            if len(check.parts) != 1 or lists[check.parts[0]] or lists[check.target]:
                raise DraftError("check_order", "A check of order compares two fields.", "Choose two.")
            message = f"{titles[check.parts[0]]} ≤ {titles[check.target]}"
            return {"expr": f"this.{check.parts[0]} <= this.{check.target}", "message": message}
        case CheckType.ONE_OF:
            if len(check.parts) < 2 or any(lists[part] for part in check.parts):
                raise DraftError("check_one_of", "A check of one among several names two.", "Choose another.")
            expression = " || ".join(f"has(this.{part})" for part in check.parts)
            return {"expr": expression, "message": " / ".join(titles[part] for part in check.parts) + " ≥ 1"}
    raise DraftError("check_field", "This check cannot be written.", "Remove it.")


def _write_sum(
    check: CheckDraft, found: Mapping[str, FieldDraft], lists: Mapping[str, str], titles: Mapping[str, str]
) -> dict[str, Any]:
    for path in (*check.parts, check.target):
        if found[path].type not in NUMERIC:
            raise DraftError("check_number", f"“{titles[path]}” cannot be added up.", "Choose a number.")
    if lists[check.target]:
        raise DraftError("check_sum", "A sum cannot be the column of a list.", "Choose a field outside the list.")
    of_list = lists[check.parts[0]] if check.parts else ""
    if of_list and len(check.parts) == 1:
        column = check.parts[0][len(of_list) + 1 :]
        total = f"sum(this.{of_list}.map(row, row.{column})) == this.{check.target}"
        message = f"Σ {titles[check.parts[0]]} = {titles[check.target]}"
        return {"expr": f"size(this.{of_list}) == 0 || {total}", "message": message, "tolerance": SUM_TOLERANCE}
    if len(check.parts) < 2 or any(lists[part] for part in check.parts):
        raise DraftError("check_sum", "A sum has two fields or more, or one column of a list.", "Choose another field.")
    expression = " + ".join(f"this.{part}" for part in check.parts) + f" == this.{check.target}"
    message = " + ".join(titles[part] for part in check.parts) + f" = {titles[check.target]}"
    return {"expr": expression, "message": message, "tolerance": SUM_TOLERANCE}


def _paths(fields: Sequence[FieldDraft], above: str = "", of_list: str = "") -> Iterator[tuple[str, FieldDraft, str]]:
    """Yield the path of every field that a check can name, the field, and the path of the list it is a column of."""
    for field in fields:
        path = f"{above}{field.key}"
        yield path, field, of_list
        if field.type is FieldType.GROUP and not of_list:
            yield from _paths(field.columns, f"{path}.")
        elif field.type is FieldType.LIST and not of_list:
            yield from ((f"{path}.{column.key}", column, path) for column in field.columns)
