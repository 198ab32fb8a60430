"""Where the answer to a free-text field begins and ends: small models point at the right lines and miss their ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from extractor.types import Document, Field
from extractor.values import label_similarity as names
from extractor.values import normalization
from extractor.values.terms import search_terms

Stretch = tuple[int, int]

_PART = re.compile(r"\(\w{1,3}\.?\)|(?P<part>[\n\t:：()（）,，])")
"""What parts one thing on a line from the next; a short remark within a name, `(M)`, does not."""
_LABELLED = re.compile(r"\s*[(（]?[^\W\d][^\n:：]{0,23}[:：]\s*\S")
_LONE = re.compile(r"[\W\d]*[^,，\w]|[\W\d]*\d|\W*\d[\d-]{4,}[A-Z]?[^\w,，]*")
"""A line of figures and signs alone, or of a registration number; a line that ends in a comma goes on."""
_PAUSE = re.compile(r"[a-z\d]{3}\.\s|[;；。!?！？]\s|[:：（）\[\]{}<>\"“”|=]|\((?!\w{1,3}\.?\))")
_LETTERED = re.compile(r"[A-Z0-9&@][\w'’&./@-]*|\(\w{1,3}\.?\)")
_JOINING = frozenset(("of", "and", "de", "the"))
_FORM = re.compile(
    r"sdn|bhd|berhad|co|company|ltd|limited|inc|llc|llp|gmbh|ag|kg|plc|pte|pty|corp|corporation|sa|srl|bv|oy",
    re.IGNORECASE,
)
"""Forms of companies: a name does not begin with one, nor end where one follows."""
EDGE_WORDS, EDGE = 5, 30
"""As many words, and characters, of a line may be missing at an end of an answer for them to be put back."""


def adjust_span(place: Stretch, field: Field, document: Document) -> Stretch:
    """A free text's stretch with its ends set where the lines it stands on say that they are.

    An answer of several lines loses lines at its ends that say something else: `Tel: 603-6203`, a lone number or date.
    What it left out of its first and last line is put back, a few words at most (`No 290,`), and so are the other words
    of a name that has a line to itself, or goes on with the form of a company; an address takes the lines that only
    addresses have. Prose stays as it was answered, and so does what brackets or colons part.
    """
    text = document.text
    start, end = _trimmed(*place, text)
    if is_address(field):
        start, end = _address(start, end, text)
    if "\n" in text[start:end]:
        before, after = _rest(start, end, text, re.compile(r"(?P<part>[\n\t])"))
        start -= len(before) if _belongs(before, field) else 0
        return start, end + (len(after) if _belongs(after, field) else 0)
    before, after = _rest(start, end, text, _PART)
    rest = [edge for edge in (before, after) if edge]
    if (
        rest
        and _is_name(before + text[start:end] + after)
        and all(_belongs(edge, field) and not any(w.isdigit() or w in _JOINING for w in edge.split()) for edge in rest)
    ):
        start, end = start - len(before), end + len(after)
    return _with_its_form(start, end, text)


def _rest(start: int, end: int, text: str, parting: re.Pattern[str]) -> tuple[str, str]:
    """What stands before and behind the stretch on its lines, as far as nothing parts it from there."""
    line = text.rfind("\n", 0, start) + 1
    stop = text.find("\n", end)
    stop = len(text) if stop < 0 else stop
    left = max((m.end() for m in parting.finditer(text, line, start) if m["part"]), default=line)
    right = next((m.start() for m in parting.finditer(text, end, stop) if m["part"]), stop)
    before, after = text[left:start].lstrip(), text[end:right].rstrip()
    return re.sub(r"^\(\w{1,3}\.?\)\s*", "", before), re.sub(r"\s*\(\w{1,3}\.?\)$", "", after)


def _trimmed(start: int, end: int, text: str) -> Stretch:
    """The stretch without lines at its ends that are labelled, or hold no letters, unless they all are such lines.

    It ends before the first of several such lines: a small model that does not stop runs on into what follows.
    """
    lines = _lines(start, end, text)
    own = [not _says_else(text[a:b]) for a, b in lines]
    if len(lines) < 2 or not any(own):
        return start, end
    first, last = own.index(True), len(own) - 1 - own[::-1].index(True)
    if own[first:].count(False) > 1:
        last = own.index(False, first) - 1
    return lines[first][0], lines[last][1]


def _lines(start: int, end: int, text: str) -> list[Stretch]:
    return [m.span() for m in re.compile(r"[^\s](?:[^\n]*\S)?").finditer(text, start, end)]


def _says_else(line: str) -> bool:
    for kind in ("date", "time"):
        for a, b in reversed(normalization.find_spans(kind, line)):
            line = line[:a] + " " * (b - a) + line[b:]
    return bool(_LABELLED.match(line) or _LONE.fullmatch(line))


def _belongs(edge: str, field: Field) -> bool:
    """Whether the rest of a line may be the rest of the value: a few words, none of them the field's own name."""
    words = edge.split()
    if not words or len(words) > EDGE_WORDS or len(edge.strip()) > EDGE or _PAUSE.search(edge + " "):
        return False
    if re.search(rf"[{names.CJK}]", edge):
        return False
    return not set(search_terms(edge)) & set(search_terms(" ".join(field.labels)))


