"""Rules between fields: CEL expressions over a record, with a tolerance and a message that names the numbers.

The expressions are Common Expression Language (cel.dev), run by `common-expression-language`, the Python face of the
Rust interpreter. Three things are done for the writer of a rule: every number is a double, so `this.total == 3` and
sums of integers with decimals work (CEL itself refuses to mix them); `size(...)` is a double too; a property whose
name is not ASCII can be written as it is (`this.总计`). `sum(list)`, `abs(x)`, `round(x)`, `min(list)` and `max(list)`
are added.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from extractor.types import Path

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<string>[rRbB]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
      | (?P<number>0[xX][0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[uU]?|\.\d+(?:[eE][-+]?\d+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<op>==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_COMPARISONS = {"==": "≠", "!=": "=", "<=": ">", ">=": "<", "<": "≥", ">": "≤"}
_MACROS = {"all", "exists", "exists_one", "map", "filter"}
_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule came to: `passed` is None when it was not run, because a value is missing or (`error`) it cannot be.

    `said` gives the two sides of the comparison that failed; `name` is the property the failure is about, if it is one.
    """

    passed: bool | None
    said: str = ""
    error: str = ""
    name: Path = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Conjunct:
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

    def run(self, this: Any, record: Any, tolerance: float = 0.0) -> Outcome:
        """The rule's outcome on the object `this` of `record`.

        Not run (`passed` None) when a property it reads is null or missing, unless it speaks of `null` or `has(...)`
        itself. Two numbers compare within `tolerance`, or a billionth of their size where that is more.
        """
        scope = {"this": this, "record": record}
        if isinstance(this, Mapping):
            scope = {**this, **scope}
        if not (self.handles_null or self.handles_absence) and any(_missing(c, scope) for c in self._reads()):
            return Outcome(None)
        context = self._context(scope)
        for conjunct in self.conjuncts:
            try:
                outcome = _judge(conjunct, context, tolerance, self.handles_null)
            except Exception as error:
                # The interpreter raises TypeError, KeyError, RuntimeError and ValueError for what its types refuse.
                if any(_holds_null(c, scope) for c in self._reads()):
                    return Outcome(None)
                return Outcome(None, error=str(error).split("\n")[0][:200])
            if outcome.passed is not True:
                return outcome
        return Outcome(True)

    def _reads(self) -> Iterator[Path]:
        return (chain for chain in self.chains if chain[0] not in self.locals)

    def _context(self, scope: Mapping[str, Any]) -> Any:
        import cel

        wanted = {name: _doubles(scope.get(name), self.handles_absence) for name in self.variables - self.locals}
        return cel.Context(variables=wanted, functions=_FUNCTIONS)


@functools.lru_cache(maxsize=4096)
def compiled(source: str) -> Expression:
    """The rule written as `source`; raises ValueError, with what the parser says, where it is no CEL expression."""
    import cel

    tokens = _tokens(source)
    text = _joined(tokens)
    program = _program(cel, text)
    conjuncts = tuple(_conjunct(cel, part) for part in _split(tokens, {"&&"}) or [tokens])
    return Expression(
        source,
        conjuncts,
        tuple(dict.fromkeys(_chains(tokens))),
        frozenset(_local_names(tokens)),
        frozenset(program.variables()),
        any(t.kind == "name" and t.text == "null" for t in tokens),
        any(t.kind == "name" and t.text == "has" for t in tokens),
    )


def _program(cel: Any, text: str) -> Any:
    try:
        return cel.compile(text)
    except ValueError as error:
        raise ValueError(_parser_says(str(error))) from None


def _parser_says(text: str) -> str:
    found = re.search(r"ERROR: <input>:\d+:(\d+): ([^\n]*)", text)
    return (
        f"{found[2].removeprefix('Syntax error: ')} (at character {found[1]})" if found else text.split("\n")[0][:200]
    )


def _tokens(source: str) -> list[_Token]:
    return [_Token(m.lastgroup or "op", m.group()) for m in _TOKEN.finditer(source) if m.lastgroup != "space"]


