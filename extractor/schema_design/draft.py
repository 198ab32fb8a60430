"""The classes of a schema while a person edits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from extractor.errors import SchemaError


class DraftError(SchemaError):
    """A draft that makes no schema: `reason` is a fixed word for what is wrong, `field` the name of the field."""

    def __init__(self, reason: str, message: str, hint: str, field: str | None = None) -> None:
        super().__init__(message, hint)
        self.reason, self.field = reason, field


class FieldType(StrEnum):
    """What the value of a field is, in words that a clerk knows. Members are plain strings, as a screen sends them."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    NUMBER = "number"
    INTEGER = "integer"
    MONEY = "money"
    DATE = "date"
    DATE_TIME = "date_time"
    TIME = "time"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    EMAIL = "email"
    PHONE = "phone"
    URI = "uri"
    POSTAL_ADDRESS = "postal_address"
    ORGANIZATION = "organization"
    LIST = "list"
    """A list of rows, each with the same columns."""
    TEXTS = "texts"
    """A list of texts."""
    GROUP = "group"
    """Fields that belong together, such as those of one person."""
    OTHER = "other"
    """What only JSON Schema can say; it is kept as it is."""


NUMERIC = frozenset({FieldType.NUMBER, FieldType.INTEGER, FieldType.MONEY})
WITH_COLUMNS = frozenset({FieldType.LIST, FieldType.GROUP})


class CheckType(StrEnum):
    """What a check between fields compares."""

    SUM = "sum"
    """The fields `parts`, or the column of a list, add up to the field `target`."""
    ORDER = "order"
    """The date or number `parts[0]` is not later (not larger) than `target`."""
    ONE_OF = "one_of"
    """At least one of the fields `parts` has a value."""
    OTHER = "other"
    """A rule that was written by hand; it is kept as it is."""


@dataclass(frozen=True, slots=True)
class SampleValue:
    """What a sample document has for a field: `document.text[start:end]`, on one line in `text`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FieldDraft:
    """One field.

    `key` is the property's name in the record, made from `name` where it is empty; it stays when the name is changed,
    so that records of both versions can be compared. `labels` are names under which it is printed besides `name`.
    `columns` are those of a list, or the fields of a group. `original` is the subschema that the field was read from,
    without its columns; `listed` says that its object requires it even where it may be null.
    """

    name: str
    type: FieldType = FieldType.TEXT
    key: str = ""
    unit: str = ""
    labels: tuple[str, ...] = ()
    required: bool = False
    choices: tuple[str, ...] = ()
    columns: tuple[FieldDraft, ...] = ()
    description: str = ""
    sample: SampleValue | None = None
    original: Mapping[str, Any] | None = None
    listed: bool = False

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FieldDraft:
        """Return the field that `to_json` wrote, or that a screen sent."""
        sample = data.get("sample")
        return cls(
            name=str(data["name"]).strip(),
            type=FieldType(data.get("type", FieldType.TEXT)),
            key=str(data.get("key", "")),
            unit=str(data.get("unit", "")).strip(),
            labels=_texts(data.get("labels", ())),
            required=bool(data.get("required")),
            choices=_texts(data.get("choices", ())),
            columns=tuple(map(cls.from_json, data.get("columns", ()))),
            description=str(data.get("description", "")),
            sample=SampleValue(**sample) if sample else None,
            original=data.get("original"),
            listed=bool(data.get("listed")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the field as JSON data."""
        return asdict(replace(self, columns=())) | {"columns": [column.to_json() for column in self.columns]}


@dataclass(frozen=True, slots=True)
class CheckDraft:
    """A check between fields, which are named by their keys; `items.amount` is the column `amount` of the list `items`.

    `original` is the entry of `x-checks` that it was read from.
    """

    type: CheckType
    parts: tuple[str, ...] = ()
    target: str = ""
    original: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CheckDraft:
        """Return the check that `to_json` wrote, or that a screen sent."""
        parts = tuple(map(str, data.get("parts", ())))
        return cls(CheckType(data["type"]), parts, str(data.get("target", "")), data.get("original"))

    def to_json(self) -> dict[str, Any]:
        """Return the check as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SchemaDraft:
    """A schema while it is edited. `original` is the schema it was read from, without its properties."""

    title: str = ""
    description: str = ""
    fields: tuple[FieldDraft, ...] = ()
    checks: tuple[CheckDraft, ...] = ()
    original: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SchemaDraft:
        """Return the draft that `to_json` wrote, or that a screen sent; raises ValueError and KeyError for others."""
        return cls(
            title=str(data.get("title", "")).strip(),
            description=str(data.get("description", "")),
            fields=tuple(map(FieldDraft.from_json, data.get("fields", ()))),
            checks=tuple(map(CheckDraft.from_json, data.get("checks", ()))),
            original=data.get("original"),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the draft as JSON data."""
        return {
            "title": self.title,
            "description": self.description,
            "fields": [field.to_json() for field in self.fields],
            "checks": [check.to_json() for check in self.checks],
            "original": self.original,
        }


def _texts(given: Any) -> tuple[str, ...]:
    """Return the texts, trimmed, without blank ones and repetitions."""
    return tuple(dict.fromkeys(text for text in (str(each).strip() for each in given) if text))
