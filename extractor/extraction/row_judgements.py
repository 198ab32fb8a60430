"""What a model says of every row of a list that code has read: the items that no column holds, such as yes or no."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.list_columns import is_column_item
from extractor.candidates.matches import StructuralMatch, TableRowsMatch
from extractor.confidence import answer_probability, token_features
from extractor.decoding import Slot, parse_answer, write_grammar, write_json_schema
from extractor.extraction import prompts
from extractor.grounding.occurrences import make_evidence
from extractor.models import Model
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, FieldGroup, FieldValue, Path, Request, path_text

Row = Sequence[StructuralMatch]


@dataclass(frozen=True)
class RowJudgementSettings(Settings):
    """Which rows are judged, and how they are shown."""

    judge_rows: bool = rule(
        True, meaning="A model is asked for items of rows that it has to judge, where no column holds them."
    )
    max_confidence: float = threshold(
        0.6,
        meaning="Most confidence in what a model says of a row, so that people look at it.",
        chosen="26 of 37 rows of five lists were judged right by a model of 1.5 billion parameters.",
    )
    rows_per_question: int = threshold(40, unit="rows", meaning="Rows that one question is about.")
    max_rows: int = threshold(200, unit="rows", meaning="Rows of a longer list are not judged.")
    lines_above: int = threshold(3, unit="lines", meaning="So many lines above the rows are shown with them.")
    max_shown: int = threshold(
        6000, unit="characters", meaning="Where rows stand further apart, what is between them is not shown."
    )
    longest_key: int = threshold(24, unit="characters", meaning="So much of a row's text is in its key.")
    answer_tokens: int = threshold(32, unit="tokens", meaning="Longest answer, for each row.")


@dataclass(frozen=True)
class _Judgement:
    """A question about one item of some rows of a list; the keys of `slots` are the rows' numbers and first texts."""

    path: Path
    item: Field
    rows: Mapping[str, tuple[int, Row]]
    slots: tuple[Slot, ...]
    group: FieldGroup


def judge_rows(
    document: Document,
    fields: Sequence[Field],
    rows: Mapping[Path, TableRowsMatch],
    model: Model | None,
    known: Collection[Path] = (),
) -> list[FieldValue]:
    """Return what the model says of the judged items of all rows that have no cell for them; none without a model.

    `rows` are those of each list by its path; of values that are `known` by their paths none is returned, and no
    question is asked of an item that is known in all rows. Raises what the model raises.
    """
    if model is None or not RowJudgementSettings.current().judge_rows:
        return []
    judgements = [j for f in fields if f.path in rows for j in _judgements(f, rows[f.path].rows, document, known)]
    if not judgements:
        return []
    request = Request(prompts.system(), "", tuple(j.group for j in judgements), "")
    values = []
    for judgement, answer in zip(judgements, model.answer(request), strict=True):
        for found in parse_answer(answer, judgement.slots):
            number, row = judgement.rows[found.key]
            path = (*judgement.path, number, *judgement.item.path)
            if path in known:
                continue
            evidence = make_evidence(document, *_span(row)) if found.value is not None else None
            features = token_features(found.tokens)
            most = RowJudgementSettings.current().max_confidence
            confidence = min(answer_probability(found.tokens), most)
            values.append(FieldValue(path, found.value, evidence, confidence, features=features))
    return values


def _judgements(field: Field, rows: Sequence[Row], document: Document, known: Collection[Path]) -> Iterator[_Judgement]:
    settings = RowJudgementSettings.current()
    held = {m.path for row in rows for m in row}
    filled = [(n, row) for n, row in enumerate(rows) if any(m.end > m.start for m in row)]
    open_items = [
        i
        for i in field.items
        if is_column_item(i)
        and not i.copied
        and i.path not in held
        and not all((*field.path, n, *i.path) in known for n, _ in filled)
    ]
    if not open_items or len(filled) > settings.max_rows:
        return
    for first in range(0, len(filled), settings.rows_per_question):
        part = {_key(n, row, document.text): (n, row) for n, row in filled[first : first + settings.rows_per_question]}
        shown = _show(part, document.text)
        for item in open_items:
            slots = tuple(_slot(number, item) for number in part)
            text = f'Rows of a list, each after its number:\n"""\n{shown}\n"""\n\n{_describe(item)}\n'
            if item.type == "boolean" and item.enum is None:
                text += "It is true for some rows and false for others. "
            text += "Answer for every row, with one JSON object whose keys are the rows.\n\n"
            tokens = settings.answer_tokens * len(slots)
            group = FieldGroup(text, write_grammar(slots, ""), write_json_schema(slots), tokens)
            yield _Judgement(field.path, item, part, slots, group)


def _key(number: int, row: Row, text: str) -> str:
    """Return the row's number and the beginning of its longest text, so that it stands right before the judgement."""
    cells = [" ".join(text[m.start : m.end].split()) for m in row if m.end > m.start]
    longest = max(cells, key=lambda cell: (sum(map(str.isalpha, cell)), len(cell)))
    return f"{number + 1}. {longest[: RowJudgementSettings.current().longest_key]}"


def _slot(key: str, item: Field) -> Slot:
    if item.type == "boolean" and item.enum is None:
        return Slot(key, "json", schema={"type": "boolean"}, nullable=False)
    return Slot(key, "json", schema=item.schema, nullable=item.nullable)


def _describe(item: Field) -> str:
    description = item.description or item.title
    name = path_text(item.path)
    choices = "" if item.enum is None else " One of: " + ", ".join(str(value) for value in item.enum)
    return f"{name}: {description.rstrip('.')}.{choices}" if description else f"{name}.{choices}"


def _show(rows: Mapping[str, tuple[int, Row]], text: str) -> str:
    """Return the lines of the rows with their numbers, and what stands between them and right above them."""
    settings = RowJudgementSettings.current()
    places = {number + 1: _span(row) for number, row in rows.values()}
    start, end = min(start for start, _ in places.values()), max(end for _, end in places.values())
    for _ in range(settings.lines_above + 1):
        start = text.rfind("\n", 0, max(0, start - 1))
        if start < 0:
            break
    start += 1
    if end - start > settings.max_shown:
        return "\n".join(f"{number}. {' '.join(text[slice(*place)].split())}" for number, place in places.items())
    pieces, at = [], start
    for number, (place, _) in sorted(places.items(), key=lambda pair: pair[1]):
        pieces += [text[at:place], f"{number}. "]
        at = place
    return "".join([*pieces, text[at:end]]).strip("\n")


def _span(row: Row) -> tuple[int, int]:
    """Return where a row begins and ends, by its filled cells."""
    cells = [(m.start, m.more[-1][1] if m.more else m.end) for m in row if m.end > m.start]
    return min(start for start, _ in cells), max(end for _, end in cells)
