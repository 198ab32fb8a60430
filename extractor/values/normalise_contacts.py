"""Printed e-mail addresses, web addresses and telephone numbers as values of a field."""

from __future__ import annotations

import re

from extractor.problems import ProblemKind
from extractor.types import Field
from extractor.values import contacts
from extractor.values.characters import fold
from extractor.values.normalised_value import NormalisedValue, field_format, not_normalised, problem

_VALID_URI = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:|[A-Za-z0-9.-]+:\d+)"
    r"(?://[A-Za-z0-9][A-Za-z0-9.-]*(?::\d{0,5})?(?=[/?#]|$)|(?!//))"
    r"(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*(?:#(?:[A-Za-z0-9._~:/?@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)
"""The URIs of RFC 3986 that are printed, and a host with a port, which has no scheme."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_HOST_WITH_PORT = re.compile(r"[^/]*:\d")


def normalise_email(field: Field, text: str) -> NormalisedValue:
    """Return the one e-mail address of `text`, also one broken by white space; else None with a Problem."""
    for attempt in (fold(text), re.sub(r"\s+", "", fold(text))):
        addresses = {attempt[start:end] for start, end in contacts.find_emails(attempt)}
        if len(addresses) == 1:
            return NormalisedValue(addresses.pop())
    return not_normalised(field, text, "one e-mail address")


def normalise_uri(field: Field, text: str) -> NormalisedValue:
    """Return the one web address of `text`, also one broken by white space; else None with a Problem.

    One without a scheme gets `https://`, with a Problem, unless the field takes references.
    """
    for attempt in (text, re.sub(r"\s+", "", text)):
        addresses = {attempt[start:end] for start, end in contacts.find_uris(attempt)}
        if len(addresses) != 1:
            continue
        uri = fold(addresses.pop())
        if not _VALID_URI.fullmatch(uri if ":" in uri else f"https://{uri}"):
            break
        has_scheme = _SCHEME.match(uri) and not _HOST_WITH_PORT.match(uri)
        if has_scheme or field_format(field).endswith("reference"):
            return NormalisedValue(uri)
        message = f"“{uri}” is printed without http:// or https://; https:// was put in front"
        return NormalisedValue(f"https://{uri}", (problem(field, ProblemKind.ASSUMED_SCHEME, message),))
    return not_normalised(field, text, "one web address")


def normalise_phone(field: Field, text: str) -> NormalisedValue:
    """Return the one telephone number of `text` in ASCII, no digit added or dropped; else None with a Problem."""
    spans = contacts.find_phones(text)
    if len(spans) == 1:
        start, end = spans[0]
        return NormalisedValue(contacts.clean_phone(text[start:end]))
    if not spans and contacts.is_phone(text):
        return NormalisedValue(contacts.clean_phone(text))
    return not_normalised(field, text, "one telephone number")
