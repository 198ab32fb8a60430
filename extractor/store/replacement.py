"""A record that is extracted again, by another model or as another kind of document: what people entered is kept.

What the machine says is new, so the corrections made before become history (`Record.earlier`), and those that are
still in force are made again on top of the new extraction: values and confirmations field by field, in lists on the
row that a row of before is found again in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from extractor.schemas import Schema
from extractor.store import database_tables as tables
from extractor.store.audit import append_lines
from extractor.store.corrections import apply_corrections, review_columns
from extractor.store.database import now
from extractor.store.lessons import forget_record
from extractor.store.models import Correction, Record, ReviewAction
from extractor.store.record_data import align_elements, as_list, equal_json, replace_value, value_at
from extractor.store.record_rows import add_correction, add_review_action, load_record
from extractor.store.review_reasons import ReviewReason
from extractor.store.value_origins import Origins, trace_origins
from extractor.store.writes import load_rules, load_schemas
from extractor.types import Field, Path
from extractor.values.user_input import format_user_input, parse_user_input

KEPT = "kept"
"""How a value came about that a person entered before the document was extracted again."""
NOTE = "extracted again"


def replace_extraction(connection: sa.Connection, record: int, schema: str, extraction: str) -> int:
    """Have the document of a record be shown as another stored extraction has it, and return the record's number.

    That is the same record where the schema (id) is the same, else the one of that schema, and the former is replaced
    by it. What people entered is kept; a record of the other schema that people are working on already stays as it is.
    """
    old = load_record(connection, record)
    column = tables.records.c
    query = sa.select(column.id).where(column.document == old.document, column.schema == schema)
    number = connection.execute(query).scalar_one_or_none()
    if number is None:
        return record  # the extraction came to nothing
    target = old if number == record else load_record(connection, number)
    is_other = target.id != old.id
    is_in_use = target.replaced_by is None and target.deleted is None and bool(target.corrections)
    is_shown = target.extraction == extraction and not is_other
    if not is_shown and not (is_other and is_in_use):
        _show(connection, old, target, extraction)
    forget_record(connection, target.id)  # what it taught came of the former extraction
    if is_other:
        forget_record(connection, old.id)
        given_up = tables.records.update().where(column.id == old.id)
        connection.execute(given_up.values(replaced_by=target.id, claimed_by=None, claimed_until=None))
        append_lines(connection, _who(old), [("replaced", f"record {old.id}", None, {"record": target.id}, NOTE)])
    return target.id


def _who(old: Record) -> str:
    return old.corrections[-1].who if old.corrections else "machine"


def _show(connection: sa.Connection, old: Record, target: Record, extraction: str) -> None:
    """Have the target record show the extraction, with what people entered in the old record."""
    result = connection.execute(
        sa.select(tables.extractions.c.result).where(tables.extractions.c.id == extraction)
    ).scalar_one()
    schemas = load_schemas(connection, {old.schema, target.schema})
    before, after = schemas[old.schema], schemas[target.schema]
    kept = list(carry_over(before, old, after, result)) if before is not None and after is not None else []
    base = target.revision + 1
    kept = [replace(correction, revision=base + n) for n, correction in enumerate(kept, 1)]
    rules = load_rules(connection, [target.schema]).get(target.schema)
    columns = review_columns(after, result, kept, rules)
    asked = [value["confidence"] for value in result["values"] if value["confidence"] is not None]
    columns |= {"confidence": min(asked, default=None)}
    columns |= {"problems": sum(len(v["problems"]) for v in result["values"]) + len(result["problems"])}
    has_doubts = bool(set(columns["doubts"]) - {ReviewReason.SAMPLE})
    is_decided = target.status in ("approved", "rejected") or bool(target.flagged)
    status = "needs_review" if has_doubts or kept or is_decided else "new"
    columns |= {"status": status, "replaced_by": None, "deleted": None, "extraction": extraction}
    columns |= {"revision": base + len(kept), "base": base, "updated": now()}
    connection.execute(tables.records.update().where(tables.records.c.id == target.id).values(**columns))
    if is_decided:
        add_review_action(connection, target.id, ReviewAction("reopened", _who(old), now(), base, NOTE, "selected"))
    line = ("extracted again", f"record {target.id}", target.extraction, extraction, f"{len(kept)} entries kept")
    append_lines(connection, _who(old), [line])
    for correction in kept:
        add_correction(connection, target.id, correction)


def carry_over(before: Schema, old: Record, after: Schema, result: Mapping[str, Any]) -> Iterator[Correction]:
    """Yield the corrections by which a new extraction (as JSON data) has what people entered in the old record.

    `before` is the old record's schema, `after` that of the new extraction. Fields that the new schema does not have,
    or whose values are none there, are left out.
    """
    origins = trace_origins(before, old.result, old.corrections)
    data = result["data"]
    for field in after.fields:
        former = before.field(field.path)
        if former is None or not field.path or (former.type == "array") != (field.type == "array"):
            continue
        if field.type == "array" and field.items:
            for correction in _carry_list(field, former, old, origins, data):
                data = apply_corrections(data, [correction], after)
                yield correction
        elif origin := origins.get(field.path):
            made = _carry_value(field, former, origin.correction, value_at(old.data, field.path), field.path, data)
            if made is not None:
                yield made


def _carry_value(
    field: Field, former: Field, correction: Correction | None, value: Any, path: Path, data: Any
) -> Correction | None:
    """Return the correction of one value of the new extraction's data, None where there is nothing to keep."""
    if correction is None:
        return None
    own = None if value is None else _as_value_of(field, former, value)
    if own is None and (value is not None or correction.how != "absent"):
        return None
    machine = value_at(data, path)
    how = "absent" if own is None else "accepted" if equal_json(own, machine) else KEPT
    evidence = correction.evidence if correction.evidence and "start" in correction.evidence else None
    return Correction(path, machine, own, how, correction.who, correction.at, 0, NOTE, evidence)


