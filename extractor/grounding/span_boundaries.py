"""Where the answer to a free-text field begins and ends: small models point at the right lines and miss their ends."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from extractor.grounding import organization_name, person_names, postal_address
from extractor.grounding.lines import Span, find_lines, holds_other_value, is_labelled, other_label_terms, rest_of_lines
from extractor.schemas.subschemas import readable_name
from extractor.settings import Settings, rule, threshold
from extractor.types import Document, Field
from extractor.values import label_similarity, normalisation
from extractor.values.scripts import has_cjk
from extractor.values.terms import search_terms


@dataclass(frozen=True)
class SpanBoundarySettings(Settings):
    """Rules for the ends of free texts."""

    trim_other_lines: bool = rule(
        True, meaning="An answer of several lines loses lines at its ends that hold another value."
    )
    restore_edge_words: bool = rule(
        True, meaning="The first and last line of an answer of several lines get back the few words that are missing."
    )
    complete_contacts: bool = rule(
        True, meaning="A part of a telephone number or an e-mail or web address is all of it, in a field named for one."
    )
    trim_own_label: bool = rule(
        True, meaning="An answer of several lines loses a first line that is the field's own label."
    )
    complete_quotations: bool = rule(
        True, meaning="An answer that ends in an open bracket before a quotation mark goes on to the end of its line."
    )
    trim_identifiers: bool = rule(
        True, meaning="A number or code loses the label before it and the words behind it: `No. 77-1 rev. B` is 77-1."
    )
    trim_page_numbers: bool = rule(True, meaning="A text loses the number of the page at its end: `Page 2 of 3`.")
    max_edge_words: int = threshold(
        5, unit="words", meaning="So many words of a line may be missing at an end of an answer to be put back."
    )
    max_edge_length: int = threshold(30, unit="characters", meaning="The same in characters.")


_TAB = re.compile(r"(?P<separator>[\n\t])")
_PAUSE = re.compile(r"[a-z\d]{3}\.\s|[;；。!?！？]\s|[:：（\[\]{}<>\"“”|=]|\((?!\w{1,3}\.?\))")
"""What ends a sentence or opens a remark: words beyond it are not the rest of a value."""


def adjust_span(span: Span, field: Field, document: Document, fields: Iterable[Field] = ()) -> Span:
    """Return the stretch of a free text with its ends set where the lines it stands on say that they are.

    An answer of several lines loses lines at its ends that hold something else: `Tel: 603-6203`, a lone number or date.
    A few words that it left out of its first and last line are put back. Other texts of one line stay as they were
    answered, but postal addresses and names of organizations have rules of their own (`postal_address`,
    `organization_name`).

    `fields` are all fields of the record: lines with words of another field's labels are not added.
    """
    settings = SpanBoundarySettings.current()
    text = document.text
    if settings.complete_contacts and (whole := _whole_contact(span, field, text)):
        return whole
    if number := find_identifier(span, field, text):
        return number
    span = trim_page_number(span, text)
    start, end = _trim_other_lines(span, text) if settings.trim_other_lines else span
    start = _start_after_own_label((start, end), field, text) if settings.trim_own_label else start
    end = _end_of_open_quotation(start, end, text) if settings.complete_quotations else end
    if postal_address.is_postal_address(field):
        start, end = postal_address.adjust_address((start, end), text, other_label_terms(field, fields))
    if "\n" in text[start:end]:
        return _restore_edge_words((start, end), field, text) if settings.restore_edge_words else (start, end)
    start, end = person_names.trim_role((start, end), field, text)
    return organization_name.complete_legal_form((start, end), field, text)


_CONTACTS = {
    "phone": re.compile(
        r"\b(?:tele)?phones?\b|\b(?:tel|fax|mobile|hotline)\b|电话|電話|传真|傳真|手机|手機", re.IGNORECASE
    ),
    "email": re.compile(r"\be-?mails?\b|邮箱|郵箱|电子邮件", re.IGNORECASE),
    "uri": re.compile(r"\b(?:web ?site|web ?page|url|home ?page)\b|网址|網址|网站", re.IGNORECASE),
}


def _whole_contact(span: Span, field: Field, text: str) -> Span | None:
    """Return the telephone number or address that the answer is a part of, where the field is named for one."""
    names = " ".join((*field.labels, readable_name(field.name)))
    kind = next((kind for kind, pattern in _CONTACTS.items() if pattern.search(names)), None)
    if kind is None or "\n" in text[slice(*span)]:
        return None
    line_start, line_end = text.rfind("\n", 0, span[0]) + 1, text.find("\n", span[1])
    line = text[line_start : line_end if line_end >= 0 else len(text)]
    found = ((line_start + start, line_start + end) for start, end in normalisation.find_spans(kind, line))
    return next(
        ((min(start, span[0]), max(end, span[1])) for start, end in found if start < span[1] and span[0] < end), None
    )


_NAMED_FOR_IDENTIFIER = re.compile(
    r"\b(?:numbers?|num|no|nr|code|id|identifier|vin|iban|bic|swift)\.?$|\w\s(?:reference|ref)\.?$|"
    r"(?:号码?|编号|番号|代码|号)$",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"[^\s（(【\[]+|[（(【\[]")


_PAGE_NUMBER = re.compile(
    r"\s*(?:[–—|·-]\s*)?\b(?:Seite|Page|Página|Pagina|Blatt|Sheet|Side)\s\d{1,4}\s?(?:von|of|de|di|van|sur|af|/)\s?\d{1,4}\W*\Z"
    r"|\s*第\s?\d{1,4}\s?[页頁](?:[，,/\s]*共\s?\d{1,4}\s?[页頁])?\W*\Z"
)


def trim_page_number(span: Span, text: str) -> Span:
    """Return the stretch without the number of the page at its end: `Notary Hill – Page 2 of 3`."""
    if not SpanBoundarySettings.current().trim_page_numbers:
        return span
    number = _PAGE_NUMBER.search(text[slice(*span)])
    return (span[0], span[0] + number.start()) if number and number.start() else span


def find_identifier(span: Span, field: Field, text: str) -> Span | None:
    """Return the number or code in the answer of a field named for one; None where that is all of it, or not told.

    It begins behind the last word in lower case, or with a full stop or a colon, before its digits (`B/L No.`) and ends
    before a bracket, a word in lower case, another label or a lone separator.
    """
    names = (field.name and readable_name(field.name), field.title)
    tokens = [(m.start() + span[0], m.end() + span[0]) for m in _TOKEN.finditer(text[slice(*span)])]
    words = [text[slice(*token)] for token in tokens]
    first = next((n for n, word in enumerate(words) if any(map(str.isdigit, word))), None)
    is_on = SpanBoundarySettings.current().trim_identifiers
    if first is None or not is_on or not any(name and _NAMED_FOR_IDENTIFIER.search(name) for name in names):
        return None
    begin = max((n + 1 for n in range(first) if _is_label(words[n]) or "\n" in _gap(tokens, n, text)), default=0)
    ends = (n for n in range(first + 1, len(words)) if _ends_identifier(words[n]) or "\n" in _gap(tokens, n - 1, text))
    end = next(ends, len(words)) - 1
    found = tokens[begin][0], tokens[end][1]
    return found if found != span and words[first] not in "([（【" else None


def _gap(tokens: list[Span], number: int, text: str) -> str:
    return text[tokens[number][1] : tokens[number + 1][0]]


def _is_label(word: str) -> bool:
    """Decide whether a word before the digits of a number or code is none of it, as `No.` and `Receipt`."""
    return word[-1] in ".:：#" or any(map(str.islower, word))


def _ends_identifier(word: str) -> bool:
    """Decide whether a word behind the digits of a number or code is none of it."""
    has_digit = any(map(str.isdigit, word))
    return word in ("(", "（", "【", "[", "/", "|", "-", "–", "—") or (
        not has_digit and (word[-1] in ":：" or any(map(str.islower, word)))
    )


def _trim_other_lines(span: Span, text: str) -> Span:
    """Return the stretch without lines at its ends that hold another value, unless all of them do.

    It ends before the first of several such lines: a small model that does not stop runs on into what follows.
    """
    lines = find_lines(*span, text)
    own = [not holds_other_value(text[start:end]) for start, end in lines]
    if not any(own):  # the answer is itself a number of some kind
        own = [not is_labelled(text[start:end]) for start, end in lines]
    if len(lines) < 2 or not any(own):
        return span
    first, last = own.index(True), len(own) - 1 - own[::-1].index(True)
    if own[first:].count(False) > 1:
        last = own.index(False, first) - 1
    return lines[first][0], lines[last][1]


_ENUMERATED = re.compile(r"^\s*(?:\(?\w{1,3}[.)]\s+)?")
_SIMILAR_LABEL = 0.8
"""So alike, from 0 to 1, is a line to a label of the field that is printed on it."""


def _start_after_own_label(span: Span, field: Field, text: str) -> int:
    """Return where the stretch begins without a first line that has the field's label: `3. Home address(es)`."""
    lines = find_lines(*span, text)
    if len(lines) < 2:
        return span[0]
    first = re.sub(r"\(\w{1,3}\)", "", _ENUMERATED.sub("", text[slice(*lines[0])])).strip(" :：.")
    names = (*field.labels, readable_name(field.name))
    is_label = label_similarity.best_similarity(names, first) >= _SIMILAR_LABEL
    return lines[1][0] if is_label else span[0]


