"""The plan for one document: what its structure answers, and what a model is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from extractor.candidates import (
    captions,
    key_value,
    list_rows,
    marks,
    nested_rows,
    plain_lists,
    quoted_labels,
    table_cells,
    ticked_boxes,
)
from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.candidates.typed import CandidateIndex
from extractor.extraction import prompts
from extractor.extraction.machine_instructions import find_machine_instructions
from extractor.extraction.passages import PassageSettings, Span, passage_budget, select_passages
from extractor.extraction.questions import FieldQuery, group_queries, make_field_group, make_queries
from extractor.lessons import Choice, Lesson, ListProposal, Proposal, propose, propose_choices, propose_lists
from extractor.lessons.labels import learnt_labels
from extractor.schemas import Schema
from extractor.settings import Settings, threshold
from extractor.types import Document, Field, Passages, Path, Request
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class PlanningSettings(Settings):
    """What is left out of the prompt because structure has answered it."""

    answered_share: float = threshold(
        0.5, meaning="Share of a table's cells that must have answered fields for the table to be left out."
    )
    rows_with_term: int = threshold(
        3, unit="rows", meaning="A row of a list stays if it has a word of an open field that no more rows have."
    )
    shortest_term: int = threshold(5, unit="letters", meaning="Shorter words of a description tell nothing.")
    min_lesson_probability: float = threshold(
        0.3, meaning="Least probability of a place that lessons propose for it to answer the field."
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What structure answered, and what is asked.

    `matches` are single fields, `row_matches` lists. `queries` are grouped as in `request.groups`; no question is asked
    for `unanswerable` fields, which nothing in the document can answer. `proposals`, `learnt_lists` and `choices` are
    what lessons say of single fields, of lists, and of fields whose value is chosen; no question is asked for settled
    ones. `instructions` are where the document tells a machine what to answer. `structure` are the matches of single
    fields before lessons were heard.
    """

    matches: Mapping[Path, StructuralMatch]
    row_matches: Mapping[Path, TableRowsMatch]
    passages: Passages
    queries: tuple[tuple[FieldQuery, ...], ...]
    request: Request
    unanswerable: tuple[Field, ...]
    candidates: CandidateIndex = field(compare=False, repr=False)
    proposals: Mapping[Path, Proposal] = field(default_factory=dict)
    learnt_lists: Mapping[Path, ListProposal] = field(default_factory=dict)
    choices: Mapping[Path, Choice] = field(default_factory=dict)
    instructions: tuple[Span, ...] = ()
    structure: Mapping[Path, StructuralMatch] = field(default_factory=dict)

    @property
    def matched_count(self) -> int:
        """Return the number of fields that structure answered."""
        return len(self.matches) + len(self.row_matches)

    @property
    def asked_count(self) -> int:
        """Return the number of fields that a model is asked for."""
        return sum(map(len, self.queries))


def match_structure(document: Document, schema: Schema) -> dict[Path, StructuralMatch]:
    """Return what structure alone answers of the schema's single fields: table cells and labelled values."""
    fields = [f for f in schema.fields if "const" not in f.schema]
    return _match_labelled_values(
        document, fields, table_cells.match_cells(fields, document), {}, find_machine_instructions(document)
    )


def _match_labelled_values(
    document: Document,
    fields: Sequence[Field],
    matches: Mapping[Path, StructuralMatch],
    row_matches: Mapping[Path, TableRowsMatch],
    instructions: Sequence[Span],
) -> dict[Path, StructuralMatch]:
    """Return the matches with those of labelled values, without those in hidden text or within an instruction."""
    left = [f for f in fields if f.path not in matches and f.path not in row_matches]
    hidden = _hidden_spans(document)
    outside_tables = _complement(_closed_to_labels(document, instructions), len(document.text))
    captioned = captions.match_captions(left, document, outside_tables, fields)
    left = [f for f in left if f.path not in captioned]
    found = {**matches, **captioned, **key_value.match_labelled_values(left, document, outside_tables, fields)}
    single = [f for f in fields if f.type != "array" and f.path not in row_matches]
    shown = _complement(hidden, len(document.text))
    found = marks.match_marks(found, single, document, shown)
    found |= ticked_boxes.match_ticked_boxes([f for f in single if f.path not in found], document, shown)
    return {path: m for path, m in found.items() if not any(m.start < e and m.end > s for s, e in hidden)}


