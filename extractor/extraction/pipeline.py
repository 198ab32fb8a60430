"""One document through all stages: structure first, then the model for what is left, then code, checks and trust."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from extractor import __version__, decoding, validation
from extractor.candidates import key_value, list_rows, table_cells
from extractor.candidates.context import ContextIndex
from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.candidates.typed import CandidateIndex, CandidateSettings
from extractor.confidence import calibration, features, heuristic
from extractor.extraction import prompts
from extractor.extraction.passages import choose, speaks_of, tokens
from extractor.grounding import occurrences, organization_name, postal_address, span_boundaries
from extractor.models import Model
from extractor.schemas import Schema
from extractor.types import (
    Answer,
    Document,
    Evidence,
    Extraction,
    Field,
    FieldGroup,
    FieldValue,
    Passages,
    Path,
    Problem,
    Request,
    Token,
    path_text,
)
from extractor.values import label_similarity, normalization, ranges
from extractor.values.locale import infer_day_month_order

GROUP = 5
"""Fields answered in one row: fewer loses what earlier answers tell later ones, more is slower and no better."""
PASSAGE_TOKENS, FIELD_TOKENS, MOST_TOKENS = 600, 20, 2400
"""Tokens of the document that a prompt carries by default: so many, so many more for every open field, and at most."""
MAX_SPAN = 240
MAX_LITERALS = 600
ANSWER_TOKENS = 96
DOUBTFUL = 0.7
"""Below this confidence an answer gives way to another field that uses the same stretch more surely."""
GUESS, GUESS_AT_ALL = 0.3, 0.1
"""With less confidence in its beginning an answer to a field whose labels the document never prints, and any answer, is
only named in a Problem."""
KEPT_AS_TEXT = "kept_as_text"
NO_EVIDENCE = "no_evidence"
DATES_WITHIN = 100_000
"""Characters of the document whose dates are looked at to tell day and month apart."""
LIST_TOKENS = 1500
PLAIN_LIST_TOKENS = 300
"""A list of plain values is short; small models that run on repeat themselves."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One open field as it is put to the model: the key it is answered under and its slot in the grammar."""

    key: str
    field: Field
    slot: decoding.Slot


@dataclass(frozen=True, slots=True)
class Plan:
    """What structure settled, and what a model is still asked."""

    settled: dict[Path, StructuralMatch]
    rows: dict[Path, TableRowsMatch]
    passages: Passages
    groups: tuple[tuple[Ask, ...], ...]
    request: Request
    unanswerable: tuple[Field, ...]
    candidates: CandidateIndex = field(compare=False, repr=False)


