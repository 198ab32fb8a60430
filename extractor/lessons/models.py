"""What is learnt from one approved document, as frozen dataclasses that go to JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from extractor.errors import InputError
from extractor.types import Path, path_text

LESSON_VERSION = 2
"""Goes up when what a lesson holds gets another meaning; lessons of other versions are learnt anew."""

RIGHT, WRONG, NOTHING, BLANK = "right", "wrong", "nothing", "blank"
"""What structure alone proposed for a field, beside the approved value: the value, another, no value, a blank cell."""


@dataclass(frozen=True, slots=True)
class ValuePlace:
    """Where and how an approved value stands in its document.

    All words are in plain form (`tokens.plain_words`). `before` and `left` begin with the word nearest to the value:
    before it in the text, and left of it on its line; `after` follows it, `above` and `below` begin the neighbouring
    lines. `opening` and `closing` are what stands between it and the words around it. `row` and `column` are the
    innermost headers of its table cell. `anchors` are words that its page has once, with the way from each to the value
    in page heights: `(word, right, down)`. `shape` is that of `tokens.shape_of`; `tokens` and `lines` say
    how long it is, `edges` whether it begins (`<`) and ends (`>`) with a run of words.
    `beside` and `over` are what is printed before it on its line and above it, which may be its label. `gaps` says what
    it goes over (see `tokens.gaps_in`); `beside_field` and `under_field` name the field whose value ends right before
    it, and the one whose value stands above it.
    """

    text: str
    before: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    opening: str = ""
    closing: str = ""
    row: str = ""
    column: str = ""
    anchors: tuple[tuple[str, float, float], ...] = ()
    shape: str = ""
    tokens: int = 1
    lines: int = 1
    edges: str = ""
    beside: str = ""
    over: str = ""
    gaps: str = ""
    beside_field: str = ""
    under_field: str = ""


@dataclass(frozen=True, slots=True)
class FieldLesson:
    """What a person decided about one field of a document: its value, or that there is none.

    `place` is None for a field without a value, and for a value that was found nowhere in the document; then `present`
    tells which. `structure` is what structure alone proposed, `instead` the text that was proposed and is wrong.
    `corrected` says that a person changed what the machine had. `machine` is the text that it had taken, `below` the
    line below that text, `entered` an approved text that is not as printed; all empty where not known. `choice` is the
    value, as JSON, of a field that is chosen and not copied (see `choices`). `printed` is how many stretches of the
    field's kind its document has, such as dates; None for a field of free text, and where not known.
    """

    path: Path
    present: bool
    place: ValuePlace | None = None
    structure: str = NOTHING
    instead: str = ""
    corrected: bool = False
    machine: str = ""
    below: str = ""
    entered: str = ""
    choice: str = ""
    printed: int | None = None


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What is done to the values of a field: a `kind` of those in `edits`, and the text that it looks for."""

    path: Path
    kind: str
    argument: str = ""

    @property
    def key(self) -> str:
        """Return the rule as one line of text, by which people name it."""
        return f"{path_text(self.path)}={self.kind}:{json.dumps(self.argument, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class RowLesson:
    """An approved element of a list: its values as `(item, JSON)`, and the cells it is read from, `(header, text)`.

    Without values it is a row that people left out.
    """

    values: tuple[tuple[str, str], ...]
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListLesson:
    """Under which header the values of each item of a list stand, as `(item, header)`, both as text.

    `rows` are some of its approved elements.
    """

    path: Path
    columns: tuple[tuple[str, str], ...]
    rows: tuple[RowLesson, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one approved document teaches under one schema.

    `document` is its SHA-256, `schema` the schema's id, `fingerprint` and `words` as `fingerprint.fingerprint` and
    `fingerprint.word_hashes` make them, `name` the document's name for people, `at` when it was learnt (ISO 8601).
    `fields` are single ones, `lists` those of objects. `rules` are those of its schema that people switched on; one of
    several lessons has them.
    """

    document: str
    schema: str
    fingerprint: tuple[int, ...]
    fields: tuple[FieldLesson, ...]
    name: str = ""
    at: str = ""
    version: int = LESSON_VERSION
    lists: tuple[ListLesson, ...] = ()
    rules: tuple[ValueRule, ...] = ()
    words: tuple[int, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Decide whether the document teaches nothing."""
        return not self.fields and not self.lists

    def as_dict(self) -> dict[str, Any]:
        """Return the lesson as JSON types, which `parse_lesson` reads."""
        return asdict(self)


def parse_lesson(plain: Mapping[str, Any]) -> Lesson:
    """Return the lesson that `Lesson.as_dict` wrote; raise InputError for anything else."""
    try:
        fields = tuple(_parse_field(f) for f in plain["fields"])
        fingerprint = tuple(int(h) for h in plain["fingerprint"])
        words = tuple(int(h) for h in plain.get("words", ()))
        lists = tuple(_parse_list(each) for each in plain.get("lists", ()))
        rules = tuple(parse_rule(each) for each in plain.get("rules", ()))
        parsed = {"fields": fields, "fingerprint": fingerprint, "lists": lists, "rules": rules, "words": words}
        lesson = Lesson(**{**plain, **parsed})
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"This is no lesson: {error}", "Give a file that `extractor learn --export` wrote.") from None
    if not isinstance(lesson.document, str) or not isinstance(lesson.schema, str):
        raise InputError("This is no lesson: it names no document or schema.", "Export the lessons again.")
    return lesson


def _parse_field(plain: Mapping[str, Any]) -> FieldLesson:
    place = plain["place"]
    if place is not None:
        words = {key: tuple(map(str, place[key])) for key in ("before", "left", "above", "after", "below")}
        anchors = tuple((str(word), float(right), float(down)) for word, right, down in place["anchors"])
        place = ValuePlace(**{**place, **words, "anchors": anchors})
    return FieldLesson(**{**plain, "path": tuple(plain["path"]), "place": place})


def _parse_list(plain: Mapping[str, Any]) -> ListLesson:
    rows = tuple(RowLesson(_pairs(row["values"]), _pairs(row["cells"])) for row in plain.get("rows", ()))
    return ListLesson(tuple(plain["path"]), _pairs(plain["columns"]), rows)


def _pairs(plain: Sequence[Sequence[Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(one), str(other)) for one, other in plain)


def parse_rule(plain: Mapping[str, Any]) -> ValueRule:
    """Return the rule that `dataclasses.asdict` wrote."""
    return ValueRule(tuple(plain["path"]), str(plain["kind"]), str(plain["argument"]))