# Names.


def _is_name(line: str) -> bool:
    words = line.split()
    lettered = all(_LETTERED.fullmatch(word) or word in _JOINING for word in words)
    return 1 < len(words) <= 8 and lettered


def _with_its_form(start: int, end: int, text: str) -> Stretch:
    """A name with the form of its company on the line above or below: `Hill & Sons`, `(M) Sdn Bhd`."""
    if _is_form(text[start:end]):
        start -= len(_rest(start, end, text, re.compile(r"(?P<part>[\n\t:：])"))[0])
    before, after = _line_above(start, text), _line_below(end, text)
    if _is_form(text[start:end]) and before and _is_name(text[slice(*before)] + " X"):
        start = before[0]
    if after and _is_form(text[slice(*after)]):
        end = after[1]
    return start, end


def _is_form(line: str) -> bool:
    words = [word for word in re.findall(r"\w+", line) if len(word) > 1]
    return bool(words) and all(_FORM.fullmatch(word) for word in words)


def _line_above(start: int, text: str) -> Stretch | None:
    """The line right above one that the stretch begins; None where the stretch is not the first of its line."""
    line = text.rfind("\n", 0, start) + 1
    found = _lines(text.rfind("\n", 0, max(line - 1, 0)) + 1, max(line - 1, 0), text)
    return found[0] if found and not text[line:start].strip() else None


def _line_below(end: int, text: str) -> Stretch | None:
    stop = text.find("\n", end)
    if stop < 0 or text[end:stop].strip(" ,，."):
        return None
    following = text.find("\n", stop + 1)
    found = _lines(stop + 1, len(text) if following < 0 else following, text)
    return found[0] if found else None


# Addresses.

_OPENS = re.compile(
    r"(?:(?:no|lot|unit|suite|ste|block|blk|level|floor|flat|shop|room|rm|plot|house|building|p\.?\s?o\.?\s?box)\b\.?|#)?\s*"
    r"[A-Z]{0,3}[-/]?\d[\w./&-]*(?:\s*,|\s+[^\W\d])|(?:lot|unit|suite|block|level|po box)\b",
    re.IGNORECASE,
)
"""How the first line of an address begins: a number of a house, or the word before one."""
_PAPER = re.compile(
    r"\b(?:invoice|receipt|bill|tax|cash|order|table|cashier|date|time|tel|telephone|phone|fax|e?mail|gst|vat|sst|reg|"
    r"total|page|customer|welcome|thank|server|pos|terminal|member|item|description|qty|statement|contract|report|"
    r"(?:tax|cash)(?:invoice|receipt|bill|sales?)|(?:gst|vat|sst)(?:id|no|reg)|tel(?:no|ephone)?)\b",
    re.IGNORECASE,
)
"""Words of the lines around an address that are none of it."""
ADDRESS_LINES = 3
"""As many lines may be put back at either end of an address."""