def _match_learnt_labels(
    document: Document,
    fields: Sequence[Field],
    matches: Mapping[Path, StructuralMatch],
    row_matches: Mapping[Path, TableRowsMatch],
    lessons: Sequence[Lesson],
    instructions: Sequence[Span],
) -> dict[Path, StructuralMatch]:
    """Return the open fields whose value stands at a label that lessons teach, where no other field's value stands."""
    labels = learnt_labels(lessons) if lessons else {}
    taught = {f.path: replace(f, labels=labels[f.path]) for f in fields if labels.get(f.path)}
    known = [taught.get(f.path, f) for f in fields]
    left = [f for f in taught.values() if f.path not in matches and f.path not in row_matches]
    free = _free_spans(document, matches, instructions)
    return key_value.match_labelled_values(left, document, free, known) if left else {}


def _match_quoted_labels(
    document: Document,
    fields: Sequence[Field],
    matches: Mapping[Path, StructuralMatch],
    row_matches: Mapping[Path, TableRowsMatch],
    instructions: Sequence[Span],
) -> dict[Path, StructuralMatch]:
    """Return the open fields whose value stands at a label that their description quotes."""
    left = [f for f in fields if f.path not in matches and f.path not in row_matches and f.type != "array" and f.copied]
    free = _free_spans(document, matches, instructions)
    return quoted_labels.match_quoted_labels(left, document, free, fields) if left else {}


def _free_spans(
    document: Document, matches: Mapping[Path, StructuralMatch], instructions: Sequence[Span]
) -> list[Span]:
    """Return the shown stretches of a document that are in no table and answer no field."""
    taken = _closed_to_labels(document, instructions)
    taken += [(m.start, m.end) for m in matches.values() if m.end > m.start]
    return _complement(taken, len(document.text))


def _closed_to_labels(document: Document, instructions: Sequence[Span]) -> list[Span]:
    """Return where no labelled value is looked for; an instruction that follows a label may be the label's value."""
    text = document.text
    own_lines = [(s, e) for s, e in instructions if not text[text.rfind("\n", 0, s) + 1 : s].strip()]
    return [*_hidden_spans(document), *((t.start, t.end) for t in document.tables), *own_lines]


def _hidden_spans(document: Document) -> list[Span]:
    return [(b.start, b.end) for b in document.blocks if b.kind == "hidden"]


def plan(
    document: Document,
    schema: Schema,
    passage_tokens: int | None = None,
    known_rows: Mapping[Path, TableRowsMatch] | None = None,
    lessons: Sequence[Lesson] = (),
    before: Plan | None = None,
) -> Plan:
    """Decide everything that needs no model; the same document, schema and lessons always give the same plan.

    `passage_tokens` replaces the default budget for passages; `known_rows` answer lists that structure alone does not;
    `lessons` are what approved documents taught. `before` is an earlier plan of the same document, schema and lessons:
    what these say is weighed once.
    """
    fields = [f for f in schema.fields if "const" not in f.schema]
    matches = table_cells.match_cells(fields, document)
    learnt_lists = before.learnt_lists if before else propose_lists(document, fields, lessons)
    found_rows = list_rows.match_rows(fields, document) | nested_rows.match_nested_rows(fields, document)
    found_rows |= {path: each.rows for path, each in learnt_lists.items()}
    row_matches = list_rows.drop_rows_of_other_fields(found_rows, fields, document.text)
    row_matches |= known_rows or {}
    open_lists = [f for f in fields if f.path not in row_matches]
    row_matches |= plain_lists.match_plain_lists(open_lists, document)
    instructions = find_machine_instructions(document)
    matches = _match_labelled_values(document, fields, matches, row_matches, instructions)
    structure = matches
    if before and before.structure == structure:
        proposals = before.proposals
    else:
        proposals = propose(document, fields, lessons, matches) if lessons else {}
    matches = apply_proposals(matches, proposals, document)
    matches |= _match_learnt_labels(document, fields, matches, row_matches, lessons, instructions)
    matches |= _match_quoted_labels(document, fields, matches, row_matches, instructions)
    known = {*matches, *row_matches}
    choices = {p: each for p, each in propose_choices(document, fields, lessons).items() if p not in known}
    known |= {path for path, choice in choices.items() if choice.is_settled}
    left = [f for f in fields if f.path not in known]
    answered_spans = _find_answered_spans(document, matches, row_matches, left)

    closed = [*answered_spans, *_hidden_spans(document), *instructions]
    taken = [(match.start, match.end) for match in matches.values()]
    candidates = CandidateIndex(document, _complement(closed, len(document.text)), taken)
    passages = _select_passages(document, left, candidates, answered_spans, passage_tokens, instructions)
    queries, unanswerable = make_queries(left, passages, candidates)
    groups = tuple(group_queries(queries))
    questions = tuple(make_field_group(group, passages) for group in groups)
    request = Request(prompts.system(), prompts.document(passages.text), questions, passages.text)
    unanswered = tuple(unanswerable)
    return Plan(
        matches,
        row_matches,
        passages,
        groups,
        request,
        unanswered,
        candidates,
        proposals,
        learnt_lists,
        choices,
        tuple(instructions),
        structure,
    )


