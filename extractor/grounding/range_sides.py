"""The two dates of a printed period: the field named for the start has the first, the one for the end the second."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from extractor.grounding.lines import Span
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule
from extractor.types import Field
from extractor.values import normalisation


@dataclass(frozen=True)
class RangeSideSettings(Settings):
    """Whether the names of fields decide between the dates of a period."""

    follow_names: bool = rule(
        True, meaning="Of `1 May - 7 May`, a field called start has the first date and one called end the second."
    )
    join_sides: bool = rule(
        True, meaning="Where one side of a period is a date of a printed one, and the other of none, they are the two."
    )


_START = frozenset({"start", "starts", "from", "begin", "begins", "beginning", "first", "since"})
_END = frozenset({"end", "ends", "ending", "to", "until", "through", "thru", "last"})
_START_CJK = re.compile(r"^(?:开始|開始|起始|自)|(?:开始|開始|起始|起)(?:日期?|时间|時間)?$")
_END_CJK = re.compile(r"^(?:结束|結束|截止|终止|至)|(?:结束|結束|截止|终止|止)(?:日期?|时间|時間)?$")
_BETWEEN = re.compile(r"\s*(?:[-–—−~～〜]|to|through|thru|until|till|bis|au|al|至|到)\s*", re.IGNORECASE)


def is_end_of_range(field: Field) -> bool | None:
    """Return whether a field is named for the end of a period, None where it is named for neither side."""
    for name in dict.fromkeys((readable_name(field.name), *field.labels)):
        words = name.casefold().split()
        edges = {*words[:1], *words[-1:]} - ({"date"} if len(words) > 1 else set())
        edges |= {words[-2]} if len(words) > 2 and words[-1] in ("date", "time", "day") else set()
        is_start = bool(edges & _START) or _START_CJK.search(name) is not None
        is_end = bool(edges & _END) or _END_CJK.search(name) is not None
        if is_start != is_end:
            return is_end
    return None


def name_of_period(field: Field) -> tuple[str, ...]:
    """Return the words of a field's name without the one for a side: `hireStart` and `hireEnd` have the same."""
    words = readable_name(field.name).casefold().split()
    return (*map(str, field.path[:-1]), *(word for word in words if word not in _START | _END))


def find_printed_period(span: Span, kind: str, text: str) -> tuple[Span, Span] | None:
    """Return the two dates of the period printed on one line that `span` is a date of; None where it is of none."""
    line_start, line_end = text.rfind("\n", 0, span[0]) + 1, text.find("\n", span[1])
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    spans = normalisation.find_spans(kind, line)
    for first, second in pairwise(spans):
        sides = [(line_start + start, line_start + end) for start, end in (first, second)]
        is_either = any(start <= span[0] and span[1] <= end for start, end in sides)
        if is_either and _BETWEEN.fullmatch(line[first[1] : second[0]]):
            return sides[0], sides[1]
    return None


def find_side_of_range(span: Span, field: Field, text: str) -> Span:
    """Return the date of a printed period that the field is named for, where `span` is either; else the span."""
    kind = normalisation.value_kind(field)
    if kind not in normalisation.TEMPORAL_KINDS or not RangeSideSettings.current().follow_names:
        return span
    is_end = is_end_of_range(field)
    period = find_printed_period(span, kind, text) if is_end is not None else None
    return span if period is None or is_end is None else period[is_end]