def _joined(tokens: Sequence[_Token]) -> str:
    """The tokens as an expression the interpreter takes: doubles for integers, `[...]` for names that are not ASCII."""
    parts: list[str] = []
    for i, token in enumerate(tokens):
        before = tokens[i - 1].text if i else ""
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if token.kind == "number" and re.fullmatch(r"\d+", token.text):
            index = (
                before == "["
                and after == "]"
                and i > 1
                and (tokens[i - 2].kind == "name" or tokens[i - 2].text in ")]")
            )
            parts.append(token.text if index else f"{token.text}.0")
        elif token.kind == "name" and not token.text.isascii():
            name = f'["{token.text}"]'
            if before == ".":
                parts.pop()
                parts.append(name)
            else:
                parts.append(f"this{name}")
        elif token.kind == "name" and token.text == "size" and before != "." and after == "(":
            parts.append("length")
        else:
            parts.append(token.text)
            if token.kind in ("name", "number") and tokens[i + 1 : i + 2] and tokens[i + 1].kind in ("name", "number"):
                parts.append(" ")
        if after == "in" or token.text == "in":
            parts.append(" ")
    return "".join(parts)


def _split(tokens: Sequence[_Token], separators: set[str]) -> list[list[_Token]]:
    """The tokens between the separators that stand outside all brackets; empty where a weaker operator stands there."""
    parts: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "op":
            depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0 and token.text in ("?", "||"):
                return []
            if depth == 0 and token.text in separators:
                parts.append([])
                continue
        parts[-1].append(token)
    return parts


def _conjunct(cel: Any, tokens: list[_Token]) -> _Conjunct:
    tokens = _unwrapped(tokens)
    source = _shown(tokens)
    whole = _program(cel, _joined(tokens))
    sides = _split(tokens, set(_COMPARISONS))
    if len(sides) != 2 or not all(sides):
        return _Conjunct(whole, source)
    left, right = sides
    operator = tokens[len(left)].text
    return _Conjunct(
        whole,
        source,
        operator,
        _program(cel, _joined(left)),
        _program(cel, _joined(right)),
        _shown(left),
        _shown(right),
        _single_name(left),
        _single_name(right),
    )


def _unwrapped(tokens: list[_Token]) -> list[_Token]:
    while len(tokens) > 2 and tokens[0].text == "(" and tokens[-1].text == ")":
        depth = 0
        for i, token in enumerate(tokens):
            depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "op" else 0
            if depth == 0 and i < len(tokens) - 1:
                return tokens
        tokens = tokens[1:-1]
    return tokens


def _shown(tokens: Sequence[_Token]) -> str:
    """The tokens as a person reads them, without `this.`."""
    text = ""
    for i, token in enumerate(tokens):
        binary = (token.kind == "op" and token.text not in "()[]{}.,!?:") or token.text == "in"
        if binary and not (token.text == "-" and (i == 0 or tokens[i - 1].text in ("(", ",", "[", "==", "+", "*"))):
            text += f" {token.text} "
        else:
            text += token.text + (" " if token.text == "," else "")
    return re.sub(r"\bthis\.", "", text).strip()


def _chains(tokens: Sequence[_Token]) -> Iterator[Path]:
    """Every chain of names and constant positions that the tokens read, calls left out: `this.rows[0].total`."""
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if token.kind != "name" or token.text in ("true", "false", "null", "in") or (i and tokens[i - 1].text == "."):
            i += 1
            continue
        chain: list[str | int] = ["this", token.text] if not token.text.isascii() else [token.text]
        i += 1
        if i < len(tokens) and tokens[i].text == "(":
            continue
        while i + 1 < len(tokens):
            follows = tokens[i + 1]
            if tokens[i].text == "." and follows.kind == "name":
                if i + 2 < len(tokens) and tokens[i + 2].text == "(":
                    break
                chain.append(follows.text)
                i += 2
            elif tokens[i].text == "[" and i + 2 < len(tokens) and tokens[i + 2].text == "]":
                if follows.kind == "string":
                    chain.append(follows.text[1:-1])
                elif follows.kind == "number" and follows.text.isdigit():
                    chain.append(int(follows.text))
                else:
                    break
                i += 3
            else:
                break
        yield tuple(chain)