def apply_proposals(
    matches: Mapping[Path, StructuralMatch], proposals: Mapping[Path, Proposal], document: Document
) -> dict[Path, StructuralMatch]:
    """Return the matches with those of lessons that are likely enough, and without those that lessons make unlikely."""
    least = PlanningSettings.current().min_lesson_probability
    found = dict(matches)
    for path, proposal in proposals.items():
        match = matches.get(path)
        if proposal.has_place and proposal.probability >= least and proposal.probability >= proposal.absent:
            if match is not None and (match.start, match.end) == (proposal.start, proposal.end):
                found[path] = replace(match, score=round(proposal.probability, 4))
            else:
                context = document.text[max(0, proposal.start - 40) : proposal.end]
                found[path] = StructuralMatch(
                    path, proposal.start, proposal.end, round(proposal.probability, 4), context
                )
        elif match is not None:
            del found[path]
    return found


def _select_passages(
    document: Document,
    fields: Sequence[Field],
    candidates: CandidateIndex,
    excluded_spans: Sequence[Span],
    budget: int | None,
    instructions: Sequence[Span],
) -> Passages:
    """Return the passages for those of the fields that the document may answer, without instructions to machines."""
    open_fields = [f for f in fields if not candidates.is_typed(f) or candidates.find_spans(f)]
    if not open_fields:
        return Passages("", ())
    whole_text_tokens = 0 if budget else PassageSettings.current().whole_text_tokens
    budget = budget or passage_budget(len(open_fields))
    seeds = [candidates.seed_spans(f) for f in open_fields]
    return select_passages(document, open_fields, budget, excluded_spans, seeds, whole_text_tokens, instructions)


def _find_answered_spans(
    document: Document,
    matches: Mapping[Path, StructuralMatch],
    row_matches: Mapping[Path, TableRowsMatch],
    open_fields: Sequence[Field],
) -> list[Span]:
    """Return the spans of tables, and of rows of tables, that no prompt needs any more.

    Of a form, where every row is a label and its value, only the rows that have answered are not needed. Of a list, the
    few rows stay that have words of an open field: the profit of the year is an entry and a figure of its own.
    """
    single = [f for f in open_fields if f.type != "array"]
    wanted_terms = {term for f in single for text in (*f.labels, f.description) for term in search_terms(text)}
    share = PlanningSettings.current().answered_share
    spans = []
    for table in document.tables:
        filled = sum(not cell.header and bool(cell.text) for cell in table.cells)
        inside = [m for m in matches.values() if table.start <= m.start <= table.end and m.end > m.start]
        if (
            not filled
            or len(inside) < share * filled
            or any(t is table for r in row_matches.values() for t in r.tables)
        ):
            continue
        if any(cell.column_path for cell in table.cells):
            spans.append((table.start, table.end))
        else:
            spans += [_line_around(document.text, m.start, m.end) for m in inside]
    for match in row_matches.values():
        lines = [_row_line(document.text, row) for row in match.rows]
        named = _rows_with_terms([document.text[start:end] for start, end in lines], wanted_terms)
        spans += [line for n, line in enumerate(lines) if n not in named]
    return spans


def _row_line(text: str, row: Sequence[StructuralMatch]) -> Span:
    start, end = min(m.start for m in row), max(m.end for m in row)
    line_end = text.find("\n", end)
    return start, line_end if line_end >= 0 else end


def _rows_with_terms(rows: Sequence[str], wanted: set[str]) -> set[int]:
    """Return the numbers of the rows that have one of the wanted terms, of those that few rows have."""
    settings = PlanningSettings.current()
    terms = [wanted & set(search_terms(row)) for row in rows]
    counts = Counter(term for found in terms for term in found)
    rare = {
        term
        for term, count in counts.items()
        if count <= settings.rows_with_term and len(term) >= (settings.shortest_term if term.isascii() else 2)
    }
    return {n for n, found in enumerate(terms) if found & rare}


def _line_around(text: str, start: int, end: int) -> Span:
    line_end = text.find("\n", end)
    return text.rfind("\n", 0, start) + 1, line_end if line_end >= 0 else len(text)


def _complement(spans: Sequence[Span], length: int) -> list[Span]:
    """Return the spans of `0..length` that none of `spans` covers."""
    free, at = [], 0
    for start, end in sorted(spans):
        if start > at:
            free.append((at, start))
        at = max(at, end)
    return [*free, (at, length)] if at < length else free
