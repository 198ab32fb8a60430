"""Questions for a model: the slot of each open field, and the groups in which fields are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from extractor.candidates.name_words import has_words_of_name, sentences
from extractor.candidates.typed import CandidateIndex
from extractor.decoding import Slot, write_grammar, write_json_schema
from extractor.extraction import prompts
from extractor.settings import Settings, rule, threshold
from extractor.types import Field, FieldGroup, Passages, path_text
from extractor.values import normalisation
from extractor.values.locale import infer_day_month_order

CONTACT_KINDS = ("email", "uri", "phone")
"""Kinds of text of which code finds every one that is printed: a model chooses among them."""


@dataclass(frozen=True)
class QuestionSettings(Settings):
    """How many fields are asked for together, and how long their answers may be."""

    fields_per_group: int = threshold(
        40,
        unit="fields",
        meaning="Fewer lose what earlier answers of a group tell later ones, and each group repeats its question.",
        chosen="14 documents of other schemas each: 0.675 with one question for all, 0.611 with groups of five.",
    )
    answer_printed_questions: bool = rule(
        True,
        meaning="A field of yes and no whose words the passages have in one sentence is answered by yes or no.",
        chosen="the 44 such fields of 64 documents: of the 5 without an answer none has its words printed",
    )
    max_span_characters: int = threshold(800, unit="characters", meaning="Longest span that may be copied.")
    max_literals: int = threshold(600, unit="literals", meaning="Most candidates that a typed field may choose from.")
    answer_tokens: int = threshold(96, unit="tokens", meaning="Longest answer, for each field of a group.")
    list_tokens: int = threshold(1500, unit="tokens", meaning="Longest answer for a list of objects.")
    plain_list_tokens: int = threshold(
        300, unit="tokens", meaning="Longest answer for a list of plain values: small models that do not stop repeat."
    )


@dataclass(frozen=True, slots=True)
class FieldQuery:
    """An open field as a model is asked for it: its key in the answer, and its slot in the grammar."""

    key: str
    field: Field
    slot: Slot


def make_queries(
    fields: Sequence[Field], passages: Passages, candidates: CandidateIndex
) -> tuple[list[FieldQuery], list[Field]]:
    """Return a query for each field, and the fields that nothing in the passages can answer.

    A typed field chooses among its candidates in the passages; any other copied field is a span.
    """
    queries: list[FieldQuery] = []
    unanswerable: list[Field] = []
    settings = QuestionSettings.current()
    for f in fields:
        key = path_text(f.path)
        if _is_list_of_contacts(f) and not normalisation.find_spans(_kind(f.items[0]), passages.text):
            unanswerable.append(f)
            continue
        if f.type in ("array", "json") or not f.copied:
            queries.append(FieldQuery(key, f, _json_slot(key, f, passages, settings)))
            continue
        if candidates.is_typed(f):
            literals = _literals(f, passages, candidates)[: settings.max_literals]
            if literals:
                slot = Slot(key, "literals", literals, aliases=_aliases(f, literals, candidates.document.text))
                queries.append(FieldQuery(key, f, slot))
                continue
            if f.type != "string" or f.format:
                unanswerable.append(f)
                continue
            # A string is typed by its name alone, which may mislead: it may be any span.
        queries.append(FieldQuery(key, f, Slot(key, "span", max_length=settings.max_span_characters)))
    return queries, unanswerable


def _is_list_of_contacts(f: Field) -> bool:
    return f.type == "array" and len(f.items) == 1 and not f.items[0].path and _kind(f.items[0]) in CONTACT_KINDS


def _kind(f: Field) -> str:
    return normalisation.value_kind(f) or ""


def _literals(f: Field, passages: Passages, candidates: CandidateIndex) -> tuple[str, ...]:
    """Return the texts of the field's candidates in the passages, each on one line, best supported first."""
    spans = (span for span in candidates.find_spans(f) if passages.contains(*span))
    return tuple(dict.fromkeys(" ".join(candidates.document.text[start:end].split()) for start, end in spans))


