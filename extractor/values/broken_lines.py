"""Values that the end of a line breaks in two: numbers at their separator, words and codes at a hyphen."""

from __future__ import annotations

import re

_NUMBER_GOES_ON = re.compile(r"[ \t]*[.,][ \t]*\n[ \t]*\d{1,3}(?!\d)(?:[.,]\d{3})*(?:[.,]\d{1,4})?(?![\d.,]*\d)")
_HYPHEN_AT_LINE_END = re.compile(r"(?<=\w)[-\u2010][ \t]*\n[ \t]*(?=\w)")
_WHITE_SPACE = re.compile(r"\s+")


def number_end(text: str, start: int, end: int) -> int:
    """Return where the number at `text[start:end]` ends, on the next line where its line ends at a separator.

    `1,` at the end of a line and `240.5` at the beginning of the next are one number.
    """
    if not text[start:end].rstrip()[-1:].isdigit():
        return end
    match = _NUMBER_GOES_ON.match(text, end)
    return match.end() if match else end


def join_number(text: str) -> str:
    """Return the text of a number without the line end inside it."""
    return _WHITE_SPACE.sub("", text)


def join_hyphenated(text: str, document: str) -> tuple[str, bool]:
    """Return the text with its lines joined at hyphens, and whether it is open if a hyphen belongs to its word.

    The hyphen of a code, beside a figure or a capital, belongs to it. That of a word does where `document` has the word
    with it elsewhere on one line, and does not where it has the word without.
    """
    is_open = False

    def joined(match: re.Match[str]) -> str:
        nonlocal is_open
        before = re.search(r"\w+\Z", text[: match.start()])
        behind = re.match(r"\w+", text[match.end() :])
        one, two = (before[0] if before else ""), (behind[0] if behind else "")
        if not (one.isalpha() and two.isalpha() and two.islower()):
            return "-"
        if re.search(rf"\b{re.escape(one)}-{re.escape(two)}\b", document):
            return "-"
        is_open = is_open or re.search(rf"\b{re.escape(one + two)}\b", document) is None
        return ""

    return _HYPHEN_AT_LINE_END.sub(joined, text), is_open
