"""The nouns of a schema that is ready for use."""

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
class Part:
    """An object inside the record that is not a field itself; `*` in `path` stands for every element of an array."""

    path: Path
    required: bool
    nullable: bool


@dataclass(frozen=True)
class Schema:
    """A schema ready for use: its fields in the order written, the rules between them, and the document as given.

    `id` is the SHA-256 of the canonical JSON. `parts` are the objects around the fields, outermost first. `unheld` are
    the keywords that constrained decoding does not hold; the finished record is checked against `document` for them.
    """

    id: str
    name: str
    title: str
    description: str
    document: Mapping[str, Any]
    fields: tuple[Field, ...]
    parts: tuple[Part, ...] = ()
    checks: tuple[Check, ...] = ()
    unheld: tuple[str, ...] = ()

    def leaves(self) -> Iterator[tuple[Path, Field]]:
        """Every field with its path in the record, those inside arrays too (`*` stands for each element)."""
        yield from _leaves(self.fields, ())

    def field(self, path: Path) -> Field | None:
        """The field a record's `path` belongs to, or None; list positions are read as `*`."""
        return self._by_path.get(tuple("*" if isinstance(step, int) else step for step in path))

    @functools.cached_property
    def _by_path(self) -> dict[Path, Field]:
        return dict(self.leaves())


def _leaves(fields: tuple[Field, ...], above: Path) -> Iterator[tuple[Path, Field]]:
    for field in fields:
        path = above + field.path
        yield path, field
        yield from _leaves(field.items, (*path, "*"))
