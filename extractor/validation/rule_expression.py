"""Rules between fields: CEL expressions over a record, with a tolerance and a message that names the numbers.

The expressions are Common Expression Language (cel.dev), run by `common-expression-language`, the Python face of the
Rust interpreter. `sum(list)`, `abs(x)`, `round(x)`, `min(list)` and `max(list)` are added; `rule_tokens` says what else
is made easier for the writer of a rule.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.types import Path
from extractor.validation.rule_tokens import (
    RuleToken,
    find_chains,
    find_local_names,
    single_name,
    split_tokens,
    strip_brackets,
    tokenize,
    write_cel,
    write_plain,
)

_OPPOSITES = {"==": "≠", "!=": "=", "<=": ">", ">=": "<", "<": "≥", ">": "≤"}
"""The sign between the two sides in the message of a comparison that fails."""
_RELATIVE_TOLERANCE = 1e-9
"""Two numbers that differ by less, as a share of the larger one, are equal: doubles cannot tell them apart."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule came to: `passed` is None when it was not run, because a value is missing or (`error`) it cannot be.

    `comparison` gives the two sides of the comparison that failed; `name` is the path of the property that the failure
    is about, if it is one.
    """

    passed: bool | None
    comparison: str = ""
    error: str = ""
    name: Path = ()


@dataclass(frozen=True, slots=True)
class _Conjunct:
    """One of the parts that `&&` joins, compiled as a whole and, where it is a comparison, side by side."""

    whole: Any
    source: str
    operator: str = ""
    left: Any = None
    right: Any = None
    left_source: str = ""
    right_source: str = ""
    left_name: Path = ()
    right_name: Path = ()


@dataclass(frozen=True)
class Expression:
    """A compiled rule: its conjuncts, and the chains of names it reads (`("this", "refused", "total")`)."""

    source: str
    conjuncts: tuple[_Conjunct, ...]
    chains: tuple[Path, ...]
    locals: frozenset[str]
    variables: frozenset[str]
    handles_null: bool
    handles_absence: bool

    def run(self, this: Any, record: Any, tolerance: float = 0.0) -> RuleOutcome:
        """Return the rule's outcome on the object `this` of `record`.

        Not run (`passed` None) when a property it reads is null or missing, unless it mentions `null` or `has(...)`
        itself. Two numbers compare within `tolerance`, or a billionth of their size where that is more.
        """
        scope = {"this": this, "record": record}
        if isinstance(this, Mapping):
            scope = {**this, **scope}
        if not (self.handles_null or self.handles_absence) and any(_is_missing(c, scope) for c in self.outer_chains()):
            return RuleOutcome(None)
        context = self._context(scope)
        for conjunct in self.conjuncts:
            try:
                outcome = _evaluate(conjunct, context, tolerance, self.handles_null)
            except Exception as error:
                # The interpreter raises TypeError, KeyError, RuntimeError and ValueError for what its types refuse.
                if any(_has_null(c, scope) for c in self.outer_chains()):
                    return RuleOutcome(None)
                return RuleOutcome(None, error=str(error).split("\n")[0][:200])
            if outcome.passed is not True:
                return outcome
        return RuleOutcome(True)

    def outer_chains(self) -> Iterator[Path]:
        """Yield the chains that begin outside the expression rather than at a name that a macro binds."""
        return (chain for chain in self.chains if chain[0] not in self.locals)

    def _context(self, scope: Mapping[str, Any]) -> Any:
        import cel

        wanted = {name: _to_doubles(scope.get(name), self.handles_absence) for name in self.variables - self.locals}
        return cel.Context(variables=wanted, functions=_FUNCTIONS)


@functools.lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Return the rule written as `source`; raise ValueError, with the parser's message, where it is not CEL."""
    tokens = tokenize(source)
    program = _compile(write_cel(tokens))
    conjuncts = tuple(_compile_conjunct(part) for part in split_tokens(tokens, {"&&"}) or [tokens])
    names = {t.text for t in tokens if t.kind == "name"}
    return Expression(
        source,
        conjuncts,
        tuple(dict.fromkeys(find_chains(tokens))),
        frozenset(find_local_names(tokens)),
        frozenset(program.variables()),
        "null" in names,
        "has" in names,
    )


def _compile(text: str) -> Any:
    import cel

    try:
        return cel.compile(text)
    except ValueError as error:
        raise ValueError(_parser_message(str(error))) from None


def _parser_message(text: str) -> str:
    found = re.search(r"ERROR: <input>:\d+:(\d+): ([^\n]*)", text)
    return (
        f"{found[2].removeprefix('Syntax error: ')} (at character {found[1]})" if found else text.split("\n")[0][:200]
    )


