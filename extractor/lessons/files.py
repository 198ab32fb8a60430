"""Lessons as files, in which they travel from one store to another, and those of a file that matter for a document."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.errors import InputError
from extractor.lessons.edits import attach_rules, find_rules
from extractor.lessons.fingerprint import fingerprint, similarity
from extractor.lessons.models import LESSON_VERSION, Lesson, parse_lesson
from extractor.lessons.tokens import DocumentTokens
from extractor.settings import Settings, threshold
from extractor.types import Document

HINT = "Give a file that `extractor learn --export` wrote."


@dataclass(frozen=True)
class LessonFileSettings(Settings):
    """How many of a file's lessons are looked at for a document."""

    similar: int = threshold(60, unit="lessons", meaning="Those from the documents most like it.")
    newest: int = threshold(24, unit="lessons", meaning="The newest of the schema.")


@dataclass(frozen=True, slots=True)
class LessonFile:
    """The lessons of some schemas; `schemas` is id -> (name, JSON Schema)."""

    schemas: Mapping[str, tuple[str, Mapping[str, Any]]]
    lessons: tuple[Lesson, ...]

    def find(self, document: Document, schema: str) -> list[Lesson]:
        """Return the lessons that matter for a document under a schema (its id)."""
        own = [lesson for lesson in self.lessons if lesson.schema == schema]
        rules = [rule for found in find_rules(own).values() for rule in found]
        return attach_rules(select_lessons(document, own), rules)


def select_lessons(document: Document, lessons: Sequence[Lesson]) -> list[Lesson]:
    """Return the lessons from the documents most like this one, and the newest; `lessons` are in order of time."""
    settings = LessonFileSettings.current()
    if len(lessons) <= settings.similar + settings.newest:
        return list(lessons)
    own = fingerprint(DocumentTokens(document))
    ranked = sorted(range(len(lessons)), key=lambda n: (-similarity(own, lessons[n].fingerprint), -n))
    chosen = {*ranked[: settings.similar], *range(len(lessons) - settings.newest, len(lessons))}
    return [lessons[n] for n in sorted(chosen)]


def format_lessons(schemas: Mapping[str, tuple[str, Mapping[str, Any]]], lessons: Iterable[Lesson]) -> str:
    """Return the text of a file of lessons, which `parse_lessons` reads."""
    found = list(lessons)
    used = {lesson.schema for lesson in found}
    kept = {id_: {"name": name, "document": dict(schema)} for id_, (name, schema) in schemas.items() if id_ in used}
    content = {"lessons_version": LESSON_VERSION, "schemas": kept, "lessons": [lesson.as_dict() for lesson in found]}
    return json.dumps(content, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def parse_lessons(text: str, source: str) -> LessonFile:
    """Return the lessons of a file; `source` is its name for messages. Raises InputError for anything else."""
    try:
        content = json.loads(text)
        version = content["lessons_version"]
        schemas = {id_: (str(each["name"]), dict(each["document"])) for id_, each in content["schemas"].items()}
        lessons = content["lessons"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{source} is no file of lessons: {error}", HINT) from None
    if version != LESSON_VERSION:
        raise InputError(
            f"{source} was written by another version of extractor (lessons {version}, not {LESSON_VERSION}).",
            "Learn anew from the records or the set: `extractor learn`.",
        )
    return LessonFile(schemas, tuple(parse_lesson(each) for each in lessons))
