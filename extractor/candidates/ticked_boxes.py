"""Fields of yes and no, and of choices, that boxes in the text answer: `☒ Gluten free`, `Police notified? ☐ Yes ☑ No`.

A box belongs to the words behind it, a pair of boxes for yes and no to the question before it. Only a field all of
whose words stand there, and at no other box that says otherwise, is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from extractor.candidates.matches import StructuralMatch
from extractor.candidates.name_words import has_words_of_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field, Path
from extractor.values.booleans import parse_boolean
from extractor.values.characters import comparison_key
from extractor.values.normalise_choices import has_options


@dataclass(frozen=True)
class TickedBoxSettings(Settings):
    """When boxes answer a field. The score is in 0..1."""

    match_boxes: bool = rule(True, meaning="A box beside the words of a field's name answers it.")
    score: float = threshold(0.9, meaning="The score of a box beside a field's words.")
    longest_words: int = threshold(80, unit="characters", meaning="Longer words at a box are a text, not its label.")


_BOX = r"[☐□☒☑■✓✔√✅]"
_ITEM = re.compile(rf"(?P<box>{_BOX})[ \u00a0]*(?P<words>[^\n\t☐□☒☑■✓✔√✅]*)")
_QUESTION = re.compile(
    rf"(?P<question>[^\n\t☐□☒☑■✓✔√✅]*)[ \t]*"
    rf"(?P<answer>{_BOX}[ \u00a0]?(?:yes|no|是|否)[ \t\u00a0]{{0,4}}{_BOX}[ \u00a0]?(?:yes|no|是|否))(?!\w)",
    re.IGNORECASE,
)
_Answer = tuple[bool, int, int]
"""What a box says, and where: `text[start:end]` is read as that by `parse_boolean`."""


def match_ticked_boxes(
    fields: Sequence[Field], document: Document, spans: Sequence[tuple[int, int]]
) -> dict[Path, StructuralMatch]:
    """Return the judged ones of `fields` that boxes within `spans` of the text answer, all in the same way."""
    settings = TickedBoxSettings.current()
    text = document.text
    judged = [f for f in fields if not f.copied and (f.type == "boolean" or has_options(f))]
    if not judged or not settings.match_boxes or not re.search(_BOX, text):
        return {}
    boxes = "".join(sorted(set(re.findall(_BOX, text))))
    matches: dict[Path, StructuralMatch] = {}
    for field in judged:
        if field.type == "boolean" and not has_options(field):
            found = [*_yes_or_no(field, text, spans), *_ticked_items(field, text, spans, boxes)]
        else:
            found = list(_ticked_options(field, text, spans, boxes))
        if found and len({answer for answer, _, _ in found}) == 1:
            _, start, end = found[0]
            matches[field.path] = StructuralMatch(field.path, start, end, settings.score, boxes)
    return matches


def _yes_or_no(field: Field, text: str, spans: Sequence[tuple[int, int]]) -> Iterator[_Answer]:
    """Yield what the pairs of boxes for yes and no say whose question has the field's words."""
    for start, end in spans:
        for match in _QUESTION.finditer(text, start, end):
            question = match["question"] if match["question"].strip() else _text_before(text, match.start())
            answer = parse_boolean(match["answer"])
            if answer is not None and has_words_of_name(field, question):
                yield answer, *match.span("answer")


def _text_before(text: str, position: int) -> str:
    """Return the last cell or line with text before a position."""
    return re.split(r"[\n\t]", text[max(0, position - 200) : position].rstrip())[-1]


def _ticked_items(field: Field, text: str, spans: Sequence[tuple[int, int]], boxes: str) -> Iterator[_Answer]:
    """Yield what the boxes say whose words are the field's; a box for yes or no is none of them."""
    for box_start, words in _items(text, spans):
        answer = parse_boolean(text[box_start], boxes)
        if answer is not None and has_words_of_name(field, words):
            yield answer, box_start, box_start + 1


def _ticked_options(
    field: Field, text: str, spans: Sequence[tuple[int, int]], boxes: str
) -> Iterator[tuple[str, int, int]]:
    """Yield the ticked options of a field of choices, where several of them have boxes."""
    options: Mapping[str, str] = {comparison_key(str(option)): str(option) for option in field.enum or () if option}
    at_boxes: dict[str, list[tuple[bool, int, int]]] = {}
    for box_start, words in _items(text, spans):
        ticked = parse_boolean(text[box_start], boxes)
        key = comparison_key(words)
        if ticked is not None and key in options:
            begin = text.index(words, box_start)
            at_boxes.setdefault(key, []).append((ticked, begin, begin + len(words)))
    if len(at_boxes) < 2:
        return
    for key, places in at_boxes.items():
        for ticked, start, end in places:
            if ticked:
                yield options[key], start, end


def _items(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, str]]:
    """Yield where boxes stand, each with the words behind it, up to a wide gap, the next box or the end of the cell."""
    longest = TickedBoxSettings.current().longest_words
    for start, end in spans:
        for match in _ITEM.finditer(text, start, end):
            words = re.split(r" {3,}", match["words"].strip())[0].rstrip(" .,;:/")
            if 0 < len(words) <= longest:
                yield match.start(), words