def _compile_conjunct(tokens: list[RuleToken]) -> _Conjunct:
    tokens = strip_brackets(tokens)
    source = write_plain(tokens)
    whole = _compile(write_cel(tokens))
    sides = split_tokens(tokens, set(_OPPOSITES))
    if len(sides) != 2 or not all(sides):
        return _Conjunct(whole, source)
    left, right = sides
    return _Conjunct(
        whole,
        source,
        tokens[len(left)].text,
        _compile(write_cel(left)),
        _compile(write_cel(right)),
        write_plain(left),
        write_plain(right),
        single_name(left),
        single_name(right),
    )


def _evaluate(conjunct: _Conjunct, context: Any, tolerance: float, handles_null: bool) -> RuleOutcome:
    if not conjunct.operator:
        passed = conjunct.whole.execute(context)
        if not isinstance(passed, bool):
            return RuleOutcome(None, error=f"“{conjunct.source}” is {passed!r}, not true or false")
        return RuleOutcome(passed, conjunct.source)
    left, right = conjunct.left.execute(context), conjunct.right.execute(context)
    if not handles_null and (left is None or right is None):
        return RuleOutcome(None)
    if _is_number(left) and _is_number(right):
        passed = _compare(left, conjunct.operator, right, tolerance)
    else:
        passed = conjunct.whole.execute(context)
    if passed:
        return RuleOutcome(True)
    names = [name for name in (conjunct.left_name, conjunct.right_name) if name]
    shown_left = _show_side(left, conjunct.left_source, conjunct.left_name)
    shown_right = _show_side(right, conjunct.right_source, conjunct.right_name)
    comparison = f"{shown_left} {_OPPOSITES[conjunct.operator]} {shown_right}"
    return RuleOutcome(False, comparison, name=names[0] if len(names) == 1 else ())


def _compare(left: float, operator: str, right: float, tolerance: float) -> bool:
    slack = max(tolerance, _RELATIVE_TOLERANCE * max(abs(left), abs(right)))
    return {
        "==": abs(left - right) <= slack,
        "!=": abs(left - right) > slack,
        "<=": left <= right + slack,
        ">=": left + slack >= right,
        "<": left < right,
        ">": left > right,
    }[operator]


def _show_side(value: Any, source: str, name: Path) -> str:
    """Return one side of a comparison for people: its value, and what was computed to get it."""
    shown = _show_number(value) if _is_number(value) else repr(value)
    if isinstance(value, str):
        shown = f"“{value[:60]}”"
    if name:
        return f"{source} {shown}"
    if re.fullmatch(r"[-\d.]+|\"[^\"]*\"|'[^']*'", source):
        return shown
    return f"{shown} ({source if len(source) <= 160 else source[:157] + '...'})"


def _show_number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _to_doubles(value: Any, drop_null: bool = False) -> Any:
    """Return `value` as the interpreter takes it: every number a double, keys as text; without nulls on request."""
    if isinstance(value, Mapping):
        return {str(k): _to_doubles(v, drop_null) for k, v in value.items() if not (drop_null and v is None)}
    if isinstance(value, list | tuple):
        return [_to_doubles(v, drop_null) for v in value]
    if _is_number(value):
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    return value


_ABSENT = object()


def _look_up(chain: Path, scope: Mapping[str, Any]) -> Any:
    """Return the value of a chain of names and positions, or `_ABSENT`."""
    value: Any = scope
    for step in chain:
        is_position = isinstance(value, list | tuple) and isinstance(step, int) and step < len(value)
        if is_position or (isinstance(value, Mapping) and step in value):
            value = value[step]
        else:
            return _ABSENT
    return value


def _is_missing(chain: Path, scope: Mapping[str, Any]) -> bool:
    value = _look_up(chain, scope)
    return value is None or value is _ABSENT


def _has_null(chain: Path, scope: Mapping[str, Any]) -> bool:
    """Decide whether the value of a chain is missing or has a null anywhere within."""
    found = [_look_up(chain, scope)]
    while found:
        value = found.pop()
        if value is None or value is _ABSENT:
            return True
        if isinstance(value, Mapping):
            found += value.values()
        elif isinstance(value, list | tuple):
            found += value
    return False


def _unless_null(function: Callable[[Any], float]) -> Callable[[Any], float | None]:
    """Return `function` made to give null where an element is null: a sum with an unknown part is unknown."""

    def apply(value: Any) -> float | None:
        elements = value if isinstance(value, list) else [value]
        try:
            return None if any(element is None for element in elements) else float(function(value))
        except (TypeError, ValueError):
            return None

    return apply


_FUNCTIONS = {
    "length": lambda value: float(len(value)) if isinstance(value, str | list | dict) else None,
    "sum": _unless_null(math.fsum),
    "abs": _unless_null(abs),
    "round": _unless_null(round),
    "min": _unless_null(min),
    "max": _unless_null(max),
}
"""The functions that rules may call beside those of CEL; `length` stands for `size`."""
