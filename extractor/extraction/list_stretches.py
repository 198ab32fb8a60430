"""Lists of plain texts held to one stretch of the document: a model copies it whole, and code parts it.

A small model that writes a list runs on past its end, or stops early. Asked which words give the list, it copies the
right ones more often; code finds the elements in them by what stands between, helped by those that the model wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from extractor.candidates.plain_lists import is_plain_list
from extractor.confidence import heuristic
from extractor.decoding import Slot, parse_answer, write_grammar, write_json_schema
from extractor.extraction.field_values import ExtractionContext, value_from_evidence
from extractor.extraction.planning import Plan
from extractor.extraction.questions import FieldQuery, QuestionSettings
from extractor.grounding import occurrences
from extractor.models import Model
from extractor.settings import Settings, rule, threshold
from extractor.tables import trim_span
from extractor.types import Field, FieldGroup, FieldValue, Path
from extractor.values.characters import shorten

Span = tuple[int, int]


@dataclass(frozen=True)
class ListStretchSettings(Settings):
    """When a stretch says which elements a list has."""

    ask_for_stretches: bool = rule(True, meaning="A model is asked for the words that give a list of plain texts.")
    min_probability: float = threshold(0.3, meaning="A less likely stretch says nothing.")
    answer_tokens: int = threshold(200, unit="tokens", meaning="Longest stretch.")
    longest_description: int = threshold(200, unit="characters", meaning="A longer description of a list is cut.")
    longest_element: int = threshold(120, unit="characters", meaning="A longer part of a stretch is prose.")
    longer: float = threshold(2.0, meaning="A part so many times as long as the written elements is prose.")
    longer_by: int = threshold(8, unit="characters", meaning="What such a part must be longer by, in addition.")
    runaway: int = threshold(6, unit="elements", meaning="A list of so many, of which one is in the stretch, ran on.")


_AND = r"(?:(?:and|or|und|oder|et|ou|y|e|o)\s+|(?:以?及|和|与|與|および|及び)\s*)"
_MARK = r"(?:\([a-z0-9]{1,2}\)|(?<![\w.,])\d{1,2}[.)、]|[•▪●○■□])"
_SEPARATORS = tuple(
    re.compile(each)
    for each in (
        rf"[\s,;，；、]*{_AND}?{_MARK}\s*",
        r"\s*\n\s*",
        rf"\s*[;；|/／、]\s*{_AND}?",
        rf"\s*[,，、]\s*{_AND}?|\s+(?:{_AND}|&\s+)|(?<=[^\W\d_])(?:以?及|和|および|及び|與|与)",
    )
)
"""What stands between elements: marks of items, the ends of lines, strong signs, and weak ones."""
_LEAD = re.compile(r"[^\n:：]{1,24}[:：]\s*")
_AROUND = " \t\n,;，；、.。"
_BRACKETED = re.compile(r"[(（\[][^()（）\[\]]*[)）\]]")


def hold_to_stretches(
    values: Sequence[FieldValue], planned: Plan, model: Model | None, context: ExtractionContext
) -> list[FieldValue]:
    """Return the values with those lists of plain texts changed of which a stretch shows other elements.

    One short question for each list that the model was asked for. Raises what the model raises.
    """
    lists = [query for group in planned.queries for query in group if is_plain_list(query.field)]
    if model is None or not lists or not ListStretchSettings.current().ask_for_stretches:
        return list(values)
    groups = tuple(_question(query, planned) for query in lists)
    answers = model.answer(replace(planned.request, groups=groups))
    settled: dict[Path, list[FieldValue]] = {}
    for query, answer in zip(lists, answers, strict=True):
        slots = parse_answer(answer, [_slot(query)])
        probability = heuristic.answer_probability(slots[0].tokens) if slots else 0.0
        if not slots or not slots[0].text or probability < ListStretchSettings.current().min_probability:
            continue
        own = [v for v in values if v.path[: len(query.field.path)] == query.field.path]
        changed = _settle(query.field, own, slots[0].text, probability, context)
        if changed is not None:
            settled[query.field.path] = changed
    return _replace_lists(values, settled)


def _slot(query: FieldQuery) -> Slot:
    return Slot(query.key, "span", max_length=QuestionSettings.current().max_span_characters)


def _question(query: FieldQuery, planned: Plan) -> FieldGroup:
    settings = ListStretchSettings.current()
    about = shorten(query.field.description or query.field.title, settings.longest_description)
    text = (
        "Which words of the text give the following, all of them together?\n"
        f"- {query.key}: {about}\n"
        "Copy them exactly as they are printed, from the first to the last, in one piece. "
        "null where the text does not give any.\nAnswer with one JSON object.\n\n"
    )
    slots = [_slot(query)]
    grammar, schema = write_grammar(slots, planned.passages.text), write_json_schema(slots)
    return FieldGroup(text, grammar, schema, settings.answer_tokens)


def _settle(
    field: Field, values: Sequence[FieldValue], copied: str, probability: float, context: ExtractionContext
) -> list[FieldValue] | None:
    """Return the list's values by the stretch, or None where it does not say better."""
    settings = ListStretchSettings.current()
    stretch = occurrences.best_occurrence(
        occurrences.find_occurrences(copied, context.passages, None), field, context.document
    )
    if stretch is None:
        return None
    text = context.document.text
    written = [v for v in values if len(v.path) == len(field.path) + 1 and v.value is not None]
    inside = [v for v in written if _is_in(v, stretch)]
    parts = _part(text, stretch, [(v.evidence.start, v.evidence.end) for v in inside if v.evidence])
    if len(parts) > 1 and all(e - s <= settings.longest_element for s, e in parts) and (inside or not written):
        by_part = {part: next((v for v in inside if _is_in(v, part)), None) for part in parts}
        found = [v or _element(field, part, probability, context) for part, v in by_part.items()]
        if len(inside) > 1 and _are_other_words([part for part, v in by_part.items() if v is None], inside):
            found = inside
    elif len(inside) > 1 or (inside and len(written) >= settings.runaway):
        found = inside
    else:
        return None
    if len(found) == len(written) and all(a is b for a, b in zip(found, written, strict=True)):
        return None
    return [replace(v, path=(*field.path, n)) for n, v in enumerate(found)]


