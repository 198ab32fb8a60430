"""Enumeration marks at the start of a label or heading: `一、` `（一）` `1.2` `(3)` `①` `a)` `IV.` `Part B` `第二条`.

Used in two ways: two labels are compared without their marks (`strip_enumeration`), and the style of the marks tells
which headings and labels stand on one level (`enumeration_style`).
"""

from __future__ import annotations

import re

_HAN_NUMERAL = "[一二三四五六七八九十百]"
_OPEN, _CLOSE = "[(（〔]", "[)）〕]"
_POINT = r"[.、．]"
_ROMAN = "IVXⅠ-Ⅻ"
_CIRCLED = "[①-⑳㈠-㈩⑴-⒇]"
_BEFORE_LETTER = r"(?=\s*[^\W\d])"
"""A letter must follow, so that `1.` is told from the start of `1.5`."""
_BEFORE_ANYTHING = r"(?=\s*\S)"

_STYLES = tuple(
    (style, re.compile(mark))
    for style, mark in (
        ("han", rf"{_HAN_NUMERAL}{{1,4}}\s*[、.．,，:：]"),
        ("han-parenthesis", rf"{_OPEN}\s*{_HAN_NUMERAL}{{1,4}}\s*{_CLOSE}"),
        ("decimal-3", r"\d{1,3}\.\d{1,3}\.\d{1,3}(?=\D)"),
        ("decimal-2", rf"\d{{1,3}}\.\d{{1,3}}\.?{_BEFORE_LETTER}"),
        ("decimal", rf"\d{{1,3}}\s*{_POINT}{_BEFORE_LETTER}"),
        ("decimal-parenthesis", rf"[(（]\s*\d{{1,3}}\s*[)）]{_BEFORE_ANYTHING}"),
        ("decimal-half", rf"\d{{1,3}}\s*[)）]{_BEFORE_LETTER}"),
        ("circled", _CIRCLED),
        ("letter-parenthesis", rf"[(（]\s*[a-z]\s*[)）]{_BEFORE_ANYTHING}"),
        ("letter-half", rf"[a-z]\s*[)）]{_BEFORE_ANYTHING}"),
        ("letter", rf"[A-Z]\s*{_POINT}(?=\s*[^\W\d]{{2}})"),
        ("roman", rf"[{_ROMAN}]{{1,5}}\s*[.、．)）]{_BEFORE_LETTER}"),
    )
)
_COUNTED_WORD = re.compile(r"([^\W\d_]{2,})\s+(?:\d{1,3}|[IVX]{1,5}|[A-Z])\b")
_COUNTED_HAN = re.compile(r"第\s*[一二三四五六七八九十百零\d]{1,5}\s*(\w)")

_MARK = re.compile(
    rf"""(?:
        {_OPEN}?\s*{_HAN_NUMERAL}+\s*[)）〕、.．:：]      # 一、 （一） 十二.
      | [(（]\s*\d{{1,3}}\s*[)）]                        # (1)
      | \d{{1,3}}(?:\.\d{{1,3}})*\s*[.．、)）](?!\d)      # 1. 2.3、
      | {_CIRCLED}
      | [(（]?[a-zA-Z][)）]                              # a)
      | [{_ROMAN}ivx]{{1,5}}[.．)）]                      # iv.
    )\s*""",
    re.VERBOSE,
)


def enumeration_style(text: str) -> str:
    """Return the style of the enumeration mark that `text` begins with, or the empty string.

    `（三）其他` is `han-parenthesis`. A counted word keeps the word: `Part B` is `word:Part`, `第二条` is `han:条`.
    Stricter than `strip_enumeration`, because a measured value (`1.5 kg`) or a sentence must not pass for a heading.
    """
    for style, pattern in _STYLES:
        if pattern.match(text):
            return style
    if match := _COUNTED_HAN.match(text):
        return f"han:{match[1]}"
    if match := _COUNTED_WORD.match(text):
        return f"word:{match[1]}"
    return ""


def strip_enumeration(text: str) -> str:
    """Return `text` without white space at its ends and without the enumeration mark it begins with, if any."""
    text = text.strip()
    match = _MARK.match(text)
    return text[match.end() :] if match else text
