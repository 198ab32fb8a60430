"""Bytes into text: finds the encoding of a text file, also of a short one in an old Chinese encoding.

In this order: a byte order mark, validity as UTF-8, the encoding that the file declares, and then the encoding under
which the characters are the most ordinary. Chinese characters count as ordinary when they are of the first level of
GB 2312 or of Big5, the standards' own division into common and rarer characters. `python -m eval.encodings` compares
this with charset-normalizer, which is asked last, for the encodings that are not considered here.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache

from extractor.errors import InputError
from extractor.problems import ProblemKind
from extractor.readers.limits import MAX_CHARACTERS, refuse_long_text
from extractor.readers.text_marks import printed_characters
from extractor.settings import Settings, threshold
from extractor.types import Problem
from extractor.values.scripts import is_han

_SAMPLE_BYTES = 65536
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LEVEL_1 = {"gb2312": (0xB0, 0xD7), "big5": (0xA4, 0xC6)}
"""The lead bytes of the common characters: 3,755 of GB 2312 (rows 16 to 55), 5,401 of Big5."""
_REPORT_SIGNS = frozenset("£¥§©®°±·×÷μ●■□▲△◆◇○◎★☆①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤ→←↑↓√≤≥≠∑℃№")
_UTF16_SIGNS = frozenset("€№℃①②③④⑤￥●■□★→")
_WESTERN_SIGNS = frozenset("‘’“”–—…•€£©®°·§éèêëàâäáíîïóôöúûüùçñßåæøÉÄÖÜ\xa0½¼¾±²³µ×«»¡¿™")


@dataclass(frozen=True)
class EncodingSettings(Settings):
    """How likely characters and control codes have to be for an encoding to be accepted."""

    largest_control_share: float = threshold(
        0.05, meaning="a file with a larger share of control characters is binary, not text"
    )
    largest_zero_share: float = threshold(0.02, meaning="a file with a larger share of zero bytes is binary, not text")
    utf16_ordinary_share: float = threshold(
        0.75, meaning="share of ordinary characters from which a text is UTF-16 without a byte order mark"
    )
    utf16_common_character: float = threshold(
        0.9,
        meaning="how ordinary a Chinese character of level 1 counts there, 1 being ASCII and punctuation",
        chosen="python -m eval.encodings, LOG 2026-11-30",
    )
    utf16_rare_character: float = threshold(0.4, meaning="how ordinary a Chinese character beyond level 1 counts there")
    utf16_sign: float = threshold(0.9, meaning="how ordinary one of a few signs counts there")
    utf16_lead: float = threshold(
        0.25, meaning="how much larger that share must be than in the other byte order: Chinese text of an 8-bit "
        "encoding, taken in pairs, looks like Chinese in both"
    )  # fmt: skip
    bytes_per_wrong_one: int = threshold(
        2000, unit="bytes", meaning="one wrong byte in so many does not rule out an encoding"
    )
    chance_characters: int = threshold(
        8, meaning="so few characters beyond ASCII may be valid UTF-8 by chance, if they are letters that nobody uses"
    )
    chance_length: int = threshold(200, unit="characters", meaning="... in a text that is no longer than this")
    common_character: float = threshold(
        0.9, meaning="weight of a Chinese character of level 1", chosen="python -m eval.encodings, LOG 2026-11-30"
    )
    rare_character: float = threshold(-0.3, meaning="weight of a Chinese character of level 2")
    other_standard_character: float = threshold(
        0.2,
        meaning="weight of a character that is common in the other standard only, which GB 18030 has too",
    )
    punctuation: float = threshold(1.5, meaning="weight of Chinese punctuation and full-width forms")
    sign: float = threshold(0.3, meaning="weight of a sign or kana that Chinese encodings hold besides")
    unlikely_character: float = threshold(-1.5, meaning="weight of any other character")
    western_sign: float = threshold(
        1.2, meaning="weight of an accented letter or typographic mark that is frequent in western languages"
    )
    western_letter: float = threshold(0.4, meaning="weight of any other Windows-1252 character")
    least_score: float = threshold(
        0.1, meaning="weight per byte beyond ASCII under which charset-normalizer is asked instead"
    )


def decode_document(data: bytes, source: str, declared: str | None = None) -> tuple[str, list[Problem]]:
    """Return the text of a whole file, cleaned, and the problems found; raise InputError where there is no text.

    Line ends become `\\n`, control characters and those that show nothing are left out. `declared` is the
    encoding that the file says it is in; it is used where the bytes are valid in it.
    """
    if len(data) > 4 * MAX_CHARACTERS:
        refuse_long_text(len(data), source)
    try:
        decoded, encoding = decode(data, declared=declared)
    except ValueError:
        raise InputError(
            f"{source} is not text in a known encoding.", "Save it as UTF-8, and give that file."
        ) from None
    refuse_long_text(len(decoded), source)
    problems = []
    if "\ufffd" in decoded:
        message = f"{decoded.count(chr(0xFFFD))} characters could not be decoded as {encoding}; save the file as UTF-8."
        problems.append(Problem((), ProblemKind.ENCODING, message))
    decoded = decoded.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2028", "\n")
    decoded = decoded.replace("\u2029", "\n").replace("\x0b", "\n")
    decoded, dropped = _CONTROLS.subn("", decoded)
    if dropped:
        message = f"{dropped} control characters were left out."
        problems.append(Problem((), ProblemKind.CONTROL_CHARACTERS, message))
    if not decoded.strip(" \t\n\f\ufeff\u3000\u00a0"):
        raise InputError(f"{source} is empty.", "Check that it was saved or downloaded in full.")
    return printed_characters(decoded), problems


def decode(data: bytes, *, cut: bool = False, declared: str | None = None) -> tuple[str, str]:
    """Return the text of `data` and the name of its encoding.

    `cut` says that `data` is only the beginning of a file, so that its last character may be incomplete. Raises
    ValueError where no encoding yields text.
    """
    settings = EncodingSettings.current()
    for mark, name in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(name, "replace")
            _refuse_binary(text, settings)
            return text, name
    sample = data[:_SAMPLE_BYTES]
    cut_sample = cut or len(sample) < len(data)
    zeros = sample.count(0)
    is_utf8 = _is_valid(data, "utf-8", cut)
    if zeros or not is_utf8:
        utf16 = _find_utf16(sample, settings)
        if utf16:
            return data[: len(data) // 2 * 2].decode(utf16, "replace"), utf16
    if zeros > len(sample) * settings.largest_zero_share:
        raise ValueError("binary")
    if is_utf8:
        text = data.decode("utf-8", "ignore" if cut else "strict")
        if _is_utf8_by_chance(text) and _is_valid(data, "gb18030", cut):
            return data.decode("gb18030", "ignore"), "gb18030"
        _refuse_binary(text[:_SAMPLE_BYTES], settings)
        return text, "utf-8"
    _refuse_binary(sample.decode("latin-1"), settings)
    if declared and declared != "utf-8" and _is_nearly_valid(sample, declared, cut_sample):
        return data.decode(declared, "replace"), declared
    name = _most_ordinary_encoding(sample, cut_sample, settings)
    return data.decode(name, "replace"), name


def _refuse_binary(text: str, settings: EncodingSettings) -> None:
    """Raise ValueError for text with more control characters than any text has."""
    if text and len(_CONTROLS.findall(text)) / len(text) > settings.largest_control_share:
        raise ValueError("binary")


def _is_valid(data: bytes, name: str, cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, not cut)
    except UnicodeDecodeError:
        return False
    return True


def _is_nearly_valid(sample: bytes, name: str, cut: bool) -> bool:
    # A stray byte in a long file, or a character cut off at the end, is no proof against an encoding.
    wrong = sample.decode(name, "replace").count("\ufffd")
    return wrong - cut <= len(sample) // EncodingSettings.current().bytes_per_wrong_one


def _is_utf8_by_chance(text: str) -> bool:
    """Decide whether a short text is valid UTF-8 by accident: a word or two of GBK can read as letters nobody uses."""
    settings = EncodingSettings.current()
    if len(text) > settings.chance_length:
        return False
    beyond_ascii = [character for character in text if character >= "\x80"]
    if not 0 < len(beyond_ascii) <= settings.chance_characters or max(beyond_ascii) > "\u07ff":
        return False
    return any("\u0180" <= character <= "\u024f" or "\u0460" <= character <= "\u07ff" for character in beyond_ascii)


# UTF-16 without a byte order mark.


def _find_utf16(sample: bytes, settings: EncodingSettings) -> str | None:
    """Return the UTF-16 encoding, by byte order, under which the text is ordinary and under the other is not."""
    if len(sample) < 4:
        return None
    scores = {}
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = sample[: len(sample) // 2 * 2].decode(name)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 4:
                continue
            text = sample[: len(sample) // 2 * 2].decode(name, "ignore")
        scores[name] = sum(_utf16_ordinariness(character, settings) for character in text) / max(1, len(text))
    best = max(scores, key=scores.__getitem__, default=None)
    if best is None or scores[best] < settings.utf16_ordinary_share:
        return None
    return best if len(scores) < 2 or scores[best] - min(scores.values()) > settings.utf16_lead else None


def _utf16_ordinariness(character: str, settings: EncodingSettings) -> float:
    """Return how likely a character is in a report, 0 to 1."""
    if character < "\u0100":
        return float(" " <= character < "\x7f" or character >= "\xa0" or character in "\t\r\n\f")
    if "\u4e00" <= character <= "\u9fff":  # not the extensions: digits of an 8-bit text, taken in pairs, are among them
        return settings.utf16_common_character if is_level_1(character) else settings.utf16_rare_character
    if "\u2010" <= character <= "\u2027" or "\u3000" <= character <= "\u3011" or "\uff01" <= character <= "\uff5e":
        return 1.0
    return settings.utf16_sign if character in _UTF16_SIGNS else 0.0


# 8-bit and double-byte encodings.


def _most_ordinary_encoding(sample: bytes, cut: bool, settings: EncodingSettings) -> str:
    """Return the encoding under which `sample` is the most ordinary: a Chinese one, Windows-1252, or another one."""
    beyond_ascii = sum(byte >= 0x80 for byte in sample)
    scores = {}
    for name, standard in (("gb18030", "gb2312"), ("big5hkscs", "big5")):
        if _is_nearly_valid(sample, name, cut):
            text = sample.decode(name, "ignore")
            weights = (_chinese_weight(character, standard, settings) for character in text if character >= "\x80")
            scores[name] = sum(weights) / beyond_ascii
    scores["cp1252"] = _western_score(sample.decode("cp1252", "replace"), settings) / beyond_ascii
    best = max(scores, key=scores.__getitem__)
    if scores[best] > settings.least_score:
        return best
    from charset_normalizer import from_bytes

    guess = from_bytes(sample).best()
    return guess.encoding if guess is not None and guess.encoding != "ascii" else best


def _chinese_weight(character: str, standard: str, settings: EncodingSettings) -> float:
    """Return how much a character beyond ASCII is evidence for text in a Chinese standard; negative is against it."""
    if (
        "\u3000" <= character <= "\u3011"
        or "\uff01" <= character <= "\uff5e"
        or character in "￥￡"
        or "\u2014" <= character <= "\u2026"
    ):
        return settings.punctuation
    if is_han(character):
        level = _level(character, standard)
        if level is None:
            return settings.other_standard_character if is_level_1(character) else settings.unlikely_character
        return settings.common_character if level == 1 else settings.rare_character
    if character in _REPORT_SIGNS or "\u3041" <= character <= "\u30ff":
        return settings.sign
    return settings.unlikely_character


def _western_score(text: str, settings: EncodingSettings) -> float:
    """Return how much the characters beyond ASCII are evidence for Windows-1252, as single ones among ASCII are."""
    score = 0.0
    for match in re.finditer("[\x80-\uffff]+", text):
        run = match.group()
        if len(run) > 2 or "\ufffd" in run:
            score -= len(run)
            continue
        for character in run:
            score += settings.unlikely_character * (character == "¤")
            score += settings.western_sign if character in _WESTERN_SIGNS else settings.western_letter
    return score


# Common Chinese characters.


def is_level_1(character: str) -> bool:
    """Decide whether a Chinese character is common: of the first level of GB 2312 or of Big5."""
    return character in level_1_characters()


@cache
def level_1_characters() -> frozenset[str]:
    """Return the first levels of GB 2312 and Big5, characters that make up about 99 in 100 of written Chinese."""
    found: set[str] = set()
    for standard, (first, last) in _LEVEL_1.items():
        for lead in range(first, last + 1):
            for trail in range(0x40, 0xFF):
                found.update(bytes((lead, trail)).decode(standard, "ignore"))
    return frozenset(filter(is_han, found))


def _level(character: str, standard: str) -> int | None:
    """Return the level, 1 or 2, of a Chinese character in a standard; None where the standard lacks it."""
    try:
        lead = character.encode(standard)[0]
    except UnicodeEncodeError:
        return None
    first, last = _LEVEL_1[standard]
    return 1 if first <= lead <= last else 2
