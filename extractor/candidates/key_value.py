"""Fields answered by the value at their own label in running text: right after it, or the only number of its clause."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.matches import StructuralMatch
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path
from extractor.values import normalisation
from extractor.values.booleans import begins_with_box, find_box_before
from extractor.values.label_similarity import label_pattern, normalise_label
from extractor.values.normalisation import CALENDAR_NUMBER, NUMERIC_TYPES
from extractor.values.normalise_choices import has_options, ticks_choice
from extractor.values.scripts import has_cjk


@dataclass(frozen=True)
class KeyValueSettings(Settings):
    """When a value at a label answers the field. Scores are in 0..1, lengths in characters of the plain label."""

    min_label_length: int = threshold(4, unit="characters", meaning="A shorter label stands in too many other words.")
    min_cjk_label_length: int = threshold(2, unit="characters", meaning="The same for a Chinese or Japanese label.")
    max_value_distance: int = threshold(
        60, unit="characters", meaning="A value begins within so many characters after its label."
    )
    after_label_score: float = threshold(0.86, meaning="The score of a value right after its label.")
    in_clause_score: float = threshold(0.72, meaning="The score of the only number in its label's clause.")
    score_per_character: float = threshold(0.02, meaning="What every character of the label adds to the score.")
    max_length_bonus: float = threshold(0.11, meaning="The most that the label's length adds to the score.")
    search_clauses: bool = rule(
        True,
        meaning="A number is taken from the label's clause where it is the only one.",
        chosen="43 documents of the shipped sets by structure alone: worth 0.0011 micro-F1 (0.0005 to 0.0018)",
    )
    min_clause_label_length: int = threshold(
        4, unit="characters", meaning="A shorter label stands in too many clauses to search them for a number."
    )
    max_clause_length: int = threshold(400, unit="characters", meaning="A clause begins so near before its label.")
    whole_lines: bool = rule(
        True,
        meaning="A line that is a label, a colon or a wide gap, and one text gives the field that text.",
        chosen="70 documents of the shipped sets by structure alone: worth 0.039 micro-F1 (0.028 to 0.049)",
    )
    skip_column_heads: bool = rule(
        True, meaning="Where most of a field's labels stand without a value, none is taken from the line below."
    )


_LINK = re.compile(
    r"[ \t\u3000]*(?:[:：=]|为|是|达到|达|共计|共有|共|合计|约|计|有|了|is|was|of|no\.?|#)?"
    r"[ \t\u3000]*(?:[:：]|约)?[ \t\u3000]*\n?[ \t\u3000]*",
    re.IGNORECASE,
)
"""What may stand between a label and its value: a colon, a copula, one line break."""
_LISTED_TEXT = re.compile(
    r"\s?[：:]\s?([^\s，,；;。：:（(）)](?:[^\n\t，,；;。：:）)]{0,78}[^\s，,；;。：:（(）)])?)"
    r"(?=[）)；;。]|[，,]\s?[^\s，,；;。：:]{1,12}[：:])"
)
"""A text in a run of `label：value，label：value`: it ends where the run does, or where the next label begins."""
_WHOLE_LINE_VALUE = re.compile(
    r"[ \u3000]*(?:[:：][ \t\u3000]*|\t[ \t\u3000]*|[ \u3000]{3,})"
    r"(\S(?:[^\n\t]*?\S)??)(?=[ \u3000]{3,}|[ \u3000]*[\t\n])"
)
"""What stands behind a label up to the end of the line, or to the next wide gap."""
_BLANK_TO_WRITE_ON = re.compile(r"[\s_.…·/|()（）-]*")
"""A line to write on, and what parts it."""
_ONLY_A_REMARK = re.compile(r"[(（][^()（）\d]{1,16}[)）]")
"""What a form prints where something is to be put: `(seal)`, `（盖章）`."""
_BEFORE_LABEL = re.compile(r"(?:\A|\n|\t| {3,}|\u3000)[ \u3000]*\Z")
_COLON = re.compile(r"[ \u3000]*[:：](?!//)")
_PART_END = re.compile(r"\t| {3,}")
_LABEL_AHEAD = re.compile(r"[^\s:：][^:：\n\t]{0,40}(?<!\d)[:：](?!//)")
"""A label of a few words with its colon: what stands before it has ended."""
_WORD = re.compile(r"[A-Za-z]+")
_FOLLOWS_A_WORD = re.compile(r"[^\W\d_][^\S\n\t]+\Z")
_CLAUSE_END = re.compile(r"(?<!\d),|,(?!\d)|\.(?=\s)|[，。；;：:、\n\t（）()“”！？!?]")
"""What ends a clause; the commas inside `7,850` do not."""

_LabelledSpan = tuple[int, int, int]
"""Start and end of a value, and the length of the plain label it stands by."""


def match_labelled_values(
    fields: Sequence[Field], document: Document, spans: Sequence[tuple[int, int]], known: Sequence[Field] = ()
) -> dict[Path, StructuralMatch]:
    """Return the typed fields whose value stands at one of their labels, wherever that is the only such value.

    It stands right after the label, or, for a count, is the only number of the label's clause; the rate in `Total incl.
    6% tax` is none. A value below its label is none where more of the field's labels stand without one: they are the
    heads of columns. `spans` are the stretches of the text to search (running text rather than table cells). A label
    inside a longer label of another field does not count, and a label that two fields share, of `fields` or of all that
    are `known`, answers neither.
    """
    settings = KeyValueSettings.current()
    text = document.text
    judged = {f.path: f for f in fields if not f.copied and (f.type == "boolean" or has_options(f))}
    kinds = {
        f.path: normalisation.value_kind(f) for f in fields if f.type != "array" and (f.copied or f.path in judged)
    }
    kinds = {path: None if kind == "boolean" else kind for path, kind in kinds.items()}
    owners: dict[str, set[Path]] = defaultdict(set)
    printed: dict[str, str] = {}
    for field in [*fields, *known]:
        for label in field.labels:
            owners[normalise_label(label)].add(field.path)
            printed.setdefault(normalise_label(label), label)
    after_label: dict[Path, list[_LabelledSpan]] = defaultdict(list)
    in_clause: dict[Path, list[_LabelledSpan]] = defaultdict(list)
    without_value: Counter[Path] = Counter()
    for start, end, label in find_labels(printed, text, spans):
        (path, *others) = owners[label]
        if others or path not in kinds:
            continue
        kind = kinds[path]
        if path in judged:
            value = _find_whole_line(text, start, end, printed)
            if judged[path].type == "boolean" and not (value and ticks_choice(judged[path], text[slice(*value)])):
                value = find_box_before(text, start)
            if value and ticks_choice(judged[path], text[slice(*value)]):
                after_label[path].append((*value, len(label)))
            continue
        if kind is None:
            if m := _LISTED_TEXT.match(text, end):
                if not _has_open_bracket(m[1]):
                    after_label[path].append((*m.span(1), len(label)))
            elif value := _find_whole_line(text, start, end, printed):
                after_label[path].append((*value, len(label)))
            continue
        span = _find_after(text, end, kind)
        if span:
            after_label[path].append((*span, len(label)))
            continue
        without_value[path] += 1
        if settings.search_clauses and kind in NUMERIC_TYPES and len(label) >= settings.min_clause_label_length:
            found = _find_in_clause(text, start, end)
            in_clause[path] += [(s, e, len(label)) for s, e in found if text[e - 1] not in "%％"]
    for path, values in after_label.items():
        if settings.skip_column_heads and without_value[path] > len(values):
            after_label[path] = [v for v in values if not _begins_line(text, v[0])]
    return _select_unambiguous(after_label, in_clause, text)


def _has_open_bracket(text: str) -> bool:
    """Decide whether a text ends within brackets of its own: `Deed (2018` of `Deed (2018) no. 7`."""
    return sum(map(text.count, "(（")) > sum(map(text.count, ")）"))


def _select_unambiguous(
    after_label: Mapping[Path, Sequence[_LabelledSpan]], in_clause: Mapping[Path, Sequence[_LabelledSpan]], text: str
) -> dict[Path, StructuralMatch]:
    """Return the fields all of whose values read the same, less those that share their place with another field."""
    settings = KeyValueSettings.current()
    matches: dict[Path, StructuralMatch] = {}
    for values_of, base in ((after_label, settings.after_label_score), (in_clause, settings.in_clause_score)):
        used = {(match.start, match.end) for match in matches.values()}
        for path, values in values_of.items():
            if values_of is in_clause:
                values = [v for v in values if (v[0], v[1]) not in used]
            if path not in matches and len({text[s:e].strip() for s, e, _ in values}) == 1:
                start, end, length = values[0]
                score = min(base + settings.max_length_bonus, base + settings.score_per_character * length)
                matches[path] = StructuralMatch(path, start, end, score, text[max(0, start - 40) : end])
    claims = Counter((match.start, match.end) for match in matches.values())
    return {path: match for path, match in matches.items() if claims[match.start, match.end] == 1}


def find_labels(
    printed: Mapping[str, str], text: str, spans: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, str]]:
    """Yield where labels stand, as `(start, end, plain label)`; of overlapping ones only the first and longest.

    A label of one word after another word is none: in `GST included in total 2.88` there is no total.
    """
    hits: list[tuple[int, int, str]] = []
    for plain, label in printed.items():
        pattern = label_pattern(label)
        if pattern is not None:
            found = (m.span() for start, end in spans for m in pattern.finditer(text, start, end))
            is_long = _is_long_enough(plain)
            hits += [(s, e, plain) for s, e in found if is_long or _is_line_label(text, s, e)]
    covered = 0
    for start, end, plain in sorted(hits, key=lambda h: (h[0], -h[1])):
        if end > covered:
            covered = end
            if not (_WORD.fullmatch(text, start, end) and _FOLLOWS_A_WORD.search(text, max(0, start - 40), start)):
                yield start, end, plain


def _is_long_enough(plain: str) -> bool:
    settings = KeyValueSettings.current()
    return len(plain) >= (settings.min_cjk_label_length if has_cjk(plain) else settings.min_label_length)


def _is_line_label(text: str, start: int, end: int) -> bool:
    """Decide whether a label, however short, begins its line, or a part of it behind a gap, and has a colon."""
    return KeyValueSettings.current().whole_lines and bool(
        _BEFORE_LABEL.search(text, max(0, start - 40), start) and _COLON.match(text, end)
    )


def _find_whole_line(text: str, start: int, end: int, labels: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the one text behind a label that begins a line, or a part of it; None where it may go on below.

    It does not go on where the next line is blank, has a label itself, or has parts of its own. Without a colon, the
    line above or below has to begin with one of the `labels` too: else they may be the heads of columns.
    """
    if not KeyValueSettings.current().whole_lines or not _BEFORE_LABEL.search(text, max(0, start - 40), start):
        return None
    value = _WHOLE_LINE_VALUE.match(text, end)
    if value is None or _LABEL_AHEAD.match(value[1]) or normalise_label(value[1]) in labels:
        return None
    if _ONLY_A_REMARK.fullmatch(value[1]) or _BLANK_TO_WRITE_ON.fullmatch(value[1]):
        return None
    line_start, line_end = text.rfind("\n", 0, start) + 1, text.find("\n", value.end())
    below = text[line_end + 1 :].partition("\n")[0] if line_end >= 0 else ""
    if not _COLON.match(text, end):
        above = text[:line_start].rstrip("\n").rpartition("\n")[2]
        next_line = text[max(line_end, 0) :].lstrip("\n").partition("\n")[0] if line_end >= 0 else ""
        firsts = (_PART_END.split(line.strip(), maxsplit=1)[0] for line in (above, next_line))
        return value.span(1) if any(normalise_label(first) in labels for first in firsts if first) else None
    if (
        value[1].endswith(("-", "\u2010"))
        and below.strip()
        and "\t" not in below
        and not _LABEL_AHEAD.match(below.strip())
    ):
        return _over_line_end(text, value.start(1), line_end)
    goes_on = (
        below.strip() and "\t" not in below and not _LABEL_AHEAD.match(below.strip()) and not begins_with_box(below)
    )
    return None if goes_on else value.span(1)


def _over_line_end(text: str, start: int, line_end: int) -> tuple[int, int] | None:
    """Return the value that a hyphen at the end of its line breaks; None where it goes on behind the next line too."""
    stop = text.find("\n", line_end + 1)
    stop = stop if stop >= 0 else len(text)
    last = len(text[:stop].rstrip())
    following = text[stop + 1 :].partition("\n")[0]
    is_ended = not following.strip() or _LABEL_AHEAD.match(following.strip())
    return (start, last) if is_ended and text[last - 1] not in "-\u2010" else None


def _find_after(text: str, end: int, kind: str) -> tuple[int, int] | None:
    """Return the stretch of the kind that follows with no more than a colon or a copula between."""
    link = _LINK.match(text, end)
    at = link.end() if link else end
    for s, e in normalisation.find_spans(kind, text[end : at + KeyValueSettings.current().max_value_distance]):
        if s <= at - end < e:
            return end + s, end + e
    return None


def _begins_line(text: str, start: int) -> bool:
    """Decide whether nothing stands before a value on its line, so that its label is on the one above."""
    return not text[text.rfind("\n", 0, start) + 1 : start].strip()


def _find_in_clause(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the number in the label's clause, when it is the only one there and no part of a date; else nothing."""
    earliest = max(0, start - KeyValueSettings.current().max_clause_length)
    first = max((m.end() for m in _CLAUSE_END.finditer(text, earliest, start)), default=0)
    stop = _CLAUSE_END.search(text, end)
    last = stop.start() if stop else len(text)
    found = [(first + s, first + e) for s, e in normalisation.find_spans("number", text[first:last])]
    found = [span for span in found if not CALENDAR_NUMBER.match(text, span[0])]
    return found if len(found) == 1 and re.search(r"\d", text[slice(*found[0])]) else []