def _are_other_words(parts: Sequence[Span], inside: Sequence[FieldValue]) -> bool:
    """Decide whether parts that the model did not write are what else a sentence says: longer, or more of them."""
    settings = ListStretchSettings.current()
    longest = max(v.evidence.end - v.evidence.start for v in inside if v.evidence)
    most = settings.longer * longest + settings.longer_by
    return len(parts) > len(inside) or any(e - s > most for s, e in parts)


def _is_in(value: FieldValue, part: Span) -> bool:
    return value.evidence is not None and part[0] <= value.evidence.start and value.evidence.end <= part[1]


def _element(field: Field, part: Span, probability: float, context: ExtractionContext) -> FieldValue:
    item, evidence = field.items[0], occurrences.make_evidence(context.document, *part)
    return value_from_evidence(item, (*field.path, 0), evidence, "", probability, "model", context)


def _part(text: str, stretch: Span, written: Sequence[Span]) -> list[Span]:
    """Return the elements in a stretch: its parts between the separators that most of the written elements agree with.

    `written` are the elements that the model wrote and that stand in it. One that goes over several parts says that it
    has the whole of them; so do several in one part, and then that part is none.
    """
    for separator in _SEPARATORS:
        parts = _split(text, stretch, separator)
        if len(parts) < 2:
            continue
        crossing = [w for w in written if not any(s <= w[0] and w[1] <= e for s, e in parts)]
        crowded = any(sum(s <= w[0] and w[1] <= e for w in written) > 1 for s, e in parts)
        is_weak = separator is _SEPARATORS[-1]
        agreed = any((s, e) in written for s, e in parts) or not (is_weak and written)
        is_whole = len(written) == 1 and not is_weak
        if agreed and not crowded and (not crossing or is_whole):
            return parts
    return []


def _split(text: str, stretch: Span, separator: re.Pattern[str]) -> list[Span]:
    """Return the parts of a stretch between separators outside brackets, without a label before all of them."""
    start, end = stretch
    if (lead := _LEAD.match(text, start, end)) and lead.end() < end:
        start = lead.end()
    brackets = [m.span() for m in _BRACKETED.finditer(text, start, end)]
    spans, at = [], start
    for m in separator.finditer(text, start, end):
        if not any(s < m.start() and m.end() < e for s, e in brackets):
            spans.append((at, m.start()))
            at = m.end()
    spans.append((at, end))
    trimmed = [trim_span(text, *span, _AROUND) for span in spans]
    return [(s, e) for s, e in trimmed if s < e]


def _replace_lists(values: Sequence[FieldValue], settled: Mapping[Path, list[FieldValue]]) -> list[FieldValue]:
    """Return the values with each settled list in the place of its old one."""
    result: list[FieldValue] = []
    done: set[Path] = set()
    for value in values:
        path = next((p for p in settled if value.path[: len(p)] == p), None)
        if path is None:
            result.append(value)
        elif path not in done:
            done.add(path)
            result += settled[path]
    return result
