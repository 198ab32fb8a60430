"""Addresses as printed: e-mail, web, telephone."""

from __future__ import annotations

import re

from extractor.values.characters import SPACES, fold
from extractor.values.dates import find_dates

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9_%+-](?:[A-Za-z0-9._%+'-]{0,63})@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62})\.){1,8}[A-Za-z]{2,24}"
    r"(?![A-Za-z0-9-])"
)
_TOP_LEVEL_DOMAINS = (
    "com|org|net|gov|edu|int|mil|info|biz|io|co|ai|app|dev|cn|hk|tw|mo|sg|my|uk|us|eu|de|fr|es|it|nl|be|at|ch|se|no|dk|fi"
    "|pl|cz|pt|gr|ie|ca|au|nz|jp|kr|in|id|th|vn|ph|za|ke|ng|eg|il|tr|ru|ua|br|mx|ar|cl"
)
"""Endings by which a web address without a scheme is recognised; with a scheme, any will do."""
_URI = re.compile(
    r"(?<![A-Za-z0-9@])(?:(?:https?|ftps?)://[!-~]{1,2000}|mailto:[!-~]{3,254}|www\.[A-Za-z0-9-]+\.[!-~]{1,500}"
    rf"|(?<![.\-/_])(?:[A-Za-z0-9](?:[A-Za-z0-9-]{{0,62}})\.){{1,5}}(?:{_TOP_LEVEL_DOMAINS})(?![A-Za-z0-9@.-]|\.[A-Za-z])"
    r"(?::\d{2,5})?(?:/[!-~]{0,500})?)",
    re.IGNORECASE,
)
_SHORTEST_URI = 4
_WIDE_PUNCTUATION = "，；。（）：！？＞＜"
_CLOSING_PUNCTUATION = ".,;:!?'\"*"

_DASH = rf"[{SPACES}]?(?:[-—―－/.·]|——|—-)[{SPACES}]?"
_GAP = rf"(?:{_DASH}|[{SPACES}])"
_PHONE = re.compile(
    rf"""(?<![\d.,A-Za-z@/_-])(?<!\d[ ])(?P<phone>
      (?P<international>(?:\+|00(?=[1-9](?:[ ()-]{{0,2}}\d){{8}}))\d{{1,3}}[{SPACES}]?(?:-[{SPACES}]?)?
        (?:\(\d{{1,5}}\)[{SPACES}]?-?)?\d{{1,5}}(?:{_GAP}?\d{{2,5}}){{1,5}})
    | (?P<area_code>\(\d{{2,5}}\)[{SPACES}]?-?[{SPACES}]?\d{{3,4}}{_GAP}?\d{{3,5}})
    | (?P<service>[48]00{_DASH}?\d{{3,4}}{_GAP}\d{{3,4}}|1{_DASH}[2-9]\d\d{_DASH}\d{{3}}{_DASH}\d{{4}}|[48]00\d{{7}})
    | (?P<north_american>[2-9]\d\d(?:-\d{{3}}-|\.\d{{3}}\.|[{SPACES}]\d{{3}}[{SPACES}-])\d{{4}})
    | (?P<trunk_prefix>0\d{{1,4}}(?:{_DASH}|[{SPACES}])\d{{3,4}}{_GAP}?\d{{3,5}}(?:[{SPACES}]\d\d(?!\d))?)
    | (?P<chinese_mobile>1[3-9]\d{{9}}|1[3-9]\d[{SPACES}-]\d{{4}}[{SPACES}-]\d{{4}})
    | (?P<digits_only>0\d{{9,11}})
    | (?P<local>[2-9]\d{{2,3}}[-][{SPACES}]?\d{{4}}|[2-9]\d{{6,7}})
    | (?P<grouped>(?:\d[{SPACES}])?(?:\(\d{{1,4}}\)|\d{{2,5}})(?:[{SPACES}-]\d{{2,5}}){{1,4}}(?![{SPACES}]\d|-\d[\d-])
        |0\d(?:\.\d\d){{4}}(?!\.\d))
    )(?P<extension>[{SPACES}]?(?:(?:ext|extension|x|分机|转)\.?[{SPACES}:]{{0,2}}\d{{1,6}}|-\d{{1,5}}(?![\d-])))?(?![\d]|[.,]\d|[A-Za-z年月日万元亿%])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CERTAIN_PHONES = ("international", "area_code", "service", "north_american", "trunk_prefix")
"""The forms that can hardly be any other number."""
_FEWEST_GROUPED_DIGITS, _MOST_GROUPED_DIGITS = 7, 11
"""Digits of a number in groups, as `grouped` has it, in the countries of the world; with fewer it is something else."""
_TWO_YEARS = re.compile(rf"(?:19|20)\d\d[{SPACES}-](?:19|20)\d\d")
_DIALLED = re.compile(r"(?!\d+\.\d+$)(?P<number>[\d(+][\d ()+./-]+)(?:(?:ext|x|转)\.? ?\d{1,6})?", re.IGNORECASE)
_FEWEST_DIALLED_DIGITS, _MOST_DIALLED_DIGITS = 3, 15
"""Digits of the number for emergencies, and of the longest that ITU-T E.164 allows."""


def find_emails(text: str) -> list[tuple[int, int]]:
    """Return where e-mail addresses stand in `text`."""
    return [match.span() for match in _EMAIL.finditer(fold(text))]


def find_uris(text: str) -> list[tuple[int, int]]:
    """Return where web addresses stand in `text`, with or without a scheme; closing punctuation is no part of one."""
    folded = fold(text)
    spans = []
    for match in _URI.finditer(folded):
        start, end = match.span()
        wide = next((i for i in range(start, end) if text[i] != folded[i] and text[i] in _WIDE_PUNCTUATION), end)
        end = wide if wide > start else end
        quoted = re.search(r"[<>\"\\^`{}|]", folded[start:end])
        end = start + quoted.start() if quoted else end
        while end > start and (folded[end - 1] in _CLOSING_PUNCTUATION or _closes_unopened(folded[start:end])):
            end -= 1
        if end - start >= _SHORTEST_URI:
            spans.append((start, end))
    return spans


def _closes_unopened(text: str) -> bool:
    """Return whether `text` ends with a closing bracket that has no opening one."""
    opening = {")": "(", "]": "["}
    return text[-1] in opening and text.count(text[-1]) > text.count(opening[text[-1]])


def find_phones(text: str, certain_only: bool = False) -> list[tuple[int, int]]:
    """Return where telephone numbers stand in `text`; with `certain_only`, those that can hardly be another number."""
    found = _PHONE.finditer(fold(text))
    if certain_only:
        return [m.span() for m in found if any(m[form] for form in _CERTAIN_PHONES)]
    return [m.span() for m in found if not m["grouped"] or _can_be_dialled_in_groups(m["grouped"])]


def _can_be_dialled_in_groups(groups: str) -> bool:
    """Decide whether groups of digits can be a telephone number: by their length, and because they are no dates."""
    length = sum(map(str.isdigit, groups))
    is_long_enough = _FEWEST_GROUPED_DIGITS <= length <= _MOST_GROUPED_DIGITS
    return is_long_enough and not _is_date(groups) and not _TWO_YEARS.fullmatch(groups)


def _is_date(text: str) -> bool:
    return any(date.certain and (date.start, date.end) == (0, len(text)) for date in find_dates(text))


def is_phone(text: str) -> bool:
    """Decide whether `text` holds a telephone number, or is digits in groups that are no date."""
    if find_phones(text):
        return True
    dialled = _DIALLED.fullmatch(clean_phone(text))
    if dialled is None or _is_date(dialled["number"]):
        return False
    return _FEWEST_DIALLED_DIGITS <= sum(map(str.isdigit, dialled["number"])) <= _MOST_DIALLED_DIGITS


def clean_phone(text: str) -> str:
    """Return `text` in ASCII with single spaces and hyphens; no digit is added or dropped."""
    folded = re.sub(r"[—―]+-?|-[—―]", "-", fold(text).strip())
    return re.sub(rf"[{SPACES}]*-[{SPACES}]*", "-", re.sub(rf"[{SPACES}]+", " ", folded))
