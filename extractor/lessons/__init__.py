"""Lessons: what approved documents teach about where a schema's values stand, and what that proposes for others.

Read `models` (what one document teaches), `tokens` (a document as plain words with their places), `places` (how a value
stands in its document), `fingerprint` (which documents are of one layout), `surroundings` and `proposals` (what lessons
say about another document), and `teaching` (lessons from approved values).
"""

from extractor.lessons.models import FieldLesson, Lesson, ValuePlace, parse_lesson
from extractor.lessons.proposals import Proposal, ProposalSettings, propose
from extractor.lessons.teaching import ApprovedValue, gold_as_approved, make_lesson

__all__ = [
    "ApprovedValue",
    "FieldLesson",
    "Lesson",
    "Proposal",
    "ProposalSettings",
    "ValuePlace",
    "gold_as_approved",
    "make_lesson",
    "parse_lesson",
    "propose",
]
