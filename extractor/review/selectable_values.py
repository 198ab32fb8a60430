"""What one click in a document selects: dates, numbers with their signs and units, codes, and addresses.

The browser knows no grammar of numbers and dates: it selects the value that the server has found at the place of the
click, or else a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from extractor.values.contacts import find_emails, find_phones, find_uris
from extractor.values.dates import find_dates
from extractor.values.numbers import find_numbers
from extractor.values.spans import Span
from extractor.values.times import find_times

_RUN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._\-/@:#&+]*[A-Za-z0-9])?")
_CODE = re.compile(r"[A-Za-z].*[0-9].*|[0-9]+(?:-[0-9]+)+")
"""Which runs of Latin letters, digits and signs are codes: letters with digits behind, or digits joined by hyphens."""


def find_selectable_values(text: str) -> list[Span]:
    """Return the start and end of each value in a text, sorted and without overlaps; none runs over a line break.

    Where two overlap, the more certain kind wins: addresses, dates, times and telephone numbers, then codes, then
    numbers; of one kind the longer.
    """
    values: list[Span] = []
    covered = bytearray(len(text))
    for spans in _spans_by_certainty(text):
        for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
            if start < end and not any(covered[start:end]) and "\n" not in text[start:end]:
                covered[start:end] = b"\1" * (end - start)
                values.append((start, end))
    return sorted(values)


def _spans_by_certainty(text: str) -> Iterator[Iterable[Span]]:
    yield find_emails(text)
    yield find_uris(text)
    yield ((date.start, date.end) for date in find_dates(text) if not date.weak)
    yield ((time.start, time.end) for time in find_times(text))
    yield find_phones(text, certain_only=True)
    yield (run.span() for run in _RUN.finditer(text) if _CODE.fullmatch(run[0]))
    numbers = list(find_numbers(text))
    yield ((number.start, number.end) for number in numbers if not number.weak)
    yield ((number.start, number.end) for number in numbers if number.weak)
