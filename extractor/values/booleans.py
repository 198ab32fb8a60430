"""Yes and no as printed: words, ticks and boxes."""

from __future__ import annotations

import re

from extractor.values.characters import fold

_YES = {
    "是",
    "有",
    "对",
    "已",
    "yes",
    "y",
    "true",
    "✓",
    "✔",
    "√",
    "☑",
    "[x]",
    "[√]",
    "(√)",
    "■",
    "checked",
    "同意",
    "符合",
}
_NO = {"否", "无", "没有", "错", "未", "no", "n", "false", "×", "✗", "✘", "✕", "❌", "none", "不同意", "不符合", "不是"}
_EMPTY = {"☐", "□", "[ ]", "[]", "( )"}
_BOX = r"[☑☒☐■□✓✔√×✗✘✕❌✅]|\[[ xX√]?\]|\([√ ]\)"
_WORD = "不同意|同意|不符合|符合|不是|没有|是|否|有|无|对|错|已|未"
_LATIN = "yes|no|true|false|y|n|checked|none"
_STRETCH = re.compile(
    rf"(?P<box>{_BOX})(?:[ \u00a0]?(?P<beside>(?:{_WORD})(?![\u4e00-\u9fff])|(?:{_LATIN})(?![A-Za-z0-9])))?"
    rf"|(?<![A-Za-z0-9])(?P<latin>{_LATIN})(?![A-Za-z0-9'])(?![.]\s?\d)"
    rf"|(?<![\u4e00-\u9fff])(?P<word>{_WORD})(?![\u4e00-\u9fff])",
    re.IGNORECASE,
)
_LOOSE = re.compile(rf"{_WORD}")


def find_booleans(text: str) -> list[tuple[int, int]]:
    """The yes or no words, ticks and boxes of `text`; words inside a sentence only where nothing stands alone."""
    folded = fold(text)
    found = [match.span() for match in _STRETCH.finditer(folded)]
    return found or [match.span() for match in _LOOSE.finditer(folded)]


def parse_boolean(text: str, context: str = "") -> bool | None:
    """True or False for an answer as printed, None where it is no answer or can be read both ways.

    A crossed box `☒` is a mark in some forms and a denial in others: with a word beside it, or where empty boxes but no
    ticked ones stand in `context`, it is a mark. A word beside an empty box was not chosen.
    """
    folded = fold(text).strip(" \t\r\n\u00a0.。,，;；:：")
    lowered = folded.lower()
    if lowered in _YES or folded == "✅":
        return True
    if lowered in _NO:
        return False
    if folded in _EMPTY:
        return False
    if folded == "☒":
        around = fold(context)
        return True if "☐" in around and "☑" not in around else None
    marked = [
        match
        for match in _STRETCH.finditer(folded)
        if match["box"] and match["beside"] and match["box"].lower() not in _EMPTY
    ]
    answers = {_word(match["beside"]) for match in marked if match["box"] not in "×✗✘✕❌"}
    if len(answers) == 1:
        return answers.pop()
    empty = [match for match in _STRETCH.finditer(folded) if match["box"] in _EMPTY and match["beside"]]
    if not marked and len(empty) == 1 and _word(empty[0]["beside"]):
        return False
    plain = {_word(match["latin"] or match["word"]) for match in _STRETCH.finditer(folded) if not match["box"]}
    plain.discard(None)
    return plain.pop() if len(plain) == 1 and not any(m["box"] for m in _STRETCH.finditer(folded)) else None


def _word(text: str | None) -> bool | None:
    lowered = (text or "").lower()
    return True if lowered in _YES else False if lowered in _NO else None