class _Clock:
    """Seconds spent in each stage, for the record's `run`."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)


def plan(document: Document, schema: Schema, passage_tokens: int | None = None) -> Plan:
    """Everything that is decided before a model is needed; the same document and schema give the same plan."""
    fields = [f for f in schema.fields if "const" not in f.schema]
    settled = table_cells.match_cells(fields, document)
    rows = list_rows.drop_rows_of_other_fields(list_rows.match_rows(fields, document), fields, document.text)
    left = [f for f in fields if f.path not in settled and f.path not in rows]
    holes = _answered_tables(document, settled, rows)
    hidden = [(b.start, b.end) for b in document.blocks if b.kind == "hidden"]
    running = _between([*hidden, *((t.start, t.end) for t in document.tables)], len(document.text))
    settled |= key_value.match_labelled_values(left, document, running, fields)
    settled = {path: s for path, s in settled.items() if not any(s.start < e and s.end > h for h, e in hidden)}
    left = [f for f in left if f.path not in settled]
    taken = [(place.start, place.end) for place in settled.values()]
    candidates = CandidateIndex(document, _between([*holes, *hidden], len(document.text)), taken)
    open_fields = [f for f in left if not candidates.is_typed(f) or candidates.find_spans(f)]
    budget = passage_tokens or min(PASSAGE_TOKENS + FIELD_TOKENS * len(open_fields), MOST_TOKENS)
    seeds = [candidates.seed_spans(f) for f in open_fields]
    passages = choose(document, open_fields, budget, holes, seeds) if open_fields else Passages("", ())
    asks, unanswerable = _asks(left, passages, candidates)
    groups = tuple(_grouped(asks))
    shown = [_row(group, passages) for group in groups]
    request = Request(prompts.system(), prompts.document(passages.text), tuple(shown), passages.text)
    return Plan(settled, rows, passages, groups, request, tuple(unanswerable), candidates)


def _answered_tables(
    document: Document, settled: dict[Path, StructuralMatch], rows: dict[Path, TableRowsMatch]
) -> list[tuple[int, int]]:
    """The stretches of tables that have given what they hold, so that no prompt has to carry them."""
    holes = []
    for table in document.tables:
        filled = sum(not cell.header and bool(cell.text) for cell in table.cells)
        given = sum(table.start <= s.start <= table.end and s.end > s.start for s in settled.values())
        if filled and given >= 0.5 * filled and not any(r.table is table for r in rows.values()):
            holes.append((table.start, table.end))
    for answered in rows.values():
        for row in answered.rows:
            start, end = min(s.start for s in row), max(s.end for s in row)
            line_end = document.text.find("\n", end)
            holes.append((start, line_end if line_end >= 0 else end))
    return holes


def _between(taken: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """The stretches of `0..length` that none of `taken` covers."""
    free, at = [], 0
    for start, end in sorted(taken):
        if start > at:
            free.append((at, start))
        at = max(at, end)
    return [*free, (at, length)] if at < length else free


def _asks(fields: Sequence[Field], passages: Passages, candidates: CandidateIndex) -> tuple[list[Ask], list[Field]]:
    """The fields with their slots, and those that nothing in the passages can answer."""
    asks: list[Ask] = []
    unanswerable: list[Field] = []
    for f in fields:
        key = path_text(f.path)
        if f.type in ("array", "json") or not f.copied:
            asks.append(Ask(key, f, _json_slot(key, f)))
        elif candidates.is_typed(f):
            texts = dict.fromkeys(
                _on_one_line(candidates.document.text[s:e])
                for s, e in candidates.find_spans(f)
                if passages.contains(s, e)
            )
            if texts:
                asks.append(Ask(key, f, decoding.Slot(key, "literals", tuple(texts)[:MAX_LITERALS])))
            elif f.type == "string" and not f.format:  # only its name says what it looks like
                asks.append(Ask(key, f, decoding.Slot(key, "span", max_length=MAX_SPAN)))
            else:
                unanswerable.append(f)
        else:
            asks.append(Ask(key, f, decoding.Slot(key, "span", max_length=MAX_SPAN)))
    return asks, unanswerable


def _json_slot(key: str, f: Field) -> decoding.Slot:
    if f.type == "array" and f.items:
        # an empty list says that there are none: offered null as well, small models take it
        return decoding.Slot(key, "array", items=tuple(_item_slot(item) for item in f.items), nullable=False)
    return decoding.Slot(key, "json", schema=f.schema)


def _item_slot(item: Field) -> decoding.Slot:
    key = path_text(item.path) if item.path else ""
    if item.type in ("array", "json") or not item.copied:
        return decoding.Slot(key, "json", schema=item.schema)
    return decoding.Slot(key, "span", max_length=MAX_SPAN)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _grouped(asks: Sequence[Ask]) -> Iterator[tuple[Ask, ...]]:
    """Asks in schema order, about `GROUP` to a row, copied and judged ones apart; a list has a row of its own."""
    for copied in (True, False):
        short = [ask for ask in asks if ask.field.type != "array" and ask.field.copied == copied]
        count = -(-len(short) // GROUP)
        for n in range(count):
            yield tuple(short[len(short) * n // count : len(short) * (n + 1) // count])
    yield from ((ask,) for ask in asks if ask.field.type == "array")


def _row(group: Sequence[Ask], passages: Passages) -> FieldGroup:
    slots = [ask.slot for ask in group]
    limit = ANSWER_TOKENS * len(slots)
    if group[0].field.type == "array":
        limit = LIST_TOKENS if any(item.path for item in group[0].field.items) else PLAIN_LIST_TOKENS
    return FieldGroup(
        prompts.question([(ask.key, ask.field) for ask in group], passages.text),
        decoding.write_grammar(slots, passages.text),
        decoding.write_json_schema(slots),
        limit,
    )


def extract(
    document: Document, schema: Schema, model: Model | None, *, passage_tokens: int | None = None
) -> Extraction:
    """The record of one document, every value with its evidence, its confidence and what is wrong with it.

    Without a model only structure answers, and every other field is null with a Problem that says so.
    """
    clock = _Clock()
    with clock.stage("structure"):
        todo = plan(document, schema, passage_tokens)
    source = _Source(document, todo.passages, todo.candidates.context)
    values = _from_structure(schema, todo, source)
    problems = list(document.problems)
    if todo.groups and model is not None:
        with clock.stage("model"):
            answers = model.answer(todo.request)
        with clock.stage("ground"):
            for group, answer in zip(todo.groups, answers, strict=True):
                values += _from_answer(group, answer, source)
    elif todo.groups:
        values += [_unasked(ask.field) for group in todo.groups for ask in group]
    values += [FieldValue(f.path, None, confidence=0.9, method="code") for f in todo.unanswerable]
    values += [
        FieldValue(f.path, f.schema["const"], confidence=1.0, method="code")
        for f in schema.fields
        if "const" in f.schema
    ]
    values = _withdrawn(_without_names(values, schema, source), schema, todo.candidates.context)
    with clock.stage("check"):
        data, values, problems = _checked(document, schema, values, problems)
    with clock.stage("trust"):
        values = features.with_features(values, schema, document, todo.candidates, data)
        weights = model.weights if model else None
        values, confidence = calibration.apply_calibration(values, schema.id, weights, document.id, prompts.prompt_id())
    run = {
        "tool": f"extractor {__version__}",
        "model": model.name if model else None,
        "weights": weights,
        "prompt": prompts.prompt_id(),
        "schema": schema.id,
        "confidence": confidence,
        "prompt_tokens": tokens(todo.request.prompt) if todo.groups else 0,
        "fields_by_structure": len(todo.settled) + len(todo.rows),
        "fields_asked": sum(map(len, todo.groups)),
        "seconds": clock.seconds,
    }
    return Extraction(document, schema.id, data, tuple(values), tuple(problems), run)


class _Source:
    """The document a record is made from, with all its printed dates, which tell day and month apart."""

    def __init__(self, document: Document, passages: Passages, context: ContextIndex) -> None:
        self.document = document
        self.passages = passages
        self.context = context
        text = document.text[:DATES_WITHIN]
        self.dates = [text[s:e] for s, e in normalization.find_spans("date", text)]
        self.date_order = infer_day_month_order(text)


def _from_structure(schema: Schema, todo: Plan, source: _Source) -> list[FieldValue]:
    by_path = {f.path: f for f in schema.fields}
    values = [_settled_value(by_path[path], path, place, source) for path, place in todo.settled.items()]
    for path, rows in todo.rows.items():
        items = {item.path: item for item in by_path[path].items}
        for n, row in enumerate(rows.rows):
            values += [_settled_value(items[s.path], (*path, n, *s.path), s, source) for s in row]
            values += _parts(items, row, (*path, n), source)
    return values


def _parts(
    items: dict[Path, Field], row: Sequence[StructuralMatch], path: Path, source: _Source
) -> Iterator[FieldValue]:
    """The items of a row that have no cell of their own but are, by `x-part`, a part of another item's cell."""
    cells = {s.path: s for s in row if s.end > s.start}
    for item in items.values():
        part = item.schema.get("x-part")
        if not isinstance(part, Mapping) or any(s.path == item.path for s in row):
            continue
        cell = cells.get((*item.path[:-1], part.get("of")))
        if cell is None:
            continue
        text = source.document.text[cell.start : cell.end]
        place = ranges.find_range_part(text, str(part.get("as")))
        if place:
            found = occurrences.make_evidence(source.document, cell.start + place[0], cell.start + place[1])
            yield _valued(item, (*path, *item.path), found, cell.context, cell.score, "structure", source)


