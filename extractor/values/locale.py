"""Where a document comes from, as far as its print tells: day before month, or month before day."""

from __future__ import annotations

import re

_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|"
    "PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR"
)
_MONTH_FIRST = (
    re.compile(rf"\b(?:{_STATES})\.?,?\s+\d{{5}}(?:-\d{{4}})?\b"),
    re.compile(r"(?<![\d+])(?:1[-. ])?\(?[2-9]\d\d\)?[-. ]\d{3}[-.]\d{4}\b"),
    re.compile(r"\b(?:U\.?S\.?A\b|United States)"),
    re.compile(r"\b(?:LLC|L\.L\.C\.|Inc\.|Corp\.)"),
)
_DAY_FIRST = (
    re.compile(r"[£€₹]|\b(?:RM|MYR|SGD|EUR|GBP|INR|AUD|NZD|CHF|THB|IDR|Rp|Rs\.?)\s?\d|\b(?:S|A|NZ|HK)\$"),
    re.compile(r"\b(?:RM|MYR|SGD|EUR|GBP|INR|AUD|NZD|CHF|THB|IDR)\b"),
    re.compile(r"\b(?:GST|SST|VAT|ABN|TVA|IVA|MwSt|USt)\b", re.IGNORECASE),
    re.compile(r"\b(?:Sdn\.?|Bhd\.?|Pte\.?|Pty\.?|GmbH|PLC|S\.?r\.?l\.?|B\.V\.)(?!\w)", re.IGNORECASE),
    re.compile(r"(?<!\d)(?:\+|00)(?!1\b)[2-9]\d{0,2}[ -]\d"),
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b"),
)


def infer_date_order(text: str) -> str:
    """`mdy` where more in the text speaks of the United States than of elsewhere, else `dmy`.

    Looked at are addresses, telephone numbers, currencies, taxes and forms of companies. Most of the world writes the
    day first, so that is also the answer where nothing tells.
    """
    us = sum(pattern.search(text) is not None for pattern in _MONTH_FIRST)
    elsewhere = sum(pattern.search(text) is not None for pattern in _DAY_FIRST)
    return "mdy" if us > elsewhere else "dmy"
