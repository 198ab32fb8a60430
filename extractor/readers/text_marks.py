"""Marks of typesetting inside text: raised figures, invisible characters, ligatures.

A raised figure becomes the superscript character of Unicode, so that `24.91` with a note mark stays the number 24.91,
and `m` with a raised 2 the unit m². Characters that show nothing (soft hyphens, zero-width spaces, marks of writing
direction) go, and a ligature becomes its letters.
"""

from __future__ import annotations

import re

_RAISED = str.maketrans("0123456789+-−()[]", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾⁽⁾")
_RAISED_LETTERS = dict(zip("abcdefghijklmnoprstuvwxyz", "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_NOTE_MARK = re.compile(r"\s*[\[(]?[0-9+\-−]{1,3}(?:\s?[,;]\s?\d{1,2}){0,4}[\])]?\s*")
_NOTE_LETTER = re.compile(r"\s*[\[(]?([a-z])[\])]?\s*")

INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
"""Characters that show nothing and join nothing, as they stand inside a character class of a regular expression."""
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"},
)
_ODD = re.compile(f"[{INVISIBLE}ﬀ-ﬆ]")


def superscript(text: str, before: str) -> str:
    """Return raised text in superscript characters where it is a mark of a note or an exponent, else unchanged.

    `before` is the character it is raised beside: a letter is a mark behind a figure, as is one of
    the first behind a word, and part of a word elsewhere.
    """
    if _NOTE_MARK.fullmatch(text):
        return text.translate(_RAISED)
    letter = _NOTE_LETTER.fullmatch(text)
    is_mark = before.isdigit() or before in tuple(")%]") or (before.islower() and letter and letter[1] in "abcd")
    if letter and letter[1] in _RAISED_LETTERS and is_mark:
        return text.translate(_RAISED).replace(letter[1], _RAISED_LETTERS[letter[1]])
    return text


def printed_characters(text: str) -> str:
    """Return the text without characters that show nothing, and with the letters of its ligatures."""
    return text if text.isascii() or not _ODD.search(text) else _INVISIBLE.sub("", text).translate(_LIGATURES)
