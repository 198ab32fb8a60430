"""What is wrong with a record: against its JSON Schema, its own rules, and the evidence it points at.

Read `json_schema` (violations of the schema), `rules` (the schema's `x-checks`, compiled and run by `rule_expression`,
taken apart by `rule_tokens`) and `evidence` (whether values follow from the text they point at). Every problem has a
kind of `extractor.problems.ProblemKind` and the path of the value it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from extractor.schemas import Schema
from extractor.types import Document, FieldValue, Path, Problem
from extractor.validation import evidence, json_schema, rules
from extractor.validation.rules import compile_checks, find_rule_errors

__all__ = ["compile_checks", "find_confirmed_paths", "find_problems", "find_rule_errors", "find_violations"]


def find_problems(
    schema: Schema, data: Any, values: Sequence[FieldValue] = (), document: Document | None = None
) -> list[Problem]:
    """Return everything wrong with the record `data`, in the order of schema, rules, evidence, document.

    Formats are asserted. A rule is not run, and says nothing, when a value it reads is null or missing. A value of a
    copied field must follow from its evidence. Raise SchemaError for a schema that cannot be used.
    """
    problems = [*json_schema.find_violations(schema.document, data), *rules.find_problems(schema.checks, data)]
    if values:
        problems += evidence.find_problems(schema, values, document)
    if document is not None:
        problems += [problem for table in document.tables for problem in table.problems]
    return list(dict.fromkeys(problems))


def find_violations(schema: Schema, data: Any) -> Iterator[tuple[Problem, tuple[Path, ...], tuple[Path, ...]]]:
    """Yield how the record violates the schema and its rules, each with the paths of the values that take part.

    The first paths are those of values that are named, one of which is wrong or missing; the second those of elements
    of lists that a rule adds up or goes through.
    """
    for problem in json_schema.find_violations(schema.document, data):
        yield problem, (problem.path,), ()
    yield from rules.find_violations(schema.checks, data)


def find_confirmed_paths(schema: Schema, data: Any) -> Iterator[Path]:
    """Yield the paths of the record's values that are read by an equation of the schema's rules that holds."""
    return rules.find_confirmed_paths(schema.checks, data)