def _as_value_of(field: Field, former: Field, value: Any) -> Any:
    """Return a value of another field as one of this field, None where it is none."""
    if (field.type, field.format, field.enum, field.unit) == (former.type, former.format, former.enum, former.unit):
        return value
    return parse_user_input(field, format_user_input(value)).value


def _carry_list(field: Field, former: Field, old: Record, origins: Origins, data: Any) -> Iterator[Correction]:
    """Yield the corrections of a list: of its rows, where people added or deleted some, then of values in them."""
    path = field.path
    rows, machine = as_list(value_at(old.data, path)), as_list(value_at(old.result["data"], path))
    new = as_list(value_at(data, path))
    items = {item.path: item for item in former.items}
    entered = [
        {
            item.path: origin.correction
            for item in field.items
            if item.path in items and (origin := origins.get((*path, n, *item.path))) and origin.correction is not None
        }
        for n in range(len(rows))
    ]
    of_list = origins[path].correction if path in origins else None
    if of_list is None and not any(entered):
        return
    partners = _pair_rows(rows, new)
    for n, now_at in enumerate(_pair_rows(machine, new)):  # a row that was corrected may be found by what it was before
        if n < len(rows) and partners[n] is None and len(machine) == len(rows) and now_at not in partners:
            partners[n] = now_at
    deleted = [row for row, was in zip(machine, _pair_rows(machine, rows), strict=True) if was is None]
    gone = {at for at in _pair_rows(deleted, new) if at is not None and at not in partners} if of_list else set()
    merged = [(at, row) for at, row in enumerate(new) if at not in gone]
    place = {at: n for n, (at, _) in enumerate(merged)}
    places = [None if at is None else place.get(at) for at in partners]
    result_rows: list[Any] = [row for _, row in merged]
    positions: list[int | None] = [at for at, _ in merged]
    for n, row in enumerate(rows):
        if places[n] is None and entered[n]:
            places[n] = len(result_rows)
            result_rows.append(_as_row_of(field, items, row))
            positions.append(None)
            entered[n] = {}
    who, at = (of_list.who, of_list.at) if of_list else _newest(entered)
    if not equal_json(new, result_rows):
        yield Correction(path, new, result_rows, KEPT, who, at, 0, NOTE, {"rows": positions})
    elif of_list is not None and not rows:
        yield Correction(path, new, new, "absent" if of_list.how == "absent" else "accepted", who, at, 0, NOTE)
    current, _ = replace_value(data, path, result_rows)
    for n, corrections in enumerate(entered):
        if places[n] is None:
            continue
        for item in field.items:
            place_of_item = (*path, places[n], *item.path)
            value = value_at(rows[n], item.path)
            made = _carry_value(
                item, items.get(item.path, item), corrections.get(item.path), value, place_of_item, current
            )
            if made is not None:
                yield made


def _newest(entered: Sequence[Mapping[Path, Correction]]) -> tuple[str, str]:
    newest = max((c for row in entered for c in row.values()), key=lambda c: c.at, default=None)
    return (newest.who, newest.at) if newest else ("", "")


def _as_row_of(field: Field, items: Mapping[Path, Field], row: Any) -> Any:
    """Return a row of the old list as one of the new list, with the values that it has a place for."""
    if any(not item.path for item in field.items):
        return row
    made: Any = {}
    for item in field.items:
        value = value_at(row, item.path)
        own = None if value is None or item.path not in items else _as_value_of(item, items[item.path], value)
        if own is not None or item.nullable:
            made, _ = replace_value(made, item.path, own)
    return made


def _pair_rows(before: Sequence[Any], after: Sequence[Any]) -> list[int | None]:
    """Return for each row of a list which row of another reading of it is the same, None where there is none.

    Equal rows are paired first, in order; then those that share most values, at least half of those that they have;
    where both lists are as long, the rest by position.
    """
    pairs: list[int | None] = [None] * len(before)
    taken: set[int] = set()
    for now_at, was in enumerate(align_elements(before, after)):
        if was is not None:
            pairs[was] = now_at
            taken.add(now_at)
    values = [_values(row) for row in before], [_values(row) for row in after]
    scores = [
        (-shared, abs(n - m), n, m)
        for n, own in enumerate(values[0])
        if pairs[n] is None
        for m, other in enumerate(values[1])
        if m not in taken and 2 * (shared := len(own & other)) >= max(len(own), 1) and shared
    ]
    for _, _, n, m in sorted(scores):
        if pairs[n] is None and m not in taken:
            pairs[n] = m
            taken.add(m)
    if len(before) == len(after):
        for n in range(len(before)):
            if pairs[n] is None and n not in taken:
                pairs[n] = n
                taken.add(n)
    return pairs


def _values(row: Any, path: Path = ()) -> set[tuple[Path, str]]:
    """Return the values of a row with their places in it."""
    if isinstance(row, Mapping):
        return {pair for name, value in row.items() for pair in _values(value, (*path, name))}
    return set() if row is None else {(path, repr(row))}