def _end_of_open_quotation(start: int, end: int, text: str) -> int:
    """Return where the stretch ends: at the end of its line, where it stops at a quotation mark in an open bracket.

    Models end a text at the first quotation mark, for it ends the text in their answer.
    """
    stop = text.find("\n", end)
    is_open = text.count("(", start, end) > text.count(")", start, end) and text[end : end + 1] in _QUOTATION_MARKS
    return len(text[: stop if stop >= 0 else len(text)].rstrip()) if is_open else end


_QUOTATION_MARKS = ('"', "“", "”")


def _restore_edge_words(span: Span, field: Field, text: str) -> Span:
    """Return the stretch of several lines with the missing words of its first and last line."""
    start, end = span
    before, after = rest_of_lines(start, end, text, _TAB)
    start -= len(before) if _may_belong(before, field) else 0
    return start, end + (len(after) if _may_belong(after, field) else 0)


def _may_belong(edge: str, field: Field) -> bool:
    """Decide whether the rest of a line may be the rest of the value: a few words, none of them of the field's labels.

    Chinese and Japanese have no spaces between words, so that nothing tells a few words from half a sentence.
    """
    settings = SpanBoundarySettings.current()
    words = edge.split()
    if not words or len(words) > settings.max_edge_words or len(edge.strip()) > settings.max_edge_length:
        return False
    if _PAUSE.search(edge + " ") or has_cjk(edge):
        return False
    return not set(search_terms(edge)) & set(search_terms(" ".join(field.labels)))
