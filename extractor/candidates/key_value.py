"""Fields settled by their own label: the value right behind it, or the only number of its clause."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from extractor.candidates.table_cells import StructuralMatch
from extractor.types import Document, Field, Path
from extractor.values import label_similarity as names
from extractor.values import normalization
from extractor.values.normalization import CALENDAR_NUMBER, NUMERIC_TYPES

_LINK = re.compile(
    r"[ \t\u3000]*(?:[:：=]|为|是|达到|达|共计|共有|共|合计|约|计|有|了|is|was|of|no\.?|#)?"
    r"[ \t\u3000]*(?:[:：]|约)?[ \t\u3000]*\n?[ \t\u3000]*",
    re.IGNORECASE,
)


def _long_enough(label: str) -> bool:
    bare = names.normalise_label(label)
    return len(bare) >= (2 if re.search(rf"[{names.CJK}]", bare) else 4)


def match_labelled_values(
    fields: Sequence[Field], document: Document, pieces: Sequence[tuple[int, int]], known: Sequence[Field] = ()
) -> dict[Path, StructuralMatch]:
    """The typed fields whose value stands by one of their labels, wherever that is the only such value.

    Right behind the label, or, for a count, as the only number of the label's clause; the rate in `Total incl. 6% tax`
    is none. A value below its label is none where more of the field's labels stand without one: they are the heads of
    columns. `pieces` are the stretches of the text to search (running text rather than table cells). A label inside a
    longer label of another field does not count, and a label that two fields share, of `fields` or of all that are
    `known`, settles neither.
    """
    typed = {f.path: normalization.value_kind(f) for f in fields if f.type != "array" and f.copied}
    typed = {path: kind for path, kind in typed.items() if kind != "boolean"}
    owners: dict[str, set[Path]] = defaultdict(set)
    spelt: dict[str, str] = {}
    for field in [*fields, *known]:
        for label in field.labels:
            owners[names.normalise_label(label)].add(field.path)
            spelt.setdefault(names.normalise_label(label), label)
    behind: dict[Path, list[tuple[int, int, int]]] = defaultdict(list)
    beside: dict[Path, list[tuple[int, int, int]]] = defaultdict(list)
    without: Counter[Path] = Counter()
    for start, end, bare in _longest(spelt, document.text, pieces):
        (path, *others) = owners[bare]
        if others or path not in typed:
            continue
        kind = typed[path]
        if kind is None:
            if m := _LISTED.match(document.text, end):
                behind[path].append((*m.span(1), len(bare)))
            continue
        place = _right_behind(document.text, end, kind)
        if place:
            behind[path].append((*place, len(bare)))
            continue
        without[path] += 1
        if kind in NUMERIC_TYPES and len(bare) >= CLAUSE_LABEL:
            alone = _in_clause(document.text, start, end)
            beside[path] += [(s, e, len(bare)) for s, e in alone if document.text[e - 1] not in "%％"]
    for path, places in behind.items():
        if without[path] > len(places):
            behind[path] = [p for p in places if not _is_below(document.text, p[0])]
    settled: dict[Path, StructuralMatch] = {}
    for spots, sure in ((behind, 0.86), (beside, 0.72)):
        used = {(s.start, s.end) for s in settled.values()}
        for path, places in spots.items():
            places = [p for p in places if (p[0], p[1]) not in used] if spots is beside else places
            if path not in settled and len({document.text[s:e].strip() for s, e, _ in places}) == 1:
                start, end, length = places[0]
                around = document.text[max(0, start - 40) : end]
                settled[path] = StructuralMatch(path, start, end, min(sure + 0.11, sure + 0.02 * length), around)
    claimed = Counter((s.start, s.end) for s in settled.values())
    return {path: s for path, s in settled.items() if claimed[s.start, s.end] == 1}


_LISTED = re.compile(
    r"\s?[：:]\s?([^\s，,；;。：:（(）)](?:[^\n\t，,；;。：:）)]{0,78}[^\s，,；;。：:（(）)])?)"
    r"(?=[）)；;。]|[，,]\s?[^\s，,；;。：:]{1,12}[：:])"
)
"""A text in a run of `label：value，label：value`: it ends where the run does, or where the next label begins."""
_WORD = re.compile(r"[A-Za-z]+")
_FOLLOWS_A_WORD = re.compile(r"[^\W\d_][^\S\n\t]+\Z")
"""A label of one word is none behind another word: `GST included in total 2.88` is not the total."""
CLAUSE_LABEL = 4
"""The shortest label, in characters, whose clause is searched for its number: shorter ones stand in too many."""
CLAUSE = 400
"""Characters before a label in which its clause begins."""
_CLAUSE_END = re.compile(r"(?<!\d),|,(?!\d)|\.(?=\s)|[，。；;：:、\n\t（）()“”！？!?]")
"""What ends a clause; the commas inside `7,850` do not."""


def _longest(spelt: Mapping[str, str], text: str, pieces: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, str]]:
    """Where labels stand, as `(start, end, plain label)`; of overlapping ones only the longest first."""
    hits: list[tuple[int, int, str]] = []
    for bare, label in spelt.items():
        pattern = names.label_pattern(label)
        if pattern is not None and _long_enough(label):
            for start, end in pieces:
                hits += [(m.start(), m.end(), bare) for m in pattern.finditer(text, start, end)]
    reach = 0
    for start, end, bare in sorted(hits, key=lambda h: (h[0], -h[1])):
        if end > reach:
            reach = end
            if not (_WORD.fullmatch(text, start, end) and _FOLLOWS_A_WORD.search(text, max(0, start - 40), start)):
                yield start, end, bare


def _right_behind(text: str, end: int, kind: str) -> tuple[int, int] | None:
    """The stretch of the kind that follows with no more than a colon or a copula between."""
    link = _LINK.match(text, end)
    at = link.end() if link else end
    for s, e in normalization.find_spans(kind, text[end : at + 60]):
        if s <= at - end < e:
            return end + s, end + e
    return None


def _is_below(text: str, start: int) -> bool:
    """Whether nothing stands before a value on its line, so that its label is on the one above."""
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


def _in_clause(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The number in the label's clause, when it is the only one there and no part of a date."""
    first = max((m.end() for m in _CLAUSE_END.finditer(text, max(0, start - CLAUSE), start)), default=0)
    stop = _CLAUSE_END.search(text, end)
    last = stop.start() if stop else len(text)
    clause = text[first:last]
    found = [(first + s, first + e) for s, e in normalization.find_spans("number", clause)]
    found = [p for p in found if not CALENDAR_NUMBER.match(text, p[0])]
    return found if len(found) == 1 and re.search(r"\d", text[slice(*found[0])]) else []
