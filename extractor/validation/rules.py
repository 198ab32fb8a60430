"""The rules of a schema, `x-checks`, on a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.errors import SchemaError
from extractor.schemas import Check, Schema
from extractor.types import Path, Problem, path_text
from extractor.validation import expressions


def compile_checks(schema: Schema) -> None:
    """Return when every rule of `schema` can be evaluated; raise SchemaError with the first that cannot."""
    for problem in find_rule_errors(schema):
        where = path_text(problem.path)
        raise SchemaError(
            f"x-checks at {where}: {problem.message}", "Write the rule in CEL, such as `this.a + this.b == this.c`."
        )


def find_rule_errors(schema: Schema) -> list[Problem]:
    """The rules of `schema` that are no CEL expressions or read a property the schema does not have."""
    problems = []
    paths = {path for path, _ in schema.all_fields()} | {part.path for part in schema.objects}
    known = {path[:n] for path in paths for n in range(len(path) + 1)}
    opaque = {path for path, field in schema.all_fields() if field.type == "json"}
    for rule in schema.checks:
        try:
            expression = expressions.compiled(rule.expression)
        except ValueError as error:
            problems.append(Problem(rule.path, "check_syntax", f"“{rule.expression}”: {error}"))
            continue
        for chain in expression.chains:
            if chain[0] in expression.locals:
                continue
            above = () if chain[0] == "record" else rule.path
            names = chain[1:] if chain[0] in ("this", "record") else chain
            path = (*above, *("*" if isinstance(step, int) else step for step in names))
            if path not in known and not any(path[: len(o)] == o for o in opaque):
                message = f"“{rule.expression}” reads {path_text(chain)}, which the schema does not have"
                problems.append(Problem(rule.path, "check_syntax", message))
    return problems


def find_problems(checks: Sequence[Check], data: Any) -> Iterator[Problem]:
    """The rules that the record breaks, and those that cannot be evaluated on it."""
    yield from (problem for problem, _, _ in find_violations(checks, data))


def find_violations(checks: Sequence[Check], data: Any) -> Iterator[tuple[Problem, tuple[Path, ...], tuple[Path, ...]]]:
    """The same, each with the paths of the values the rule reads by their names, and of those it finds in lists."""
    for rule in checks:
        try:
            expression = expressions.compiled(rule.expression)
        except ValueError as error:
            yield Problem(rule.path, "check_not_run", f"“{rule.expression}” is no CEL expression: {error}"), (), ()
            continue
        for path, this in _objects(data, rule.path):
            outcome = expression.run(this, data, rule.tolerance)
            if outcome.passed is False:
                message = f"{rule.message}: {outcome.said}" if rule.message else outcome.said
                problem = Problem((*path, *outcome.name), "check", message)
                yield problem, *_read(expression, path, this, data)
            elif outcome.error:
                message = f"“{rule.expression}” could not be evaluated: {outcome.error}"
                yield Problem(path, "check_not_run", message), (), ()


def _read(
    expression: expressions.Expression, path: Path, this: Any, data: Any
) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The values that a rule reads of the object `this` at `path`: by their names, and in lists."""
    ends = {chain[-1] for chain in expression.chains if chain[0] in expression.locals and len(chain) > 1}
    named: dict[Path, None] = {}
    listed: dict[Path, None] = {}
    for chain in expression.chains:
        if chain[0] in expression.locals:
            continue
        steps = chain[1:] if chain[0] in ("this", "record") else chain
        above, here = ((), data) if chain[0] == "record" else (path, this)
        for step in steps:
            here = here.get(step) if isinstance(here, Mapping) else None
        for leaf in _leaves(here, (*above, *steps)):
            if leaf == (*above, *steps):
                named[leaf] = None
            elif not ends or leaf[-1] in ends or isinstance(leaf[-1], int):
                listed[leaf] = None
    return tuple(named), tuple(listed)


def find_confirmed_paths(checks: Sequence[Check], data: Any) -> Iterator[Path]:
    """The paths of values that an equation of the rules reads which holds: what adds up was hardly misread.

    Parts of list elements (`sum(this.items.map(i, i.amount))`) are found by their names, under the list's path.
    """
    for rule in checks:
        if "==" not in rule.expression:
            continue
        try:
            expression = expressions.compiled(rule.expression)
        except ValueError:
            continue  # `find_problems` tells of it
        reads = {tuple(c for c in chain if c not in ("this", "record")) for chain in expression.chains}
        reads = {chain[1:] if chain and chain[0] in expression.locals else chain for chain in reads}
        ends = {chain[-1] for chain in reads if chain}
        for path, this in _objects(data, rule.path):
            if expression.run(this, data, rule.tolerance).passed:
                yield from (p for p in _leaves(this, path) if p[-1] in ends)


def _leaves(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves(inner, (*path, position))
    elif value is not None and path:
        yield path


def _objects(data: Any, path: Path, above: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every object of the record that stands at `path`, where `*` is each element of a list."""
    if not path:
        if data is not None:
            yield above, data
    elif path[0] == "*" and isinstance(data, list):
        for position, element in enumerate(data):
            yield from _objects(element, path[1:], (*above, position))
    elif isinstance(data, Mapping) and path[0] in data:
        yield from _objects(data[path[0]], path[1:], (*above, path[0]))