def _settled_value(f: Field, path: Path, place: StructuralMatch, source: _Source) -> FieldValue:
    if place.start == place.end:
        blank = normalization.normalise_value(f, "").value  # a blank may stand for a value: no mark beside a result
        return FieldValue(path, blank, None, place.score, method="structure")
    found = occurrences.make_evidence(source.document, place.start, place.end)
    return _valued(f, path, found, place.context, place.score, "structure", source)


def _valued(
    f: Field, path: Path, found: Evidence, context: str, confidence: float, method: str, source: _Source
) -> FieldValue:
    """The evidence as a value; what could not be normalised is kept as its text, out of the record, with a Problem."""
    read = normalization.normalise_value(f, found.text, context, other_dates=source.dates, date_order=source.date_order)
    problems = tuple(replace(p, path=path) for p in read.problems)
    if read.value is None:
        message = f"{found.text!r} is not a usable {f.format or f.type}; put in the value it stands for."
        return FieldValue(
            path, found.text, found, confidence, (*problems, Problem(path, KEPT_AS_TEXT, message)), method
        )
    return FieldValue(path, read.value, found, confidence, problems, method)


def _unasked(f: Field) -> FieldValue:
    problem = Problem(f.path, "not_asked", "No model was given, and structure alone does not answer this field.")
    return FieldValue(f.path, None, None, 0.0, (problem,), "structure")


