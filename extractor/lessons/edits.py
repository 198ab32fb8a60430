"""Repeated edits: what a person does to a field's values again and again, as a rule that can do it for them.

An edit is described by every rule that would have made it: `Ann Lee, Director` into `Ann Lee` drops what follows the
first comma, or drops `, Director`. The rule that explains the most edits of a field, and changes no value that people
accepted as it was, is offered (as programs are synthesised from examples: Gulwani, Automating String Processing in
Spreadsheets Using Input-Output Examples, 2011). Nothing is done by a rule until a person switches it on.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from extractor.lessons.models import FieldLesson, Lesson, ValueRule
from extractor.settings import Settings, threshold
from extractor.types import Document, Path

Span = tuple[int, int]
_MARKS = ("\n", "\t", ",", ";", ":", "(", "/", " - ", " – ", "，", "；", "：", "（", "、")
_REMOVABLE = (" ", "-", ".", ",", "/", "'")
_CASES = {"upper": str.upper, "lower": str.lower, "title": str.title}
CUT_AFTER, CUT_BEFORE, DROP_END, DROP_START, REMOVE, BELOW = (
    "cut_after",
    "cut_before",
    "drop_end",
    "drop_start",
    "remove",
    "below",
)


@dataclass(frozen=True)
class EditSettings(Settings):
    """When a repeated edit is offered as a rule."""

    min_edits: int = threshold(3, unit="documents", meaning="In so many the same edit was made.")
    min_share: float = threshold(
        0.8, meaning="Least share of the values that the rule would change, which it gets right."
    )
    max_examples: int = threshold(4, unit="documents", meaning="Shown with a rule.")


@dataclass(frozen=True, slots=True)
class RuleExample:
    """What a rule would have done in a document: the machine's text, the rule's, and the approved one."""

    document: str
    name: str
    machine: str
    changed: str
    approved: str


@dataclass(frozen=True, slots=True)
class OfferedRule:
    """A rule with the number of edits it would have saved, of values it would have spoilt, and examples of both."""

    rule: ValueRule
    saved: int
    spoilt: int
    examples: tuple[RuleExample, ...]


def offer_rules(lessons: Sequence[Lesson]) -> list[OfferedRule]:
    """Return the rules that explain repeated edits, for each field those of different edits, the most useful first."""
    settings = EditSettings.current()
    by_field: dict[Path, list[tuple[Lesson, FieldLesson]]] = defaultdict(list)
    for lesson in lessons:
        for each in lesson.fields:
            if each.machine and each.present:
                by_field[each.path].append((lesson, each))
    offered = []
    for path, own in by_field.items():
        found = {rule: judge_rule(rule, own) for _, each in own for rule in _explain(path, each)}
        likely = [
            each
            for each in found.values()
            if each.saved >= settings.min_edits and each.saved >= settings.min_share * (each.saved + each.spoilt)
        ]
        explained: set[str] = set()
        for each in sorted(likely, key=lambda o: (-o.saved, o.spoilt, _ORDER.index(o.rule.kind), o.rule.argument)):
            documents = {lesson.document for lesson, one in own if _saves(each.rule, one)}
            if not documents <= explained:
                explained |= documents
                offered.append(each)
    return sorted(offered, key=lambda o: -o.saved)


def judge_rule(rule: ValueRule, known: Iterable[tuple[Lesson, FieldLesson]]) -> OfferedRule:
    """Return what a rule would have done to the values of a field in approved documents."""
    saved = spoilt = 0
    examples: list[RuleExample] = []
    for lesson, each in known:
        if each.path != rule.path or not each.machine or not each.present:
            continue
        changed = _change(rule, each)
        if changed is None or changed == each.machine:
            continue
        is_right = changed == _approved(each)
        saved += is_right and each.machine != _approved(each)
        spoilt += not is_right
        examples.append(RuleExample(lesson.document, lesson.name, each.machine, changed, _approved(each)))
    examples.sort(key=lambda e: e.changed == e.approved)  # what goes wrong is seen first
    return OfferedRule(rule, saved, spoilt, tuple(examples[: EditSettings.current().max_examples]))


def _saves(rule: ValueRule, each: FieldLesson) -> bool:
    return each.machine != _approved(each) and _change(rule, each) == _approved(each)


def _approved(each: FieldLesson) -> str:
    return each.entered or (each.place.text if each.place is not None else "")


def _change(rule: ValueRule, each: FieldLesson) -> str | None:
    """Return the machine's text as the rule changes it; None where it cannot be known."""
    if rule.kind == BELOW:
        return each.below or None
    return change_text(rule, each.machine)


