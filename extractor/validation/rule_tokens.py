"""The tokens of a rule: what it reads, how it is split, and how it is written for the interpreter and for people.

Three things are done for the writer of a rule: every number is a double, so `this.total == 3` and sums of integers with
decimals work (CEL itself refuses to mix them); `size(...)` is a double too; a property whose name is not ASCII can be
written as it is (`this.总计`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from extractor.types import Path

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
      | (?P<string>[rRbB]{0,2}(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
      | (?P<number>0[xX][0-9a-fA-F]+[uU]?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[uU]?|\.\d+(?:[eE][-+]?\d+)?)
      | (?P<name>[^\W\d]\w*)
      | (?P<op>==|!=|<=|>=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
_MACROS = {"all", "exists", "exists_one", "map", "filter"}


@dataclass(frozen=True, slots=True)
class RuleToken:
    """One token of a rule; `kind` is string, number, name or op."""

    kind: str
    text: str


def tokenize(source: str) -> list[RuleToken]:
    """Return the tokens of a rule, without white space and comments."""
    return [RuleToken(m.lastgroup or "op", m.group()) for m in _TOKEN.finditer(source) if m.lastgroup != "space"]


def write_cel(tokens: Sequence[RuleToken]) -> str:
    """Return the expression that the interpreter takes: doubles for integers, `[...]` for names that are not ASCII."""
    parts: list[str] = []
    for i, token in enumerate(tokens):
        before = tokens[i - 1].text if i else ""
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if token.kind == "number" and re.fullmatch(r"\d+", token.text):
            is_index = (
                before == "["
                and after == "]"
                and i > 1
                and (tokens[i - 2].kind == "name" or tokens[i - 2].text in ")]")
            )
            parts.append(token.text if is_index else f"{token.text}.0")
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


def write_plain(tokens: Sequence[RuleToken]) -> str:
    """Return the tokens as a person reads them, without `this.`."""
    text = ""
    for i, token in enumerate(tokens):
        is_binary = (token.kind == "op" and token.text not in "()[]{}.,!?:") or token.text == "in"
        is_sign = token.text == "-" and (i == 0 or tokens[i - 1].text in ("(", ",", "[", "==", "+", "*"))
        if is_binary and not is_sign:
            text += f" {token.text} "
        else:
            text += token.text + (" " if token.text == "," else "")
    return re.sub(r"\bthis\.", "", text).strip()


def split_tokens(tokens: Sequence[RuleToken], separators: set[str]) -> list[list[RuleToken]]:
    """Return the tokens between the separators that stand outside all brackets.

    Nothing where an operator that binds less, `||` or `?`, stands there.
    """
    parts: list[list[RuleToken]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "op":
            depth += _depth_change(token)
            if depth == 0 and token.text in ("?", "||"):
                return []
            if depth == 0 and token.text in separators:
                parts.append([])
                continue
        parts[-1].append(token)
    return parts


def strip_brackets(tokens: list[RuleToken]) -> list[RuleToken]:
    """Return the tokens without brackets around all of them."""
    while len(tokens) > 2 and tokens[0].text == "(" and tokens[-1].text == ")":
        depth = 0
        for i, token in enumerate(tokens):
            depth += _depth_change(token) if token.kind == "op" else 0
            if depth == 0 and i < len(tokens) - 1:
                return tokens
        tokens = tokens[1:-1]
    return tokens


def _depth_change(token: RuleToken) -> int:
    return (token.text in "([{") - (token.text in ")]}")


def find_chains(tokens: Sequence[RuleToken]) -> Iterator[Path]:
    """Yield every chain of names and constant positions that the tokens read, calls left out: `this.rows[0].total`."""
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
            following = tokens[i + 1]
            if tokens[i].text == "." and following.kind == "name":
                if i + 2 < len(tokens) and tokens[i + 2].text == "(":
                    break
                chain.append(following.text)
                i += 2
            elif tokens[i].text == "[" and i + 2 < len(tokens) and tokens[i + 2].text == "]":
                if following.kind == "string":
                    chain.append(following.text[1:-1])
                elif following.kind == "number" and following.text.isdigit():
                    chain.append(int(following.text))
                else:
                    break
                i += 3
            else:
                break
        yield tuple(chain)


def find_local_names(tokens: Sequence[RuleToken]) -> Iterator[str]:
    """Yield the names that macros bind: the `row` of `rows.map(row, row.a)`."""
    for i in range(2, len(tokens) - 2):
        if (
            tokens[i].text in _MACROS
            and tokens[i - 1].text == "."
            and tokens[i + 1].text == "("
            and tokens[i + 2].kind == "name"
        ):
            yield tokens[i + 2].text


def single_name(tokens: Sequence[RuleToken]) -> Path:
    """Return the path of the property that the tokens are, relative to `this`; empty where they are anything else."""
    chains = list(find_chains(tokens))
    if len(chains) != 1 or write_plain(tokens) != write_plain(tokenize(".".join(str(s) for s in chains[0]))):
        return ()
    return chains[0][1:] if chains[0][0] == "this" else chains[0]
