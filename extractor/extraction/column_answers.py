"""Lists whose table a model recognises: it is asked what each column holds, and code reads the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from extractor.candidates.column_question import (
    ColumnQuestion,
    ColumnQuestionSettings,
    apply_column_answer,
    find_uncertain_tables,
    group_alike,
    make_column_question,
)
from extractor.candidates.entry_grids import PlacedText
from extractor.candidates.entry_rows import lists_subtotals
from extractor.candidates.list_columns import ColumnMatch
from extractor.candidates.list_rows import drop_rows_of_other_fields, limits_rows, read_matches, rows_of_matches
from extractor.candidates.matches import TableRowsMatch
from extractor.candidates.nested_rows import inner_list_under_headings, read_under_headings
from extractor.candidates.row_conditions import make_condition_question, select_rows
from extractor.candidates.row_sections import may_have_sections
from extractor.candidates.table_likeness import prints_names
from extractor.candidates.table_question import keep_answered_tables, leave_to_likest, make_table_question
from extractor.confidence import answer_probability
from extractor.decoding import Slot, parse_answer, write_grammar, write_json_schema
from extractor.extraction import prompts
from extractor.extraction.planning import Plan
from extractor.models import Model
from extractor.settings import Settings, rule, threshold
from extractor.types import Answer, Document, Field, FieldGroup, Path, Request


@dataclass(frozen=True)
class ColumnAnswerSettings(Settings):
    """Which answers about columns are believed."""

    ask_for_columns: bool = rule(
        True,
        meaning="A model is asked for the columns of a table that names do not settle.",
        chosen="17 documents by structure alone: 32 values of a till receipt are lost without it",
    )
    min_probability: float = threshold(0.5, meaning="Least probability of what a column holds for it to count.")
    min_score: float = threshold(0.5, meaning="Least score of a table, with the answered columns, for it to be read.")
    min_columns: int = threshold(2, unit="columns", meaning="A table has at least so many of the list's items.")
    least_rows: float = threshold(
        0.25, meaning="A table with less than this share of the rows of another one that matches is not the list."
    )
    answer_tokens: int = threshold(24, unit="tokens", meaning="Longest answer, for each column.")
    condition_tokens: int = threshold(60, unit="tokens", meaning="Longest condition of the rows that count.")


def match_lists_by_columns(
    document: Document, fields: Sequence[Field], planned: Plan, model: Model | None
) -> dict[Path, TableRowsMatch]:
    """Return the rows of open lists by their paths, in tables whose columns the model has pointed at.

    One short question a table, without the document, and one for all tables that several lists may have their rows in;
    none for rows without a header of which every column is known, which need no model. `fields` are all of the schema:
    rows that have labels of others are left out. Raises what the model raises.
    """
    if not ColumnAnswerSettings.current().ask_for_columns:
        return {}
    lists = [query.field for group in planned.queries for query in group if query.field.type == "array"]
    is_in_words = bool(lists) and prints_names(fields, document)
    tables = {
        field.path: find_uncertain_tables(field, document, fields, is_in_words)
        for field in lists
        if any(item.path for item in field.items)
    }
    outer = {field.path: field for field in lists}
    tables |= {
        path: found for path, f in outer.items() if (found := _tables_under_headings(f, document, fields, is_in_words))
    }
    taken = [span for match in planned.row_matches.values() for span in _own_spans(match)]
    subtotals = {field.path for field in lists if lists_subtotals(field)}  # their rows are none of other lists
    tables = {
        path: found if path in subtotals else [m for m in found if not _is_taken(m, taken)]
        for path, found in tables.items()
    }
    if model is not None:
        tables = _assign_tables(tables, document, model)
    tables = leave_to_likest(tables)
    asked_about = [group for found in tables.values() for group in _likeliest_groups(found)]
    questions = [(make_column_question(group[0], document.text), group) for group in asked_about]
    known = [pair for pair in questions if not pair[0].slots and _is_known(pair[0].match)]
    told = [(*pair, Answer("", ())) for pair in known]
    asked = [pair for pair in questions if pair[0].slots] if model is not None else []
    if model is not None and asked:
        answers = _ask(model, [question for question, _ in asked])
        told += [(*pair, answer) for pair, answer in zip(asked, answers, strict=True)]
    matched = [m for question, group, answer in told if (m := _match_columns(question, group, answer, document))]
    limited = [m for m in matched if limits_rows(m[0].field) and not _is_whole(m[0])]
    matched = [m for m in matched if m not in limited]
    if model is not None and limited:
        matched += _select_rows(limited, model)
    found: dict[Path, TableRowsMatch] = {}
    for matches in _without_small(matched):
        field = outer.get(matches[0].field.path)
        if field is not None and matches[0].field is not field:
            rows = read_under_headings(field, read_matches(matches, document.text), document.text)
        else:
            rows = rows_of_matches(matches, document.text)
        if rows is not None and (rows.path not in found or rows.score > found[rows.path].score):
            found[rows.path] = rows
    return drop_rows_of_other_fields(found, fields, document.text)


def _without_small(matched: Sequence[Sequence[ColumnMatch]]) -> list[Sequence[ColumnMatch]]:
    """Return the matched tables without those that are far smaller than another one of the same list."""
    least = ColumnAnswerSettings.current().least_rows
    counts = [(matches[0].field.path, sum(len(m.grid.rows) for m in matches)) for matches in matched]
    most = {path: max(n for other, n in counts if other == path) for path, _ in counts}
    return [matches for matches, (path, n) in zip(matched, counts, strict=True) if n >= least * most[path]]


def _tables_under_headings(
    field: Field, document: Document, fields: Sequence[Field], is_in_words: bool
) -> list[ColumnMatch]:
    """Return the tables that the inner list of a list may be, whose rows are under headings; with the outer's path."""
    inner = inner_list_under_headings(field)
    if inner is None:
        return []
    found = find_uncertain_tables(replace(inner, path=field.path), document, fields, is_in_words)
    return [m for m in found if may_have_sections(m.grid)]


