"""Fields answered by a table cell whose names are theirs, without a model.

A field is named by its labels and those of the objects around it; a cell by its caption, row path and column path. The
two are compared name by name, each name weighted by how few fields (or cells) share it (inverse document frequency,
Sparck Jones 1972), and a cell answers a field only when each is the other's best match by a margin. What is less than
certain is left to the model.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.matches import StructuralMatch
from extractor.problems import ProblemKind
from extractor.settings import Settings, rule, threshold
from extractor.types import Cell, Document, Field, Path, Table
from extractor.values import normalisation
from extractor.values.label_similarity import best_similarity, normalise_label
from extractor.values.normalise_choices import has_options, ticks_choice


@dataclass(frozen=True)
class TableCellSettings(Settings):
    """When the names of a cell are those of a field. Similarities and scores are in 0..1."""

    min_score: float = threshold(
        0.78, meaning="The least score of a cell that answers a field; below it the names differ too much."
    )
    min_margin: float = threshold(0.02, meaning="How far its score is above that of any other cell or field.")
    min_caption_margin: float = threshold(
        0.06,
        meaning="The same between cells of two tables that have the same row and column paths: captions seldom decide.",
    )
    accept_lost_headings: bool = rule(
        True,
        meaning="A cell that carries a field's last two names as printed may have lost its caption or outer heading.",
    )
    min_inner_score: float = threshold(0.55, meaning="The least score of such a cell.")
    min_inner_margin: float = threshold(0.15, meaning="How far its score is above that of any other.")
    same_name: float = threshold(
        0.9, meaning="The least similarity at which two names are one, but for a remark or a spelling."
    )
    similar_name: float = threshold(0.6, meaning="The least similarity at which two names may be one.")
    cell_share: float = threshold(
        0.15, meaning="The share of the score that depends on how many of the cell's own names the field has."
    )
    max_cells: int = threshold(8, unit="cells", meaning="The best cells of a field that are compared.")
    join_names: bool = rule(
        True,
        meaning="A heading and the label below it, `Period` and `Start`, may name a field together.",
    )
    rows_are_no_rivals: bool = rule(
        True,
        meaning="Cells of a column with several rows do not contest a value beside its own label, as in a form.",
    )


def match_cells(fields: Sequence[Field], document: Document) -> dict[Path, StructuralMatch]:
    """Return the fields that a table cell answers with certainty, by path; a blank cell answers its field as blank."""
    settings = TableCellSettings.current()
    index = _CellIndex(document.tables)
    fields = [f for f in fields if f.type != "array" and (f.copied or f.type == "boolean" or has_options(f))]
    if not index.cells or not fields:
        return {}
    rarity = _name_rarity((set(_field_names(f)) for f in fields), len(fields))
    pairs: list[tuple[float, int, int]] = []
    with_inner_names: set[tuple[int, int]] = set()
    lowest = settings.min_inner_score - settings.min_inner_margin
    for f, field in enumerate(fields):
        scores = [s for s in _score_cells(field, rarity, index)[: settings.max_cells] if s[0] >= lowest]
        pairs += [(score, f, i) for score, i, _ in scores]
        with_inner_names |= {(f, i) for _, i, inner in scores if inner}
    cells_of: dict[int, list[tuple[float, int]]] = defaultdict(list)
    fields_of: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for score, f, i in sorted(pairs, reverse=True):
        cells_of[f].append((score, i))
        fields_of[i].append((score, f))
    matches: dict[Path, StructuralMatch] = {}
    used: set[int] = set()
    for score, f, i in sorted(pairs, key=lambda t: (-t[0], t[1], t[2])):
        field, (cell, _, names) = fields[f], index.cells[i]
        if field.path in matches or i in used:
            continue
        margin = settings.min_margin
        if score < settings.min_score:
            allowed = settings.accept_lost_headings and (f, i) in with_inner_names
            if not allowed or score < settings.min_inner_score:
                continue
            margin = settings.min_inner_margin
        wider = max(settings.min_caption_margin, margin)
        rival_cells = [
            j
            for s, j in cells_of[f]
            if j != i and j not in used and s > score - (wider if _has_same_paths(cell, index.cells[j][0]) else margin)
        ]
        if settings.rows_are_no_rivals and not cell.column_path:
            rival_cells = [j for j in rival_cells if j not in index.in_columns]
        rival_fields = [g for s, g in fields_of[i] if g != f and fields[g].path not in matches and s > score - margin]
        if rival_fields or any(index.cells[j][0].text != cell.text for j in rival_cells):
            continue
        span = find_value_span(field, cell, document.text)
        if span is None or (span[0] == span[1] and not _is_blank_value(cell, index.filled)):
            continue
        used.add(i)
        matches[field.path] = StructuralMatch(field.path, *span, min(score, 1.0), " ".join(names))
    return matches


def find_value_span(field: Field, cell: Cell, text: str) -> tuple[int, int] | None:
    """Return where in the cell the value stands; None when the cell holds nothing of the field's kind.

    A blank, or a dash, is the empty stretch at the cell's start.
    """
    if not cell.text:
        return cell.start, cell.start
    kind = normalisation.value_kind(field)
    raw = text[cell.start : cell.end]
    if not field.copied and not ticks_choice(field, raw):
        return None  # it has to be judged
    if kind is None:
        return cell.start, cell.end
    spans = normalisation.find_spans(kind, raw)
    if len(spans) == 1 or is_whole(spans, raw):
        return cell.start + spans[0][0], cell.start + spans[0][1]
    if not spans and not re.search(r"\w", raw):
        return cell.start, cell.start  # a dash or the like: printed as blank
    return None


def is_whole(spans: Sequence[tuple[int, int]], raw: str) -> bool:
    """Decide whether the first of the readings of a cell is all of it, the others being parts: `(815)`, `1 250`."""
    return bool(spans) and not raw[: spans[0][0]].strip() and not raw[spans[0][1] :].strip()


def pair_names(similar: Sequence[tuple[float, int, int]], weights: Sequence[float]) -> dict[int, tuple[int, float]]:
    """Pair names one to one, greedily, and return `{left: (right, similarity)}`.

    `similar` holds `(similarity, left, right)`. The most similar pairs come first, then those of the left name with
    the greater weight, then those of the later right name.
    """
    pairs: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for similarity, left, right in sorted(similar, key=lambda t: (-t[0], -weights[t[1]], -t[2])):
        if left not in pairs and right not in taken:
            pairs[left] = (right, similarity)
            taken.add(right)
    return pairs


def _field_names(field: Field) -> list[tuple[str, ...]]:
    return [group for group in (*field.parents, field.labels) if group]


def _name_rarity(groups: Iterable[Iterable[object]], total: int) -> dict[object, float]:
    """Return how much each name tells: the logarithm of one plus `total` over the number of groups that have it."""
    count = Counter(name for group in groups for name in set(group))
    return {name: math.log(1 + total / n) for name, n in count.items()}


class _CellIndex:
    """The value cells of all tables, each with the names that govern it, found by name."""

    def __init__(self, tables: Sequence[Table]) -> None:
        self.cells: list[tuple[Cell, Table, tuple[str, ...]]] = []
        for table in tables:
            if any(problem.kind == ProblemKind.TABLE_HEADS for problem in table.problems):
                continue  # which column a cell stands in is not known
            # A caption that is also the head of a row or a column, as the name of a sheet may be, tells them not apart.
            heads = {name for cell in table.cells for name in (*cell.row_path, *cell.column_path)}
            caption = tuple(name for name in table.caption if name not in heads)
            for cell in table.cells:
                names = (*caption, *cell.row_path, *cell.column_path)
                if not cell.header and (cell.row_path or cell.column_path):
                    self.cells.append((cell, table, names))
        rows = {(id(t), c.row) for c, t, _ in self.cells if c.text}
        self.filled = {(id(c), c.row) for c, t, _ in self.cells if (id(t), c.row) in rows}
        self.rarity = _name_rarity((names for _, _, names in self.cells), len(self.cells))
        size = Counter((id(t), c.column) for c, t, _ in self.cells if c.text and c.column_path)
        self.in_columns = {i for i, (c, t, _) in enumerate(self.cells) if c.column_path and size[id(t), c.column] > 1}
        """The cells of columns with a header and several rows."""
        self.by_name: dict[str, list[int]] = defaultdict(list)
        for i, (_, _, names) in enumerate(self.cells):
            for name in set(names):
                self.by_name[name].append(i)


def _score_cells(field: Field, rarity: Mapping[object, float], index: _CellIndex) -> list[tuple[float, int, bool]]:
    """Return every cell that could answer `field` as `(score, cell, has the last two names)`, best first."""
    settings = TableCellSettings.current()
    groups = _field_names(field)
    if not groups:
        return []
    weights = [rarity[group] for group in groups]
    similarity = {
        name: [best_similarity(group, name) if not _differs_in_numeral(group, name) else 0.0 for group in groups]
        for name in index.by_name
    }
    rarest = max(range(len(groups)), key=lambda i: (weights[i], i))
    nearby = {
        i for name, row in similarity.items() if row[rarest] >= settings.similar_name for i in index.by_name[name]
    }
    found = []
    for i in nearby:
        _, _, names = index.cells[i]
        similar = [
            (similarity[name][g], g, n)
            for n, name in enumerate(names)
            for g in range(len(groups))
            if similarity[name][g] >= settings.similar_name
        ]
        pairs = pair_names(similar, weights)
        joined = _joined_similarity(groups[-1], names) if settings.join_names else None
        if joined is not None and joined[1] > pairs.get(len(groups) - 1, (0, 0.0))[1]:
            first, same = joined
            pairs = {g: (n, s) for g, (n, s) in pairs.items() if g < len(groups) - 1 and n < first}
            named = {n: same for n in range(first, len(names))} | {n: s for n, s in pairs.values()}
            pairs[len(groups) - 1] = (first, same)
        elif len(groups) - 1 in pairs:
            named = dict(pairs.values())
        else:
            continue
        of_field = sum(weights[g] * s for g, (_, s) in pairs.items()) / sum(weights)
        cell_weights = [index.rarity[name] for name in names]
        of_cell = sum(cell_weights[n] * s for n, s in named.items()) / (sum(cell_weights) or 1)
        inner = range(len(groups) - 2, len(groups))
        has_inner = len(groups) > 2 and all(g in pairs and pairs[g][1] >= settings.same_name for g in inner)
        score = of_field * (1 - settings.cell_share + settings.cell_share * of_cell)
        found.append((score, i, has_inner))
    return sorted(found, key=lambda t: (-t[0], index.cells[t[1]][0].start))


def _joined_similarity(labels: tuple[str, ...], names: Sequence[str]) -> tuple[int, float] | None:
    """Return from which of a cell's names on they make one of the labels together, and how alike they are."""
    found = [
        (best_similarity(labels, joined), first)
        for first in range(len(names) - 1)
        if not _differs_in_numeral(labels, joined := " ".join(names[first:]))
    ]
    similarity, first = max(found, default=(0.0, 0))
    return (first, similarity) if similarity >= TableCellSettings.current().same_name else None


def _differs_in_numeral(labels: tuple[str, ...], name: str) -> bool:
    """Decide whether `name` has another numeral than every label: two rows of one list, not one name written twice."""
    digits = re.findall(r"\d+", normalise_label(name))
    return bool(digits) and all(re.findall(r"\d+", normalise_label(label)) != digits for label in labels)


def _has_same_paths(cell: Cell, other: Cell) -> bool:
    return cell.row_path == other.row_path and cell.column_path == other.column_path


def _is_blank_value(cell: Cell, filled: set[tuple[int, int]]) -> bool:
    """Decide whether a blank answers: one in a filled row does; the value of a lone label may be printed elsewhere."""
    return bool(cell.column_path) and (bool(cell.row_path) or (id(cell), cell.row) in filled)