def change_text(rule: ValueRule, text: str) -> str:
    """Return a text as a rule changes it; the same where it does not apply, or nothing would be left."""
    span = cut_text(rule, text)
    if span is not None:
        return text[slice(*span)]
    if rule.kind == REMOVE:
        return text.replace(rule.argument, "") or text
    return _CASES[rule.kind](text) if rule.kind in _CASES else text


def cut_text(rule: ValueRule, text: str) -> Span | None:
    """Return the part of a text that a rule leaves; None for a rule that cuts nothing off this text."""
    start, end = 0, len(text)
    at = text.find(rule.argument) if rule.argument else -1
    if rule.kind == CUT_AFTER and at >= 0:
        end = at
    elif rule.kind == CUT_BEFORE and at >= 0:
        start = at + len(rule.argument)
    elif rule.kind == DROP_END and rule.argument and text.endswith(rule.argument):
        end -= len(rule.argument)
    elif rule.kind == DROP_START and rule.argument and text.startswith(rule.argument):
        start = len(rule.argument)
    else:
        return None
    left = text[start:end]
    start, end = start + len(left) - len(left.lstrip()), end - (len(left) - len(left.rstrip()))
    return (start, end) if start < end else None


_ORDER = (BELOW, CUT_AFTER, CUT_BEFORE, DROP_END, DROP_START, REMOVE, *_CASES)
"""Rules that explain as many edits are offered in this order: the more general ones first."""


def _explain(path: Path, each: FieldLesson) -> Iterator[ValueRule]:
    """Yield every rule that makes the approved text out of the machine's."""
    machine, approved = each.machine, _approved(each)
    if not approved or machine == approved:
        return
    if each.below == approved:
        yield ValueRule(path, BELOW)
    guesses = [ValueRule(path, kind, mark) for mark in _MARKS if mark in machine for kind in (CUT_AFTER, CUT_BEFORE)]
    if machine.startswith(approved):
        guesses.append(ValueRule(path, DROP_END, machine[len(approved) :].strip()))
    if machine.endswith(approved):
        guesses.append(ValueRule(path, DROP_START, machine[: -len(approved)].strip()))
    guesses += (ValueRule(path, REMOVE, mark) for mark in _REMOVABLE if mark in machine)
    guesses += (ValueRule(path, kind) for kind in _CASES)
    yield from (rule for rule in guesses if change_text(rule, machine) == approved)


def line_below(document: Document, start: int, end: int) -> Span | None:
    """Return where the line below a stretch stands: in its cell, where the lines have tabs; None at the end."""
    text = document.text
    line_start = text.rfind("\n", 0, start) + 1
    cell = text.count("\t", line_start, start)
    match = re.compile(r"[^\n]*\n\s*?([^\n]*\S[^\n]*)").match(text, end)
    if match is None:
        return None
    first, cells = match.start(1), match.group(1).split("\t")
    if cell >= len(cells):
        cell = 0
    first += sum(len(each) + 1 for each in cells[:cell])
    printed = cells[cell]
    first += len(printed) - len(printed.lstrip())
    return (first, first + len(printed.strip())) if printed.strip() else None


def find_rules(lessons: Iterable[Lesson]) -> dict[Path, list[ValueRule]]:
    """Return the rules that people switched on, which came with the lessons, by field."""
    found: dict[Path, list[ValueRule]] = defaultdict(list)
    for lesson in lessons:
        for rule in lesson.rules:
            if rule not in found[rule.path]:
                found[rule.path].append(rule)
    return dict(found)


def attach_rules(lessons: Sequence[Lesson], rules: Sequence[ValueRule]) -> list[Lesson]:
    """Return the lessons with rules that hold for their schema: they travel with the first of them."""
    if not lessons or not rules:
        return list(lessons)
    return [replace(lessons[0], rules=tuple(rules)), *lessons[1:]]