def _own_spans(match: TableRowsMatch) -> list[tuple[int, int]]:
    """Return where the tables of a list stand, or each of its rows where they are lines of text."""
    if match.tables:
        return [(table.start, table.end) for table in match.tables]
    spans = [[(m.start, m.end) for m in row if m.end > m.start] for row in match.rows]
    return [(min(s for s, _ in own), max(e for _, e in own)) for own in spans if own]


def _is_taken(match: ColumnMatch, taken: Sequence[tuple[int, int]]) -> bool:
    """Decide whether the rows of a match are of a table that another list has been read from."""
    return any(match.grid.start < end and start < match.grid.end for start, end in taken)


def _is_known(match: ColumnMatch) -> bool:
    """Decide whether the columns of a match are known without a question: by names, or by what rows hold."""
    return not match.grid.has_header or (limits_rows(match.field) and match.is_certain)


def _is_whole(match: ColumnMatch) -> bool:
    """Decide whether a list is certain to be a table whose description gives nothing to tell its rows apart by."""
    return match.is_certain and make_condition_question(match) is None


def _assign_tables(
    tables: Mapping[Path, Sequence[ColumnMatch]], document: Document, model: Model
) -> Mapping[Path, Sequence[ColumnMatch]]:
    """Return the tables of each list without those that the model gives to another one."""
    question = make_table_question(tables, document.text)
    if question is None:
        return tables
    [answer] = _ask(model, [question])
    told = {slot.key: slot.text for slot in parse_answer(answer, question.slots)}
    return keep_answered_tables(tables, question, told)


def _likeliest_groups(matches: Sequence[ColumnMatch]) -> list[tuple[ColumnMatch, ...]]:
    return group_alike(matches)[: ColumnQuestionSettings.current().max_tables]


class _Question(Protocol):
    """A question that needs no document: its text, and the slots of its answer."""

    @property
    def text(self) -> str: ...

    @property
    def slots(self) -> tuple[Slot, ...]: ...


def _ask(model: Model, questions: Sequence[_Question], slot_tokens: int | None = None) -> Sequence[Answer]:
    """Ask questions that need no document together, with so many tokens for each slot; return their answers."""
    tokens = slot_tokens or ColumnAnswerSettings.current().answer_tokens
    groups = tuple(
        FieldGroup(
            f"{question.text}\nAnswer with one JSON object.\n\n",
            write_grammar(question.slots, ""),
            write_json_schema(question.slots),
            tokens * len(question.slots),
        )
        for question in questions
    )
    return model.answer(Request(prompts.system(), "", groups, "")) if groups else ()


def _match_columns(
    question: ColumnQuestion, alike: Sequence[ColumnMatch], answer: Answer, document: Document
) -> list[ColumnMatch]:
    """Return the tables that are `alike`, with the columns that the answer names; none where it names too few."""
    settings = ColumnAnswerSettings.current()
    found = parse_answer(answer, question.slots)
    probability = {slot.key: answer_probability(slot.tokens) for slot in found}
    held = {slot.key: slot.text for slot in found if probability[slot.key] >= settings.min_probability}
    match = apply_column_answer(question, held, probability, document.text)
    if len(match.columns) < settings.min_columns or match.score < settings.min_score:
        return []
    same = [match, *(replace(match, grid=other.grid) for other in alike[1:])]
    return sorted(same, key=lambda m: m.grid.start)


def _select_rows(matched: Sequence[Sequence[ColumnMatch]], model: Model) -> list[list[ColumnMatch]]:
    """Return the matches of lists of which a description says which rows count, with those rows alone.

    Lists whose conditions compare nothing, or no row meets, are left out: the model writes their elements.
    """
    asked = [(m, question) for m in matched if (question := make_condition_question(m[0]))]
    tokens = ColumnAnswerSettings.current().condition_tokens
    answers = _ask(model, [question for _, question in asked], tokens)
    selected = []
    for (matches, question), answer in zip(asked, answers, strict=True):
        told = parse_answer(answer, question.slots)
        probability = min((answer_probability(slot.tokens) for slot in told), default=0.0)
        if probability < ColumnAnswerSettings.current().min_probability:
            continue
        chosen = [slot.value for slot in told]
        kept = [_with_rows(m, select_rows(m.grid, question, chosen), probability) for m in matches]
        if any(m.grid.rows for m in kept):
            selected.append([m for m in kept if m.grid.rows])
    return selected


def _with_rows(match: ColumnMatch, rows: tuple[Mapping[int, PlacedText], ...], probability: float) -> ColumnMatch:
    """Return the match with other rows, which are the list's with a probability: so certain is what they hold."""
    similarity = {item: min(score, probability) for item, score in match.similarity.items()}
    return replace(match, grid=replace(match.grid, rows=rows), similarity=similarity)
