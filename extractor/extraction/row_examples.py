"""Items of a list that no column holds whole: a model copies them out of a few entries, and code reads all rows.

A column may hold several things, and small things stand in lines below others. The model is shown two or three entries,
each by itself under the headers of its columns, and copies what it says of the open items. Where its copies agree on
the part of the cells that they come from (`candidates.cell_parts`), that part is read in every row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.cell_parts import CellPart, apply_part, cells_by_lines, extent, find_part, lines_of
from extractor.candidates.column_names import BETWEEN_NAMES, header_similarity, names_in_header
from extractor.candidates.lines_in_cells import read_lines_of_cells
from extractor.candidates.list_columns import is_column_item, is_free_text
from extractor.candidates.matches import OVER_ROWS, EntryCell, StructuralMatch, TableRowsMatch
from extractor.candidates.nested_rows import join_inner_lists, part_inner_lists
from extractor.candidates.range_ends import part_ranges
from extractor.decoding import Slot, parse_answer, write_grammar, write_json_schema
from extractor.extraction import prompts
from extractor.models import Model
from extractor.settings import Settings, rule, threshold
from extractor.tables import counts_up
from extractor.types import Document, Field, FieldGroup, Path, Request, path_text
from extractor.values import normalisation
from extractor.values.characters import collapse_spaces, shorten

_LEAVES_OUT = re.compile(r"\b(?:without|excluding|not including|name only|alone)\b|不含|不包括|不带", re.IGNORECASE)

Cells = Sequence[EntryCell]
Row = tuple[StructuralMatch, ...]


@dataclass(frozen=True)
class RowExampleSettings(Settings):
    """How many entries a model reads, and what is believed of it."""

    read_examples: bool = rule(
        True, meaning="Items without a column are told from what a model copies out of a few entries."
    )
    entries: int = threshold(3, unit="entries", meaning="So many entries are read by the model.")
    longest_description: int = threshold(90, unit="characters", meaning="A longer description of an item is cut.")
    longest_list_description: int = threshold(
        120, unit="characters", meaning="A longer description of the list is cut."
    )
    longest_entry: int = threshold(800, unit="characters", meaning="Lists with longer entries are left alone.")
    answer_tokens: int = threshold(40, unit="tokens", meaning="Longest answer, for each item.")
    score: float = threshold(0.75, meaning="What a part counts that the examples agree on.")
    min_named: float = threshold(0.74, meaning="A part of a header names an item from this similarity on.")
    same_name: float = threshold(0.9, meaning="A header so like an item as a whole is the name of this item alone.")
    lines_left: int = threshold(
        2, unit="entries", meaning="In so many answers, at least, the same line is what other items have left."
    )
    found_share: float = threshold(
        0.5, meaning="A part without a label of its own is in so great a share of the rows, at least."
    )
    min_similarity: float = threshold(
        0.5, meaning="A header is the item's, where its printed names are told, from this similarity with one on."
    )
    taken_share: float = threshold(
        0.6, meaning="In so great a share of rows, at least, a part does not take what another item holds."
    )


@dataclass(frozen=True)
class _Example:
    """A question about one entry: `cells` are what `text` shows."""

    cells: Cells
    slots: tuple[Slot, ...]
    group: FieldGroup
    text: str


def read_by_examples(
    document: Document, fields: Sequence[Field], rows: Mapping[Path, TableRowsMatch], model: Model | None
) -> dict[Path, TableRowsMatch]:
    """Return the rows of each list with the items that a model's copies show the place of.

    `rows` are those of each list by its path; lists within lists are read by themselves. Raises what the model raises.
    """
    rows = {path: _by_lines(match, document) for path, match in rows.items()}
    for f in fields:
        if f.path in rows:
            rows[f.path] = part_ranges(f, read_lines_of_cells(f, rows[f.path], document.text), document.text)
    if model is None or not RowExampleSettings.current().read_examples:
        return rows
    return join_inner_lists(_read_lists(document, *part_inner_lists(fields, rows), model), fields, rows)


def _read_lists(
    document: Document, fields: Sequence[Field], rows: Mapping[Path, TableRowsMatch], model: Model
) -> dict[Path, TableRowsMatch]:
    lists = [(f, items) for f in fields if f.path in rows and (items := _open_items(f, rows[f.path]))]
    asked = [(f, items, _examples(f, items, rows[f.path], document.text)) for f, items in lists]
    examples = [example for *_, own in asked for example in own]
    if not examples:
        return dict(rows)
    source = "\n".join(example.text for example in examples)
    request = Request(prompts.system(), "", tuple(example.group for example in examples), source)
    answers = iter(model.answer(request))
    read = dict(rows)
    for f, items, own in asked:
        copied = [
            (example.cells, {s.key: s.text for s in parse_answer(next(answers), example.slots)}) for example in own
        ]
        if copied:
            read[f.path] = _extend(f, items, rows[f.path], copied, document.text)
    return read


def _by_lines(match: TableRowsMatch, document: Document) -> TableRowsMatch:
    """Return the rows with each printed line of their cells, and of those of inner lists, as a stretch of its own."""
    cells = tuple(cells_by_lines(document, own) for own in match.cells)
    inner = tuple(tuple(cells_by_lines(document, own) for own in element) for element in match.inner)
    return replace(match, cells=cells, inner=inner)


def _open_items(field: Field, match: TableRowsMatch) -> list[Field]:
    """Return the items that no column holds, and those that a column may hold more than.

    Its header names several of them, or the item's description leaves something out that is printed with it.
    """
    counts = Counter(path for row in match.rows for path in {m.path for m in row})
    held = {m.path: m.context for row in match.rows for m in row if 2 * counts[m.path] >= len(match.rows)}
    over = {path for row, cells in zip(match.rows, match.cells, strict=False) for path in _held_by_headings(row, cells)}
    items = [item for item in field.items if is_column_item(item) and item.copied and "x-part" not in item.schema]
    return [
        item
        for item in items
        if item.path not in held
        or (item.path in over and is_free_text(item))
        or (is_free_text(item) and _LEAVES_OUT.search(item.description))
        or _is_of_several(item, held[item.path], items)
    ]


def _held_by_headings(row: Row, cells: Cells) -> Iterator[Path]:
    """Yield the items that are the heading over a row, which may say more than one thing."""
    headings = {span for cell in cells if cell.column == OVER_ROWS for span in cell.spans}
    for m in row:
        if (m.start, m.end) in headings:
            yield m.path


def _is_of_several(item: Field, header: str, items: Sequence[Field]) -> bool:
    """Decide whether a header names an item and others: `Unit price / Total / Currency`, `Pos. Item no.`."""
    named = {each.path for name in BETWEEN_NAMES.split(header) if (each := _best_named(name, items))}
    named |= {each.path for each in names_in_header(items, header)}
    if len(named) < 2:
        words = header.split()
        pairs = [
            (_best_named(" ".join(words[:n]), items), _best_named(" ".join(words[n:]), items))
            for n in range(1, len(words))
        ]
        least = RowExampleSettings.current().same_name
        if max((header_similarity(each, header) for each in items), default=0.0) < least:
            named = next(({one.path, other.path} for one, other in pairs if one and other and one != other), named)
    return len(named) > 1 and (is_free_text(item) or item.path in named)


def _best_named(name: str, items: Sequence[Field]) -> Field | None:
    """Return the item that a part of a header names best, if it is like enough."""
    best = max(items, key=lambda each: header_similarity(each, name))
    return best if header_similarity(best, name) >= RowExampleSettings.current().min_named else None


def _examples(field: Field, items: Sequence[Field], match: TableRowsMatch, text: str) -> list[_Example]:
    """Return the questions about some entries of a list: the first, the longest and the one in the middle."""
    settings = RowExampleSettings.current()
    if len(match.cells) != len(match.rows):
        return []
    lengths = [sum(e - s for cell in cells for s, e in cell.spans) for cells in match.cells]
    if not lengths or max(lengths) > settings.longest_entry:
        return []
    order = [0, max(range(len(lengths)), key=lambda n: lengths[n]), len(lengths) // 2, 1, len(lengths) - 1]
    chosen = sorted(list(dict.fromkeys(n for n in order if n < len(lengths)))[: settings.entries])
    return [_example(field, items, match.cells[n], text) for n in chosen]


def _example(field: Field, items: Sequence[Field], cells: Cells, text: str) -> _Example:
    settings = RowExampleSettings.current()
    shown = "\n".join(
        f"{_shown_name(cell)}: " + " / ".join(text[start:end] for start, end in lines_of(cell, text))
        for cell in cells
        if cell.spans
    )
    slots = tuple(
        Slot(path_text(item.path), "span", number=normalisation.value_kind(item) in normalisation.NUMERIC_TYPES)
        for item in items
    )
    about = shorten(field.description or field.title, settings.longest_list_description)
    lines = [f"One entry of the list {path_text(field.path)} ({about}), as it is printed under the headers of a table:"]
    lines += ['"""', shown, '"""', "Copy what it says of:"]
    for item in items:
        description = shorten(item.description, settings.longest_description)
        lines.append(f"- {path_text(item.path)}: {description}" if description else f"- {path_text(item.path)}")
    lines.append("null where the entry does not say it.")
    question = "\n".join(lines) + "\nAnswer with one JSON object.\n\n"
    group = FieldGroup(
        question, write_grammar(slots, shown), write_json_schema(slots), settings.answer_tokens * len(slots)
    )
    return _Example(cells, slots, group, shown)


def _shown_name(cell: EntryCell) -> str:
    return "(printed over the entry)" if cell.column == OVER_ROWS else cell.name or "-"


def _extend(
    field: Field,
    items: Sequence[Field],
    match: TableRowsMatch,
    copied: Sequence[tuple[Cells, Mapping[str, str | None]]],
    text: str,
) -> TableRowsMatch:
    """Return the rows with those of the open `items` whose part of the cells the copies agree on."""
    free_texts = frozenset(item.path for item in field.items if is_free_text(item))
    rows = list(match.rows)
    found = []
    told: set[Path] = set()
    for item in items:
        key = path_text(item.path)
        examples = [(cells, _told(said, cells, text)) for cells, answer in copied if (said := answer.get(key))]
        if part := find_part(item, examples, len(rows), text):
            found.append((part, item))
    for part, item in sorted(found, key=lambda pair: -pair[0].hits):
        before, rows = rows, _with_part(part, item, rows, match.cells, free_texts, text)
        told |= {item.path} if rows is not before or not part.of_whole_cell else set()
    for item in items:
        if item.path in free_texts and item.path not in told:
            answers = [(cells, answer.get(path_text(item.path)) or "") for cells, answer in copied]
            left = _line_left(answers, dict(zip(map(id, match.cells), rows, strict=True)), text)
            rows = _with_part(left, item, rows, match.cells, free_texts, text) if left else rows
    return replace(match, rows=tuple(rows))


def _with_part(
    part: CellPart, item: Field, rows: list[Row], entries: Sequence[Cells], free_texts: frozenset[Path], text: str
) -> list[Row]:
    """Return the rows with a part as the values of `item`, or as they are where it may not be.

    `free_texts` are the items that another one may take a part of.
    """
    places = [apply_part(part, item, cells, text) for cells in entries]
    others = [tuple(m for m in row if m.path != item.path) for row in rows]
    if item.path in free_texts:
        places = [place and _left_by(place, row, text) for place, row in zip(places, others, strict=True)]
    if not _may_be(part, item, places, entries, text) or not _is_free(places, others, free_texts, text):
        return rows
    read = zip(others, places, entries, strict=True)
    return [_with_value(*each, item, part, free_texts, text) for each in read]


def _left_by(place: tuple[int, int], row: Row, text: str) -> tuple[int, int]:
    """Return the one piece with letters that other items, which hold something inside a text, leave of it; or all."""
    pieces = [place]
    for m in row:
        if place[0] <= m.start < _end(m) <= place[1]:
            pieces = [piece for each in pieces for piece in _cut(each, (m.start, _end(m)), text)]
    lettered = [piece for piece in pieces if re.search(r"[^\W\d_]", text[slice(*piece)])]
    return lettered[0] if len(lettered) == 1 else place


def _line_left(answers: Sequence[tuple[Cells, str]], rows: Mapping[int, Row], text: str) -> CellPart | None:
    """Return the only line of a cell that answers of several lines have left, without those that other items hold.

    `rows` are what the entries hold, by the `id` of their cells. A small model runs on to the end of a cell.
    """
    counts: Counter[tuple[int, int]] = Counter()
    for cells, answer in answers:
        plain = collapse_spaces(answer)
        left = [
            (cell.column, number)
            for cell in cells
            for number, line in enumerate(lines_of(cell, text))
            if collapse_spaces(text[slice(*line)]) in plain and not _is_held(line, rows[id(cells)])
        ]
        counts.update(left if len(left) == 1 else [])
    [(place, hits), *_] = counts.most_common(1) or [((0, 0), 0)]
    return CellPart(place[0], place[1], "whole", hits=hits) if hits >= RowExampleSettings.current().lines_left else None


def _is_held(line: tuple[int, int], row: Row) -> bool:
    """Decide whether an item holds a line, and no other line with it."""
    return any(
        line[0] <= start and end <= line[1] for m in row for start, end in ((m.start, m.end), *m.more) if end > start
    )


def _told(answer: str, cells: Cells, text: str) -> str:
    """Return what a model copied, without a header before it; a header alone stands for the cell below it."""
    before, colon, after = answer.partition(":")
    if colon and any(cell.name and cell.name.endswith(before.strip()) for cell in cells):
        answer = after.strip()
    plain = collapse_spaces(answer).casefold()
    below = [cell for cell in cells if cell.name and collapse_spaces(cell.name).casefold() == plain]
    lines = lines_of(below[0], text) if len(below) == 1 else []
    return text[slice(*lines[0])] if len(lines) == 1 else answer


def _may_be(
    part: CellPart, item: Field, places: Sequence[tuple[int, int] | None], entries: Sequence[Cells], text: str
) -> bool:
    """Decide whether a part is there in most rows, and may be the item's by the names.

    Where a schema says how an item is printed, a whole column with quite another header is none of it; nor are the
    numbers of the rows.
    """
    settings = RowExampleSettings.current()
    if not part.way.startswith("label") and sum(map(bool, places)) < settings.found_share * len(places):
        return False
    names = {cell.name for cells in entries for cell in cells if cell.column == part.column and cell.name}
    least = settings.min_similarity
    if part.way != "whole" or not names or any(header_similarity(item, name) >= least for name in names):
        return True
    if item.schema.get("x-labels"):
        return False
    return item.type != "string" or not counts_up([text[slice(*place)] for place in places if place])


def _is_free(
    places: Sequence[tuple[int, int] | None], rows: Sequence[Row], free_texts: frozenset[Path], text: str
) -> bool:
    """Decide whether a part is nearly nowhere the whole of what another item holds, or cuts through it."""
    found = free = 0
    for place, row in zip(places, rows, strict=True):
        if place is None:
            continue
        found += 1
        free += not any(
            m.start < place[1]
            and place[0] < _end(m)
            and (m.path not in free_texts or not _leaves_words(m, place, text))
            for m in row
            if m.end > m.start
        )
    return found > 0 and free >= RowExampleSettings.current().taken_share * found


def _leaves_words(match: StructuralMatch, taken: tuple[int, int], text: str) -> bool:
    """Decide whether a text has something left without a stretch: with letters, if that one has some."""
    has_letters = re.search(r"[^\W\d_]", text[slice(*taken)]) is not None
    wanted = r"[^\W\d_]" if has_letters else r"\w"
    return any(re.search(wanted, text[start:end]) for start, end in _pieces_without(match, taken, text))


def _end(match: StructuralMatch) -> int:
    return match.more[-1][1] if match.more else match.end


def _with_value(
    row: Row,
    place: tuple[int, int] | None,
    cells: Cells,
    item: Field,
    part: CellPart,
    free_texts: frozenset[Path],
    text: str,
) -> Row:
    """Return the row with a part as the value of `item`, taken off the text that another item holds."""
    if place is None:
        return row
    cell = next(cell for cell in cells if cell.column == part.column)
    lines = lines_of(cell, text)
    whole = (lines[0][0], lines[-1][1])
    line = next((line for line in lines if line[0] <= place[0] and place[1] <= line[1]), whole)
    own = extent(part, place, line, text)
    left = [_without(m, own, text) if m.path in free_texts else m for m in row]
    return (*left, StructuralMatch(item.path, *place, RowExampleSettings.current().score, cell.name))


def _without(match: StructuralMatch, taken: tuple[int, int], text: str) -> StructuralMatch:
    """Return the match without a stretch at its beginning or at its end; as it is where nothing would be left."""
    pieces = _pieces_without(match, taken, text)
    if not pieces or match.end == match.start:
        return match
    first, *more = pieces
    return replace(match, start=first[0], end=first[1], more=tuple(more))


def _pieces_without(match: StructuralMatch, taken: tuple[int, int], text: str) -> list[tuple[int, int]]:
    return [piece for span in ((match.start, match.end), *match.more) for piece in _cut(span, taken, text)]


def _cut(span: tuple[int, int], taken: tuple[int, int], text: str) -> Iterator[tuple[int, int]]:
    start, end = span
    if end <= taken[0] or taken[1] <= start:
        yield span
        return
    for first, last in ((start, min(end, taken[0])), (max(start, taken[1]), end)):
        piece = text[first:last]
        if piece.strip(" \t\n,;:/-()（）"):
            first += len(piece) - len(piece.lstrip())
            yield first, first + len(text[first:last].rstrip())