def _aliases(f: Field, literals: Sequence[str], document_text: str) -> tuple[tuple[str, str], ...]:
    """Return the normalised forms of dates and times, each with the text that is printed.

    Models that know a date's normal form write it, however often they are told to copy. Dates without a year and with
    an open order of day and month are read as in the record, by the other dates and the document.
    """
    if normalisation.value_kind(f) not in normalisation.TEMPORAL_KINDS:
        return ()
    order = infer_day_month_order(document_text)
    read = (
        (normalisation.normalise_value(f, text, other_dates=literals, day_month_order=order).value, text)
        for text in literals
    )
    aliases: dict[str, str] = {}
    for value, text in read:
        if isinstance(value, str) and value not in literals:
            aliases.setdefault(value, text)
    return tuple(aliases.items())


def _json_slot(key: str, f: Field, passages: Passages, settings: QuestionSettings) -> Slot:
    if f.type == "array" and f.items:
        # Not nullable: an empty list says that there are none, and small models prefer null where it is allowed.
        items = tuple(_item_slot(item, passages, settings) for item in f.items)
        return Slot(key, "array", items=items, nullable=False)
    if f.type == "boolean" and settings.answer_printed_questions:
        is_printed = any(has_words_of_name(f, part) for part in sentences(passages.text))
        return Slot(key, "json", schema=_without_null(f.schema) if is_printed else f.schema, nullable=not is_printed)
    return Slot(key, "json", schema=f.schema)


def _without_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a yes-or-no field that is not nullable."""
    return {**schema, "type": "boolean"}


def _item_slot(item: Field, passages: Passages, settings: QuestionSettings) -> Slot:
    key = path_text(item.path) if item.path else ""
    kind = normalisation.value_kind(item)
    if item.type in ("array", "json") or not item.copied:
        return Slot(key, "json", schema=item.schema)
    printed: tuple[str, ...] = ()
    if kind in normalisation.TEMPORAL_KINDS or kind in CONTACT_KINDS:
        spans = normalisation.find_spans(kind, passages.text)[: settings.max_literals]
        printed = tuple(dict.fromkeys(" ".join(passages.text[start:end].split()) for start, end in spans))
    if kind in CONTACT_KINDS:
        return Slot(key, "literals", printed)
    return Slot(
        key,
        "span",
        max_length=settings.max_span_characters,
        aliases=_aliases(item, printed, passages.text),
        number=kind in normalisation.NUMERIC_TYPES,
    )


def relax_query(query: FieldQuery) -> FieldQuery:
    """Return the query with a slot for any text at all, for a model that would not write what the first one allowed."""
    schema = {"type": "string", "minLength": 1, "maxLength": QuestionSettings.current().max_span_characters}
    return replace(query, slot=Slot(query.key, "json", schema=schema))


def group_queries(queries: Sequence[FieldQuery]) -> Iterator[tuple[FieldQuery, ...]]:
    """Yield groups of about equal size in schema order; copied and judged fields are apart, and each list is alone."""
    size = QuestionSettings.current().fields_per_group
    for copied in (True, False):
        short = [query for query in queries if query.field.type != "array" and query.field.copied == copied]
        count = -(-len(short) // size)
        for n in range(count):
            yield tuple(short[len(short) * n // count : len(short) * (n + 1) // count])
    yield from ((query,) for query in queries if query.field.type == "array")


def make_field_group(queries: Sequence[FieldQuery], passages: Passages) -> FieldGroup:
    """Return the question for a group of queries, with the form of its answer."""
    settings = QuestionSettings.current()
    slots = [query.slot for query in queries]
    max_tokens = settings.answer_tokens * len(slots)
    first = queries[0].field
    if first.type == "array":
        has_objects = any(item.path for item in first.items)
        max_tokens = settings.list_tokens if has_objects else settings.plain_list_tokens
    return FieldGroup(
        prompts.question([(query.key, query.field) for query in queries], passages.text),
        write_grammar(slots, passages.text),
        write_json_schema(slots),
        max_tokens,
    )
