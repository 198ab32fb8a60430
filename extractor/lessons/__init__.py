"""Lessons: what approved documents teach about where a schema's values stand, and what that proposes for others.

Read `models` (what one document teaches), `tokens` (a document as plain words with their places), `places` (how a value
stands in its document), `fingerprint` (which documents are of one layout), `surroundings` and `proposals` (what lessons
say about another document), `labels` (what they say about one of another layout), `lists` (about the columns of lists),
`rows` (about chosen items of their rows), `choices` (about values that are judged or chosen), `edits` (what people do
to values again and again), `teaching` (lessons from approved values), `summary` (what was learnt, for people) and
`files` (lessons on their way from one store to another).
"""

from extractor.lessons.choices import Choice, propose_choices
from extractor.lessons.edits import OfferedRule, attach_rules, find_rules, offer_rules
from extractor.lessons.files import LessonFile, format_lessons, parse_lessons
from extractor.lessons.lists import ListProposal, propose_lists
from extractor.lessons.models import (
    FieldLesson,
    Lesson,
    ListLesson,
    RowLesson,
    ValuePlace,
    ValueRule,
    parse_lesson,
    parse_rule,
)
from extractor.lessons.proposals import Proposal, ProposalSettings, propose
from extractor.lessons.rows import RowChoice, RowRules
from extractor.lessons.summary import (
    Counted,
    CurveGroup,
    FieldSummary,
    correction_curve,
    count_labels,
    summarise_lessons,
)
from extractor.lessons.teaching import ApprovedValue, gold_as_approved, make_lesson

__all__ = [
    "ApprovedValue",
    "Choice",
    "Counted",
    "CurveGroup",
    "FieldLesson",
    "FieldSummary",
    "Lesson",
    "LessonFile",
    "ListLesson",
    "ListProposal",
    "OfferedRule",
    "Proposal",
    "ProposalSettings",
    "RowChoice",
    "RowLesson",
    "RowRules",
    "ValuePlace",
    "ValueRule",
    "attach_rules",
    "correction_curve",
    "count_labels",
    "find_rules",
    "format_lessons",
    "gold_as_approved",
    "make_lesson",
    "offer_rules",
    "parse_lesson",
    "parse_lessons",
    "parse_rule",
    "propose",
    "propose_choices",
    "propose_lists",
    "summarise_lessons",
]
