"""Years counted otherwise than from the year 1 of the common era: Japanese eras, the Republic of China, Buddhist years.

The offsets are those of the calendars `japanese`, `roc` and `buddhist` of Unicode CLDR.
"""

from __future__ import annotations

import re

JAPANESE_ERAS = {
    **dict.fromkeys(("令和", "㋿"), 2018),
    **dict.fromkeys(("平成", "㍻"), 1988),
    **dict.fromkeys(("昭和", "㍼"), 1925),
    **dict.fromkeys(("大正", "㍽"), 1911),
    **dict.fromkeys(("明治", "㍾"), 1867),
}
"""What is added to a year of the era."""
ERA_LETTERS = {"R": 2018, "H": 1988, "S": 1925, "T": 1911, "M": 1867}
ERA_LETTERS |= {"令": 2018, "平": 1988, "昭": 1925, "大": 1911, "明": 1867}
"""The eras as forms and certificates abbreviate them: `R6.7.1`, `令6.7.1`."""
REPUBLIC_NAMES = ("中華民國", "中华民国", "中華民国", "民國", "民国")
REPUBLIC_OFFSET = 1911
BUDDHIST_OFFSET = -543
FIRST_GREGORIAN_YEAR = 1583
"""The first whole year of the Gregorian calendar; an earlier one in a report is more likely of another calendar."""

ERA = "|".join([*REPUBLIC_NAMES, *JAPANESE_ERAS])
"""An alternation of the names of eras that stand before a year."""
BUDDHIST_ERA = r"พ\.?[ ]?ศ\.?|B\.?E\.?(?=[ ]?\d)|佛[曆历]|仏[暦滅]"
"""An alternation of what says before a year that it is Buddhist."""

_BUDDHIST_YEARS = range(2400, 2700)
_THAI = re.compile(r"[\u0e00-\u0e7f]|\bB\.?E\.?(?![A-Za-z])|佛[曆历]|仏[暦滅]")
_NAMED_REPUBLIC = re.compile("|".join(REPUBLIC_NAMES))
_NAMED_ERA = re.compile(ERA)

THAI_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "มกราคม ม.ค.",
            "กุมภาพันธ์ ก.พ.",
            "มีนาคม มี.ค.",
            "เมษายน เม.ย.",
            "พฤษภาคม พ.ค.",
            "มิถุนายน มิ.ย.",
            "กรกฎาคม ก.ค.",
            "สิงหาคม ส.ค.",
            "กันยายน ก.ย.",
            "ตุลาคม ต.ค.",
            "พฤศจิกายน พ.ย.",
            "ธันวาคม ธ.ค.",
        ),
        start=1,
    )
    for name in names.split()
}

MONTHS_IN_OTHER_LANGUAGES = (
    "januar jänner janvier janv enero gennaio janeiro januari stycznia",
    "februar februari février févr febrero febbraio fevereiro fev lutego",
    "märz mars marzo março maart mrt marts marca",
    "avril avr abril abr aprile kwietnia",
    "mai mayo maggio maio mei maj maja",
    "juni juin junio giugno junho czerwca",
    "juli juillet juil julio luglio julho lipca",
    "août agosto augustus augusti sierpnia",
    "septembre septiembre settembre setembro września",
    "oktober octobre octubre ottobre outubro okt października",
    "novembre noviembre novembro listopada",
    "dezember décembre diciembre dicembre dezembro dez dic déc desember grudnia",
)
"""The names of the months in other European languages, from Danish to Swedish.

January first; in small letters, without those that English has too and abbreviations that are words of another kind
(`out`, `set`). Written out because loading a locale takes a tenth of a second; a test compares them with those of CLDR.
"""


def common_year(era: str, year: int) -> int:
    """Return the year of the common era that is `year` of the era named `era`, in full or by its letter."""
    if era in REPUBLIC_NAMES:
        return year + REPUBLIC_OFFSET
    if era in JAPANESE_ERAS:
        return year + JAPANESE_ERAS[era]
    if era.upper() in ERA_LETTERS:
        return year + ERA_LETTERS[era.upper()]
    return year + BUDDHIST_OFFSET


def is_buddhist_year(year: int) -> bool:
    """Return whether a year of four digits is more likely Buddhist than one of the common era: 2567 is 2024."""
    return year in _BUDDHIST_YEARS


def names_buddhist_years(text: str) -> bool:
    """Return whether `text` is written where years are Buddhist: in Thai, or with the name of the era."""
    return _THAI.search(text) is not None


def names_republic(text: str) -> bool:
    """Return whether `text` names the Republic of China, whose years are its own."""
    return _NAMED_REPUBLIC.search(text) is not None


def names_era(text: str) -> bool:
    """Return whether `text` names an era of Japan or the Republic of China."""
    return _NAMED_ERA.search(text) is not None