def _local_names(tokens: Sequence[_Token]) -> Iterator[str]:
    for i in range(2, len(tokens) - 2):
        if (
            tokens[i].text in _MACROS
            and tokens[i - 1].text == "."
            and tokens[i + 1].text == "("
            and tokens[i + 2].kind == "name"
        ):
            yield tokens[i + 2].text


def _single_name(tokens: Sequence[_Token]) -> Path:
    chains = list(_chains(tokens))
    if len(chains) != 1 or _shown(tokens) != _shown(_tokens(".".join(str(s) for s in chains[0]))):
        return ()
    return chains[0][1:] if chains[0][0] == "this" else chains[0]


def _judge(conjunct: _Conjunct, context: Any, tolerance: float, nullable: bool) -> Outcome:
    if not conjunct.operator:
        passed = conjunct.whole.execute(context)
        if not isinstance(passed, bool):
            return Outcome(None, error=f"“{conjunct.source}” is {passed!r}, not true or false")
        return Outcome(passed, conjunct.source)
    left, right = conjunct.left.execute(context), conjunct.right.execute(context)
    if not nullable and (left is None or right is None):
        return Outcome(None)
    if _numeric(left) and _numeric(right):
        slack = max(tolerance, _RELATIVE * max(abs(left), abs(right)))
        passed = {
            "==": abs(left - right) <= slack,
            "!=": abs(left - right) > slack,
            "<=": left <= right + slack,
            ">=": left + slack >= right,
            "<": left < right,
            ">": left > right,
        }[conjunct.operator]
    else:
        passed = conjunct.whole.execute(context)
    if passed:
        return Outcome(True)
    names = [name for name in (conjunct.left_name, conjunct.right_name) if name]
    said = (
        f"{_side(left, conjunct.left_source, conjunct.left_name)} {_COMPARISONS[conjunct.operator]}"
        f" {_side(right, conjunct.right_source, conjunct.right_name)}"
    )
    return Outcome(False, said, name=names[0] if len(names) == 1 else ())


def _side(value: Any, source: str, name: Path) -> str:
    shown = _number(value) if _numeric(value) else repr(value) if not isinstance(value, str) else f"“{value[:60]}”"
    if name:
        return f"{source} {shown}"
    if re.fullmatch(r"[-\d.]+|\"[^\"]*\"|'[^']*'", source):
        return shown
    return f"{shown} ({source if len(source) <= 160 else source[:157] + '...'})"


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else f"{value:.12g}"


def _numeric(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _doubles(value: Any, drop_null: bool = False) -> Any:
    """`value` as the interpreter gets it: every number a double, keys as text; without null members on request."""
    if isinstance(value, Mapping):
        return {str(k): _doubles(v, drop_null) for k, v in value.items() if not (drop_null and v is None)}
    if isinstance(value, list | tuple):
        return [_doubles(v, drop_null) for v in value]
    if _numeric(value):
        try:
            return float(value)
        except OverflowError:
            return math.copysign(math.inf, value)
    return value


_ABSENT = object()


def _at(chain: Path, scope: Mapping[str, Any]) -> Any:
    value: Any = scope
    for step in chain:
        position = isinstance(value, list | tuple) and isinstance(step, int) and step < len(value)
        if position or (isinstance(value, Mapping) and step in value):
            value = value[step]
        else:
            return _ABSENT
    return value


def _missing(chain: Path, scope: Mapping[str, Any]) -> bool:
    value = _at(chain, scope)
    return value is None or value is _ABSENT


def _holds_null(chain: Path, scope: Mapping[str, Any]) -> bool:
    found = [_at(chain, scope)]
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
    """`function`, or null where an element is null: a sum with an unknown part is unknown."""

    def applied(value: Any) -> float | None:
        elements = value if isinstance(value, list) else [value]
        try:
            return None if any(element is None for element in elements) else float(function(value))
        except (TypeError, ValueError):
            return None

    return applied


_FUNCTIONS = {
    "length": lambda value: float(len(value)) if isinstance(value, str | list | dict) else None,
    "sum": _unless_null(math.fsum),
    "abs": _unless_null(abs),
    "round": _unless_null(round),
    "min": _unless_null(min),
    "max": _unless_null(max),
}
