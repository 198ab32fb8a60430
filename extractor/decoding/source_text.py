"""The source as spans quote it: on one line, and divided into the chunks that a span consists of."""

from __future__ import annotations

import json
import re

from extractor.values.scripts import COMBINING_MARKS, UNSPACED

_LETTER = rf"[^\W{UNSPACED}]"
_CHUNK = re.compile(
    rf"(?P<space>\s+)|{_LETTER}+(?:(?<=\d)[.,](?=\d){_LETTER}+)*[{COMBINING_MARKS}]*|[\s\S][{COMBINING_MARKS}]*",
)
_BREAK_WITHOUT_SPACE = re.compile(rf"(?<=[{UNSPACED}\uff00-\uffef])[^\S\n]*\n\s*(?=[{UNSPACED}\uff00-\uffef])")


def join_lines(source: str) -> tuple[str, list[int]]:
    """Return the source on one line, and for each of its characters the offset in `source`.

    A line break between characters of a script without spaces (Chinese, Japanese, Thai ...) is dropped; any other run
    of white space becomes one plain space. The list of offsets has one more element, the length of the source.
    """
    text: list[str] = []
    offsets: list[int] = []
    dropped = {match.start(): match.end() for match in _BREAK_WITHOUT_SPACE.finditer(source)}
    at = 0
    while at < len(source):
        if at in dropped:
            at = dropped[at]
            continue
        offsets.append(at)
        if source[at].isspace():
            text.append(" ")
            while at < len(source) and source[at].isspace():
                at += 1
        else:
            text.append(source[at])
            at += 1
    return "".join(text), [*offsets, len(source)]


def split_chunks(source: str) -> list[str]:
    """Divide the source into chunks; a span is a run of them.

    A chunk is a character of an unspaced script, a word, a numeral, a punctuation mark or a space, with its combining
    marks. A numeral keeps its inner points and commas, so that 234.50 cannot be copied out of 1,234.50.
    """
    text, _ = join_lines(source)
    return [match.group() for match in _CHUNK.finditer(replace_surrogates(text))]


def escape_json(text: str) -> str:
    """Return the text as it is written between the quotes of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def replace_surrogates(text: str) -> str:
    """Replace lone surrogates, which UTF-8 cannot encode, by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
