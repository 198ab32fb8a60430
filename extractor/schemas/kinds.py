"""The kinds of value that a schema may declare with `x-kind`, in one registry.

A kind says what a value looks like in print where neither `type` nor `format` does. Some have a parser in
`extractor.values.normalisation`, others switch on rules for where the value begins and ends in
`extractor.grounding`. A new kind gets its line here and its row in `schemas/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping

VALUE_KINDS: Mapping[str, str] = {
    "number": "a number, kept as printed",
    "integer": "a whole number, kept as printed",
    "boolean": "yes or no, a tick or a box, kept as printed",
    "date": "a date, stored as 2020-01-31",
    "time": "a time of day, kept as printed where no format asks for a time zone",
    "date-time": "a date with a time of day, kept as printed where no format asks for a time zone",
    "email": "an e-mail address",
    "uri": "a web address",
    "phone": "a telephone number",
    "identifier": "a number or code that names something, kept as printed: `0042`, `SR-2041/7`",
    "money": "an amount of money; stands beside a number, with its currency in `x-unit` where there is only one",
    "postal-address": "a postal address, which may take several lines",
    "seal": "a seal: whether there is one for yes and no, what it says for a text",
    "signature": "a signature, on paper or in the file: whether there is one",
    "organization-name": "the name of a company or another organization, with its legal form",
}
"""Every kind by name, with what it means."""
