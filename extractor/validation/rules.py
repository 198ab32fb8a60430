"""The rules of a schema, `x-checks`, on a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from extractor.errors import SchemaError
from extractor.problems import ProblemKind
from extractor.schemas import Check, Schema
from extractor.types import Path, Problem, path_text
from extractor.validation.rule_expression import Expression, compile_expression


def compile_checks(schema: Schema) -> None:
    """Return when every rule of `schema` can be evaluated; raise SchemaError with the first that cannot."""
    for problem in find_rule_errors(schema):
        place = path_text(problem.path)
        raise SchemaError(
            f"x-checks at {place}: {problem.message}", "Write the rule in CEL, such as `this.a + this.b == this.c`."
        )


def find_rule_errors(schema: Schema) -> list[Problem]:
    """Return the rules of `schema` that are not CEL expressions or read a property the schema does not have."""
    problems = []
    paths = {path for path, _ in schema.all_fields()} | {part.path for part in schema.objects}
    known = {path[:n] for path in paths for n in range(len(path) + 1)}
    opaque = {path for path, field in schema.all_fields() if field.type == "json"}
    for rule in schema.checks:
        try:
            expression = compile_expression(rule.expression)
        except ValueError as error:
            problems.append(Problem(rule.path, ProblemKind.CHECK_SYNTAX, f"“{rule.expression}”: {error}"))
            continue
        for chain in expression.outer_chains():
            base = () if chain[0] == "record" else rule.path
            path = (*base, *("*" if isinstance(step, int) else step for step in _steps(chain)))
            if path not in known and not any(path[: len(o)] == o for o in opaque):
                message = f"“{rule.expression}” reads {path_text(chain)}, which the schema does not have"
                problems.append(Problem(rule.path, ProblemKind.CHECK_SYNTAX, message))
    return problems


def find_problems(checks: Sequence[Check], data: Any) -> Iterator[Problem]:
    """Yield the rules that the record violates, and those that cannot be evaluated on it."""
    yield from (problem for problem, _, _ in find_violations(checks, data))


def find_violations(checks: Sequence[Check], data: Any) -> Iterator[tuple[Problem, tuple[Path, ...], tuple[Path, ...]]]:
    """Yield the same, each with the paths of the values that the rule reads by name, and of those it reads in lists."""
    for rule in checks:
        try:
            expression = compile_expression(rule.expression)
        except ValueError as error:
            message = f"“{rule.expression}” is not a CEL expression: {error}"
            yield Problem(rule.path, ProblemKind.CHECK_NOT_RUN, message), (), ()
            continue
        for path, this in _find_objects(data, rule.path):
            outcome = expression.run(this, data, rule.tolerance)
            if outcome.passed is False:
                message = f"{rule.message}: {outcome.comparison}" if rule.message else outcome.comparison
                problem = Problem((*path, *outcome.name), ProblemKind.CHECK, message)
                yield problem, *_paths_read(expression, path, this, data)
            elif outcome.error:
                message = f"“{rule.expression}” could not be evaluated: {outcome.error}"
                yield Problem(path, ProblemKind.CHECK_NOT_RUN, message), (), ()


def find_confirmed_paths(checks: Sequence[Check], data: Any) -> Iterator[Path]:
    """Yield the paths of values that are read by an equation that holds: what adds up was hardly misread.

    Parts of list elements (`sum(this.items.map(i, i.amount))`) are found by their names, under the list's path.
    """
    for rule in checks:
        if "==" not in rule.expression:
            continue
        try:
            expression = compile_expression(rule.expression)
        except ValueError:
            continue  # `find_problems` reports it
        reads = {tuple(step for step in chain if step not in ("this", "record")) for chain in expression.chains}
        reads = {chain[1:] if chain and chain[0] in expression.locals else chain for chain in reads}
        names = {chain[-1] for chain in reads if chain}
        for path, this in _find_objects(data, rule.path):
            if expression.run(this, data, rule.tolerance).passed:
                yield from (leaf for leaf in _find_leaves(this, path) if leaf[-1] in names)


def _paths_read(expression: Expression, path: Path, this: Any, data: Any) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the values that a rule reads of the object `this` at `path`: by their names, and in lists."""
    element_names = {chain[-1] for chain in expression.chains if chain[0] in expression.locals and len(chain) > 1}
    named: dict[Path, None] = {}
    listed: dict[Path, None] = {}
    for chain in expression.outer_chains():
        base, value = ((), data) if chain[0] == "record" else (path, this)
        steps = _steps(chain)
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        for leaf in _find_leaves(value, (*base, *steps)):
            if leaf == (*base, *steps):
                named[leaf] = None
            elif not element_names or leaf[-1] in element_names or isinstance(leaf[-1], int):
                listed[leaf] = None
    return tuple(named), tuple(listed)


def _steps(chain: Path) -> Path:
    """Return the steps of a chain from the object that it starts at."""
    return chain[1:] if chain[0] in ("this", "record") else chain


def _find_leaves(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of all values within `value`, which stands at `path`, but nulls."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _find_leaves(inner, (*path, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _find_leaves(inner, (*path, position))
    elif value is not None and path:
        yield path


def _find_objects(data: Any, path: Path, base: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield every object of the record at `path`, where `*` is each element of a list, with its own path."""
    if not path:
        if data is not None:
            yield base, data
    elif path[0] == "*" and isinstance(data, list):
        for position, element in enumerate(data):
            yield from _find_objects(element, path[1:], (*base, position))
    elif isinstance(data, Mapping) and path[0] in data:
        yield from _find_objects(data[path[0]], path[1:], (*base, path[0]))
