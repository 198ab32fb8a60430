"""The classes of a schema that is ready for use: `Schema`, its `SchemaObject`s and its `Check`s."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.types import Field, Path


@dataclass(frozen=True, slots=True)
class Check:
    """One entry of `x-checks`; `path` is where its object stands, with `*` for every element of an array."""

    path: Path
    expression: str
    message: str = ""
    tolerance: float = 0.0


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """An object inside the record, which groups fields; `*` in `path` stands for every element of an array."""

    path: Path
    required: bool
    nullable: bool


@dataclass(frozen=True)
class Schema:
    """A schema ready for use: its fields in the order written, the rules between them, and the document as given.

    `id` is the SHA-256 of the canonical JSON. `objects` are the objects around the fields, outermost first.
    `unenforced` are the keywords that constrained decoding cannot enforce; the finished record is validated against
    `document` for them.
    """

    id: str
    name: str
    title: str
    description: str
    document: Mapping[str, Any]
    fields: tuple[Field, ...]
    objects: tuple[SchemaObject, ...] = ()
    checks: tuple[Check, ...] = ()
    unenforced: tuple[str, ...] = ()

    def all_fields(self) -> Iterator[tuple[Path, Field]]:
        """Yield every field with its path in the record, those inside arrays too (`*` stands for each element)."""
        yield from _all_fields(self.fields, ())

    def field(self, path: Path) -> Field | None:
        """Return the field that a record's `path` belongs to, or None; list positions are read as `*`."""
        return self._by_path.get(tuple("*" if isinstance(step, int) else step for step in path))

    @functools.cached_property
    def _by_path(self) -> dict[Path, Field]:
        return dict(self.all_fields())


def _all_fields(fields: tuple[Field, ...], above: Path) -> Iterator[tuple[Path, Field]]:
    for field in fields:
        path = above + field.path
        yield path, field
        yield from _all_fields(field.items, (*path, "*"))