def _from_answer(group: Sequence[Ask], answer: Answer, source: _Source) -> list[FieldValue]:
    slots = [ask.slot for ask in group]
    parts = {part.key: part for part in decoding.parse_answer(answer, slots)}
    values: list[FieldValue] = []
    for ask in group:
        path, main = ask.field.path, parts.get(ask.key)
        if main is None and ask.field.type == "array" and (main := _cut_off(ask.key, answer)):
            problem = Problem(path, "truncated", "The list was cut off; look for elements after the last one.")
            values += _list_values(ask, main, answer, source, (problem,))
        elif main is None:
            problem = Problem(
                path, "truncated", "The answer was cut off before this field; ask again with fewer fields."
            )
            values.append(FieldValue(path, None, None, 0.0, (problem,)))
        elif ask.field.type == "array":
            values += _list_values(ask, main, answer, source)
        elif not ask.field.copied or ask.field.type == "json":
            values.append(_judged_value(ask.field, main, source))
        else:
            value = _copied_value(ask.field, path, main.text, main.tokens, source)
            values.append(_believed(value, ask.field, heuristic.onset_probability(main.tokens), source.context))
    return values


def _cut_off(key: str, answer: Answer) -> decoding.SlotAnswer | None:
    """The whole elements of a list that a limit cut off, None where there are none."""
    for at in [m.end() for m in re.finditer(r'["}]', answer.text)][::-1][:200]:
        cut = replace(answer, text=answer.text[:at] + "]}")
        for name, start, end, value in decoding.parse_members(cut.text):
            if name == key and value:
                return decoding.SlotAnswer(name, None, value, start, end, answer.tokens)
    return None


def _copied_value(f: Field, path: Path, text: str | None, written: Sequence[Token], source: _Source) -> FieldValue:
    value = _placed_value(f, path, text, heuristic.answer_probability(written), source)
    return replace(value, features=heuristic.token_features(written))


def _placed_value(f: Field, path: Path, text: str | None, confidence: float, source: _Source) -> FieldValue:
    own = {label_similarity.normalise_label(name) for group in (f.labels, *f.parents) for name in group}
    if text is None or not label_similarity.normalise_label(text) or label_similarity.normalise_label(text) in own:
        # a label alone is no value: small models repeat it where the document gives none
        return FieldValue(path, None, None, confidence)
    place = occurrences.best_occurrence(
        occurrences.find_occurrences(text, source.passages, normalization.value_kind(f)), f, source.document
    )
    if place is None:
        problem = Problem(path, NO_EVIDENCE, f"The answer {text!r} is not in the document; check it by eye.")
        return FieldValue(path, text, None, confidence, (problem,))
    if f.type == "string" and f.enum is None and normalization.value_kind(f) is None:
        place = span_boundaries.adjust_span(place, f, source.document)
    found = occurrences.make_evidence(source.document, *place)
    around = source.document.text[max(0, place[0] - 80) : place[1] + 40]
    return _valued(f, path, found, around, confidence, "model", source)


def _believed(v: FieldValue, f: Field, begun: float, context: ContextIndex) -> FieldValue:
    """The value, or none where the model hardly believed that there is one, least of all where no label stands by."""
    if v.evidence is None:
        return v
    named = context.support(f, v.evidence.start, v.evidence.end) >= CandidateSettings.current().min_support
    if begun >= (GUESS if not named and context.labels_are_unprinted(f) else GUESS_AT_ALL):
        return v
    return _none_of(v, "was hardly believed by the model")


def _none_of(v: FieldValue, why: str) -> FieldValue:
    message = f"The answer {v.evidence.text if v.evidence else v.value!r} {why}; look whether it belongs here."
    return replace(v, value=None, evidence=None, problems=(Problem(v.path, "withdrawn", message),))


def _judged_value(f: Field, main: decoding.SlotAnswer, source: _Source) -> FieldValue:
    """A judged value, with the sentence that speaks most of its field beside it."""
    place = None if main.value is None else speaks_of(f, source.passages)
    found = occurrences.make_evidence(source.document, *place) if place else None
    return FieldValue(
        f.path,
        main.value,
        found,
        heuristic.answer_probability(main.tokens),
        features=heuristic.token_features(main.tokens),
    )


