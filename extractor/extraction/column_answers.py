"""Lists whose table a model recognises: it is asked what each column holds, and code reads the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractor.candidates.column_question import (
    ColumnQuestion,
    apply_column_answer,
    find_uncertain_tables,
    make_column_question,
)
from extractor.candidates.list_rows import drop_rows_of_other_fields, rows_of_match
from extractor.candidates.matches import TableRowsMatch
from extractor.confidence import answer_probability
from extractor.decoding import parse_answer, write_grammar, write_json_schema
from extractor.extraction import prompts
from extractor.extraction.planning import Plan
from extractor.models import Model
from extractor.settings import Settings, rule, threshold
from extractor.types import Answer, Document, Field, FieldGroup, Path, Request


@dataclass(frozen=True)
class ColumnAnswerSettings(Settings):
    """Which answers about columns are believed."""

    ask_for_columns: bool = rule(True, meaning="A model is asked for the columns of a table that names do not settle.")
    min_probability: float = threshold(0.5, meaning="Least probability of what a column holds for it to count.")
    min_score: float = threshold(0.5, meaning="Least score of a table, with the answered columns, for it to be read.")
    min_columns: int = threshold(2, unit="columns", meaning="A table has at least so many of the list's items.")
    answer_tokens: int = threshold(24, unit="tokens", meaning="Longest answer, for each column.")


def match_lists_by_columns(
    document: Document, fields: Sequence[Field], planned: Plan, model: Model | None
) -> dict[Path, TableRowsMatch]:
    """Return the rows of open lists by their paths, in tables whose columns the model has pointed at.

    One short question a table, without the document; none for rows without a header of which every column is known,
    which need no model. `fields` are all of the schema: rows that have labels of others are left out. Raises what the
    model raises.
    """
    if not ColumnAnswerSettings.current().ask_for_columns:
        return {}
    lists = [query.field for group in planned.queries for query in group if query.field.type == "array"]
    questions = [
        make_column_question(match, document.text)
        for field in lists
        if any(item.path for item in field.items)
        for match in find_uncertain_tables(field, document)
    ]
    known = [question for question in questions if not question.slots and not question.match.grid.has_header]
    told = [(question, Answer("", ())) for question in known]
    asked = [question for question in questions if question.slots] if model is not None else []
    if model is not None and asked:
        request = Request(prompts.system(), "", tuple(map(_as_group, asked)), "")
        told += zip(asked, model.answer(request), strict=True)
    found: dict[Path, TableRowsMatch] = {}
    for question, answer in told:
        rows = _read_rows(question, answer, document)
        if rows is not None and (rows.path not in found or rows.score > found[rows.path].score):
            found[rows.path] = rows
    return drop_rows_of_other_fields(found, fields, document.text)


def _as_group(question: ColumnQuestion) -> FieldGroup:
    max_tokens = ColumnAnswerSettings.current().answer_tokens * len(question.slots)
    text = f"{question.text}\nAnswer with one JSON object.\n\n"
    return FieldGroup(text, write_grammar(question.slots, ""), write_json_schema(question.slots), max_tokens)


def _read_rows(question: ColumnQuestion, answer: Answer, document: Document) -> TableRowsMatch | None:
    """Return the rows under the columns that the answer names; None where it names too few to be sure."""
    settings = ColumnAnswerSettings.current()
    found = parse_answer(answer, question.slots)
    probability = {slot.key: answer_probability(slot.tokens) for slot in found}
    held = {slot.key: slot.text for slot in found if probability[slot.key] >= settings.min_probability}
    match = apply_column_answer(question, held, probability, document.text)
    if len(match.columns) < settings.min_columns or match.score < settings.min_score:
        return None
    return rows_of_match(match, document.text)
