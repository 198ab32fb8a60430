"""Ranges of scripts, as they stand inside a character class of a regular expression, and predicates over them.

The one place where such ranges are written out: `re.compile(f"[{CJK}]+")`. They follow the blocks of Unicode
(https://www.unicode.org/Public/UCD/latest/ucd/Blocks.txt).
"""

from __future__ import annotations

import re

HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters: the unified ideographs with their extensions, and the compatibility ideographs."""

KANA = "\u3040-\u30ff\u31f0-\u31ff"
"""Japanese syllables: hiragana and katakana."""

HANGUL = "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"
"""Korean letters and syllables. Korean puts spaces between words, so they are not in `CJK`."""

CJK = KANA + HAN
"""Letters of Chinese and Japanese, which put no spaces between words; neither punctuation nor full-width forms."""

WIDE = "\u2e80-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
"""What takes the width of a Chinese character: `CJK` with its radicals, punctuation, enclosed characters and full-width
forms. White space between two of them comes from the layout and means nothing."""

UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u303f\u3100-\u312f\u31a0-\u31bf\u31c0-\u31ef" + CJK + HANGUL
"""Scripts in which a word may begin and end at any character: Chinese and Japanese with their punctuation, Thai, Lao,
Burmese and Khmer, and Korean, whose particles follow a name without a space."""

COMBINING_MARKS = (
    "\u0300-\u036f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u200d\u3099\u309a\ufe00-\ufe0f"
)
"""Marks that belong to the character before them: accents, Thai and Lao vowels and tones, voicing marks, variation
selectors and the zero-width joiner."""

FIRST_WIDE = WIDE[0]
"""Before it come all letters of Europe, which a comparison tells apart with less work than a pattern."""

_HAN, _KANA, _CJK, _WIDE, _UNSPACED = (re.compile(f"[{script}]") for script in (HAN, KANA, CJK, WIDE, UNSPACED))


def is_han(character: str) -> bool:
    """Return whether `character` is a Chinese character."""
    return _HAN.match(character) is not None


def is_cjk(character: str) -> bool:
    """Return whether `character` is a letter of Chinese or Japanese."""
    return _CJK.match(character) is not None


def is_wide(character: str) -> bool:
    """Return whether `character` is full-width: a letter, a punctuation mark or a form of Chinese and Japanese."""
    return character >= FIRST_WIDE and _WIDE.match(character) is not None


def is_unspaced(character: str) -> bool:
    """Return whether `character` belongs to a script in which words are not set apart by spaces."""
    return _UNSPACED.match(character) is not None


def has_han(text: str) -> bool:
    """Return whether `text` has a Chinese character."""
    return _HAN.search(text) is not None


def has_kana(text: str) -> bool:
    """Return whether `text` has a Japanese syllable."""
    return _KANA.search(text) is not None


def has_cjk(text: str) -> bool:
    """Return whether `text` has a letter of Chinese or Japanese."""
    return _CJK.search(text) is not None