def _without_names(values: Sequence[FieldValue], schema: Schema, source: _Source) -> list[FieldValue]:
    """The values, with addresses without the lines at their beginning that hold the name of whose address it is."""
    fields = {f.path: f for f in schema.fields}
    names = [
        (v.evidence.start, v.evidence.end)
        for v in values
        if v.evidence is not None and v.path in fields and organization_name.is_organization_name(fields[v.path])
    ]
    kept = []
    for v in values:
        if (
            v.method == "model"
            and v.evidence is not None
            and v.path in fields
            and postal_address.is_postal_address(fields[v.path])
        ):
            start = postal_address.start_after_names((v.evidence.start, v.evidence.end), names, source.document.text)
            if start != v.evidence.start:
                found = occurrences.make_evidence(source.document, start, v.evidence.end)
                shorter = _valued(fields[v.path], v.path, found, "", v.confidence or 0.0, v.method, source)
                v = replace(v, value=shorter.value, evidence=found, problems=shorter.problems)
        kept.append(v)
    return kept


def _withdrawn(values: Sequence[FieldValue], schema: Schema, context: ContextIndex) -> list[FieldValue]:
    """The values without the model's doubtful second uses of one stretch.

    Of two fields with the same stretch, it belongs to the one that its surroundings speak of, else to the surer.
    """
    fields = {f.path: f for f in schema.fields}
    best: dict[tuple[int, int], tuple[bool, float]] = {}
    claims: dict[Path, tuple[bool, float]] = {}
    for v in values:
        if v.evidence is not None and v.confidence is not None and v.path in fields and fields[v.path].copied:
            place = (v.evidence.start, v.evidence.end)
            named = (
                v.method == "structure"
                or context.support(fields[v.path], *place) >= CandidateSettings.current().min_support
            )
            claims[v.path] = (named, v.confidence)
            best[place] = max(best.get(place, (False, 0.0)), claims[v.path])
    kept = []
    for v in values:
        if v.method == "model" and v.evidence is not None and v.path in claims:
            named, confidence = claims[v.path]
            first = best[v.evidence.start, v.evidence.end]
            if (named, confidence) < first and (named < first[0] or confidence < DOUBTFUL):
                v = _none_of(v, "is already another field's value")
        kept.append(v)
    return kept


def _list_values(
    ask: Ask, main: decoding.SlotAnswer, answer: Answer, source: _Source, problems: tuple[Problem, ...] = ()
) -> list[FieldValue]:
    """The elements of a list, each copied value grounded and trusted on its own; an empty list is a value too.

    An element that says the same as one before it is left out: small models that run on repeat themselves.
    """
    path = ask.field.path
    if not main.value or not isinstance(main.value, list):  # no list where nothing held the server to one
        confidence = heuristic.answer_probability(main.tokens)
        return [
            FieldValue(path, main.value, None, confidence, problems, features=heuristic.token_features(main.tokens))
        ]
    values = []
    elements: dict[str, tuple[Any, dict[str, tuple[Token, ...]]]] = {}
    for element, written in decoding.parse_elements(answer, main):
        elements.setdefault(json.dumps(element, sort_keys=True), (element, written))
    for n, (element, written) in enumerate(elements.values()):
        for item in ask.field.items:
            here = (*path, n, *item.path)
            part: Any = element.get(path_text(item.path)) if item.path and isinstance(element, dict) else element
            tokens_of_it = written.get(path_text(item.path) if item.path else "", ())
            if isinstance(part, str) and item.copied:
                value = _copied_value(item, here, part, tokens_of_it, source)
            else:
                told = heuristic.token_features(tokens_of_it)
                value = FieldValue(here, part, None, heuristic.answer_probability(tokens_of_it), features=told)
            told = {**value.features, "element_probability": heuristic.answer_probability(written[""])}
            values.append(replace(value, problems=(*value.problems, *problems), features=told))
    return values


# The record.