_PARTY = re.compile(
    r"(?<![^\W_])(?:company|business|firm|merchant|seller|supplier|vendor|shop|store|issuer|buyer|customer|payee|payer|"
    r"organi[sz]ation)(?![^\W_])"
)
_OF_A_PARTY = re.compile(r"mail|phone|fax|website|(?<![^\W_])(?:number|no|id|code|type|city|country|state)(?![^\W_])")


def is_party(field: Field) -> bool:
    """Whether a free text names a company or a person, as far as the field's names tell."""
    said = " ".join((field.name, *field.labels)).casefold().replace("_", " ")
    free = field.type == "string" and field.copied and field.enum is None and normalization.value_kind(field) is None
    return free and bool(_PARTY.search(said)) and not _OF_A_PARTY.search(said) and not is_address(field)


def start_after_names(place: Stretch, names: Sequence[Stretch], text: str) -> int:
    """Where an address begins without the lines, above all others that it has, that one of `names` stands on."""
    lines = _lines(*place, text)
    taken = 0
    for n, (start, end) in enumerate(lines[:3], 1):
        if any(start < e and s < end for s, e in names):
            taken = n
    if not 0 < taken < len(lines) or not re.search(r"\d", text[lines[taken][0] : place[1]]):
        return place[0]
    return lines[taken][0]


def is_address(field: Field) -> bool:
    """Whether a field asks for a postal address, as far as its names tell."""
    said = " ".join((field.name, *field.labels)).casefold()
    return (
        bool(re.search(r"(?<![^\W_])address(?:es)?(?![^\W_])", said))
        and "mail" not in said
        and "ip" not in search_terms(said)
    )


def _address(start: int, end: int, text: str) -> Stretch:
    """The stretch with the lines above it that lead up to it and those below it that only name places.

    The line above belongs where it ends with a comma, or begins as addresses do when the stretch does not; the line
    below where it has a few words, none of a receipt or a letter around the address, and is not parted by a blank line.
    """
    lines = _lines(start, end, text)
    own = next((n for n, line in enumerate(lines) if not _says_else(text[slice(*line)])), 0)
    lines = lines[: next((n for n in range(own + 1, len(lines)) if _says_else(text[slice(*lines[n])])), len(lines))]
    while len(lines) > 1 and _is_paper(text[slice(*lines[-1])]):
        lines.pop()
    start, end = lines[0][0], lines[-1][1]
    # Where its own lines stand apart, a blank line does not part the next from them.
    spaced = len(lines) > 1 and all("\n" in text[a[1] + 1 : b[0]] for a, b in pairwise(lines))
    for _ in range(ADDRESS_LINES):
        above = _line_above(start, text)
        line = text[slice(*above)] if above else ""
        leads = line.endswith((",", "，")) or (_OPENS.match(line) and not _OPENS.match(text[start:end]))
        if above is None or not leads or "\t" in line or _is_paper(line) or _says_else(line):
            break
        start = above[0]
    for _ in range(ADDRESS_LINES):
        below = _line_below(end, text)
        if below is None and spaced:
            below = _line_below(end + len(re.match(r"[ ,，.]*\n?", text[end:])[0]), text)
        line = text[slice(*below)] if below else ""
        if below is None or not (_names_a_place(line) or text[:end].endswith((",", "，"))) or _is_paper(line):
            break
        if "\t" in line or _says_else(line):
            break
        end = below[1]
    return start, end


def _names_a_place(line: str) -> bool:
    words = re.findall(r"[^\s,，.]+", line)
    return 0 < len(words) <= EDGE_WORDS and all(re.fullmatch(r"(?:\d+-)?[A-Z][\w'’-]*|\d{4,6}", word) for word in words)


def _is_paper(line: str) -> bool:
    return bool(_PAPER.search(line)) and not _OPENS.match(line)