def _checked(
    document: Document, schema: Schema, values: Sequence[FieldValue], problems: list[Problem]
) -> tuple[Any, list[FieldValue], list[Problem]]:
    """The record with every check run: what breaks the schema leaves it, and stays in `values` with its Problem."""
    order = {f.path: i for i, f in enumerate(schema.fields)}

    def key(v: FieldValue) -> tuple[int, tuple[str, ...]]:
        top = tuple(step for step in v.path)
        while top and top not in order:
            top = top[:-1]
        return order.get(top, len(order)), tuple(f"{s:08d}" if isinstance(s, int) else "" for s in v.path)

    values = sorted(values, key=key)
    unread = {v.path for v in values if any(p.kind == KEPT_AS_TEXT for p in v.problems)}
    kept = {v.path: None if v.path in unread else v.value for v in values}
    found: list[Problem] = []
    for _ in range(3):
        kept, moves = _packed(schema, kept)
        values = [replace(v, path=_moved(v.path, moves)) for v in values]
        problems = [replace(p, path=_moved(p.path, moves)) for p in problems]
        data = _record(schema, kept)
        judged = [v for v in values if kept.get(v.path) is not None and not _ungrounded(v)]
        found = validation.find_problems(schema, data, judged, document)
        breaches = [p for p in found if p.kind in ("schema", "format") and kept.get(p.path) is not None]
        if not breaches:
            break
        problems += breaches
        kept |= {p.path: None for p in breaches}
    problems += found
    by_path: dict[Path, list[Problem]] = {}
    for p in problems:
        by_path.setdefault(p.path, []).append(p)
    done = []
    for v in sorted(values, key=key):
        mine = tuple(dict.fromkeys((*v.problems, *by_path.pop(v.path, ()))))
        confidence = None if v.confidence is None else round(heuristic.penalised(v.confidence, mine), 4)
        done.append(replace(v, problems=mine, confidence=confidence))
    return data, done, [p for group in by_path.values() for p in group]


def _ungrounded(v: FieldValue) -> bool:
    return any(p.kind == NO_EVIDENCE for p in v.problems)


def _packed(schema: Schema, kept: dict[Path, Any]) -> tuple[dict[Path, Any], dict[Path, Path]]:
    """What is kept without list elements that hold nothing, and how elements move: those that hold nothing go last."""
    moves: dict[Path, Path] = {}
    gone: set[Path] = set()
    for array in (f for f in schema.fields if f.type == "array"):
        size = len(array.path)
        holds: dict[Path, bool] = {}
        for path, value in kept.items():
            if len(path) > size and path[:size] == array.path:
                f = schema.field(path) if len(path) == size + 1 else None
                full = value is not None or (f is not None and f.nullable)
                holds[path[: size + 1]] = full or holds.get(path[: size + 1], False)
        order = sorted(holds, key=lambda element: (not holds[element], element[-1]))
        moves |= {element: (*array.path, n) for n, element in enumerate(order) if element[-1] != n}
        gone |= {element for element in holds if not holds[element]}
    inside = {path: value for path, value in kept.items() if not any(path[: len(e)] == e for e in gone)}
    return {_moved(path, moves): value for path, value in inside.items()}, moves


def _moved(path: Path, moves: Mapping[Path, Path]) -> Path:
    return next((moves[path[:n]] + path[n:] for n in range(len(path), 0, -1) if path[:n] in moves), path)


def _record(schema: Schema, kept: dict[Path, Any]) -> dict[str, Any]:
    """The nested record: null where a field allows it, left out where it does not; required objects and lists stand."""
    data: dict[str, Any] = {}
    for path, value in kept.items():
        f = schema.field(path)
        if value is not None or f is None or f.nullable:
            _put(data, path, value)
    wanted = [(p.path, p.required, p.nullable, {}) for p in schema.objects if "*" not in p.path]
    wanted += [(f.path, f.required, f.nullable, []) for f in schema.fields if f.type == "array"]
    for path, required, nullable, blank in wanted:
        here: Any = data
        for step in path[:-1]:
            here = here.get(step) if isinstance(here, dict) else None
        if path and required and isinstance(here, dict) and path[-1] not in here:
            here[path[-1]] = None if nullable else blank
    return data


def _put(data: Any, path: Path, value: Any) -> None:
    here = data
    for step, then in pairwise(path):
        blank: Any = [] if isinstance(then, int) else {}
        if isinstance(here, list):
            while len(here) <= step:
                here.append(None)
            if here[step] is None:
                here[step] = blank
            here = here[step]
        else:
            if here.get(step) is None:
                here[step] = blank
            here = here[step]
    if isinstance(here, list):
        while len(here) <= path[-1]:
            here.append(None)
        here[path[-1]] = value
    else:
        here[path[-1]] = value
