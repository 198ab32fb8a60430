"""Plain text: finds the encoding, then headings, paragraphs, list items and tables that were flattened to lines."""

from __future__ import annotations

import codecs
import hashlib
import re

from extractor import tables
from extractor.errors import InputError
from extractor.readers import MAX_CHARACTERS
from extractor.types import Block, Document, Page, Problem, Table

# The Han characters that make up more than a third of ordinary text, simplified and traditional.
_FREQUENT = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能"
    "好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进"
    "把法此实回二理美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使"
    "教西再平真听世气信北少关并内加化由却代军产入先山五太水万市县区乡镇省府务局处委员会息申请情况数量项报告总计单价金额"
    "這來國個們為時會對過後說還發開見經頭動兩長樣現將與進實點種聲話兒問機幾業間電門東關並產軍萬縣區鄉鎮務處員請況數項"
    "報總計單價額資訊學沒從當無號票碼備註據財產費繳義類辦證書購買賣術"
)
_CJK = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read(data: bytes, source: str) -> Document:
    """The text of `data` with one `Block` per line or paragraph and its flattened tables; form feeds part the pages.

    Line ends become `\\n`; control characters are left out, with a Problem. Raises InputError for text over the limit
    or of no known encoding.
    """
    decoded, problems = decode_document(data, source)
    return structured(decoded, hashlib.sha256(data).hexdigest(), source, problems)


def decode_document(data: bytes, source: str, declared: str | None = None) -> tuple[str, list[Problem]]:
    """The decoded text of a whole file, cleaned and within the limit, and what was noticed; InputError if it cannot.

    `declared` is the encoding the file says it is in; it is believed where the bytes are valid in it.
    """
    if len(data) > 4 * MAX_CHARACTERS:
        raise _too_long(source)
    try:
        decoded, encoding = decode(data, declared=declared)
    except ValueError:
        raise InputError(f"{source} is not text in an encoding that can be told.", "Save it as UTF-8.") from None
    if len(decoded) > MAX_CHARACTERS:
        raise _too_long(source)
    problems = []
    if "\ufffd" in decoded:
        message = f"{decoded.count(chr(0xFFFD))} characters could not be decoded as {encoding}; save the file as UTF-8."
        problems.append(Problem((), "encoding", message))
    decoded = decoded.replace("\r\n", "\n").replace("\r", "\n").replace("\x85", "\n").replace("\u2028", "\n")
    decoded = decoded.replace("\u2029", "\n").replace("\x0b", "\n")
    decoded, dropped = _CONTROLS.subn("", decoded)
    if dropped:
        problems.append(Problem((), "control_characters", f"{dropped} control characters were left out."))
    if not decoded.strip(" \t\n\f\ufeff\u3000\u00a0"):
        raise InputError(f"{source} is empty.", "Check that it was saved or downloaded in full.")
    return decoded, problems


def _too_long(source: str) -> InputError:
    return InputError(
        f"{source} is longer than {MAX_CHARACTERS:,} characters, the limit for text.", "Split it into smaller files."
    )


def decode(data: bytes, *, cut: bool = False, declared: str | None = None) -> tuple[str, str]:
    """The text of `data` and the encoding it was in: by its mark, by being valid, then by how ordinary it reads.

    `cut` says that `data` is only the beginning of a file, so its last character may be torn. Raises ValueError where
    no encoding gives anything that looks like text.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            text = data[len(mark) :].decode(name, "replace")
            if _share_of_controls(text) > 0.05:
                raise ValueError("binary")
            return text, name
    sample = data[:65536]
    torn = cut or len(sample) < len(data)
    zeros = sample.count(0)
    if zeros or not _valid(data, "utf-8", cut):
        wide = _utf16(sample)
        if wide:
            return data[: len(data) // 2 * 2].decode(wide, "replace"), wide
    if zeros > len(sample) * 0.02:
        raise ValueError("binary")
    if _valid(data, "utf-8", cut):
        text = data.decode("utf-8", "ignore" if cut else "strict")
        if _is_chance_utf8(text) and _valid(data, "gb18030", cut):
            return data.decode("gb18030", "ignore"), "gb18030"
        if _share_of_controls(text[:65536]) > 0.05:
            raise ValueError("binary")
        return text, "utf-8"
    if _share_of_controls(sample.decode("latin-1")) > 0.05:
        raise ValueError("binary")
    if declared and declared != "utf-8" and _nearly_valid(sample, declared, torn):
        return data.decode(declared, "replace"), declared
    name = _best_legacy(sample, torn)
    return data.decode(name, "replace"), name


def _valid(data: bytes, name: str, cut: bool) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(data, not cut)
    except UnicodeDecodeError:
        return False
    return True


def _is_chance_utf8(text: str) -> bool:
    """Whether a text is valid UTF-8 only because it is short: a word or two of GBK can read as letters no one uses."""
    beyond = [character for character in text[:400] if character >= "\x80"]
    if not 0 < len(beyond) <= 8 or len(text) > 200 or max(beyond) > "\u07ff":
        return False
    return any("\u0180" <= character <= "\u024f" or "\u0460" <= character <= "\u07ff" for character in beyond)


def _utf16(sample: bytes) -> str | None:
    """UTF-16 without a mark: where one of the two orders gives ordinary text and the other does not."""
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
        scores[name] = sum(_ordinariness(character) for character in text) / len(text)
    best = max(scores, key=scores.__getitem__, default=None)
    if best is None or scores[best] < 0.75:
        return None
    # Bytes of an 8-bit text read in pairs give Chinese of sorts in either order; a UTF-16 text does so in one only.
    return best if len(scores) < 2 or scores[best] - min(scores.values()) > 0.25 else None


def _ordinariness(character: str) -> float:
    """How likely a character is in a report, 0 to 1."""
    if character < "\u0100":
        return float(" " <= character < "\x7f" or character >= "\xa0" or character in "\t\r\n\f")
    if "\u4e00" <= character <= "\u9fff":
        return 1.0 if character in _FREQUENT else 0.9 if _in_first_level(character) else 0.4
    if "\u2010" <= character <= "\u2027" or "\u3000" <= character <= "\u3011" or "\uff01" <= character <= "\uff5e":
        return 1.0
    return 0.9 if character in "€№℃①②③④⑤￥●■□★→" else 0.0


def _in_first_level(character: str) -> bool:
    """Whether a Han character is among the 3,755 of GB 2312's first level or the 5,401 of Big5's."""
    for name, first, last in (("gb2312", 0xB0, 0xD7), ("big5", 0xA4, 0xC6)):
        try:
            lead = character.encode(name)[0]
        except UnicodeEncodeError:
            continue
        if first <= lead <= last:
            return True
    return False


def _best_legacy(sample: bytes, torn: bool) -> str:
    """The 8-bit or double-byte encoding whose reading of `sample` is the most ordinary."""
    high = sum(byte >= 0x80 for byte in sample)
    scores = {}
    for name, first, last in (("gb18030", 0xB0, 0xD7), ("big5hkscs", 0xA4, 0xC6)):
        if not _nearly_valid(sample, name, torn):
            continue
        text = sample.decode(name, "ignore")
        scores[name] = sum(_weight(character, name, first, last) for character in text if character >= "\x80") / high
    scores["cp1252"] = _western_score(sample.decode("cp1252", "replace")) / high
    best = max(scores, key=scores.__getitem__)
    if scores[best] > 0.1:
        return best
    from charset_normalizer import from_bytes

    guess = from_bytes(sample).best()
    return guess.encoding if guess is not None and guess.encoding != "ascii" else best


def _nearly_valid(sample: bytes, name: str, torn: bool) -> bool:
    # One stray byte in a long file, or a character cut in half at the end, does not speak against an encoding.
    wrong = sample.decode(name, "replace").count("\ufffd")
    return wrong - torn <= len(sample) // 2000


def _weight(character: str, name: str, first: int, last: int) -> float:
    """How much one character beyond ASCII speaks for a Chinese encoding: 2 if it is frequent, below 0 if rare."""
    if character in _FREQUENT:
        return 2.0
    if (
        "\u3000" <= character <= "\u3011"
        or "\uff01" <= character <= "\uff5e"
        or character in "￥￡"
        or "\u2014" <= character <= "\u2026"
    ):
        return 1.5
    if _CJK.match(character):
        try:
            lead = character.encode("gb2312" if name == "gb18030" else "big5")[0]
        except UnicodeEncodeError:
            # Traditional characters are at home in GB18030 too, though not in its older part.
            return 0.2 if _in_first_level(character) else -1.5
        return 0.9 if first <= lead <= last else -0.3
    if character in "£¥§©®°±·×÷μ●■□▲△◆◇○◎★☆①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤ→←↑↓√≤≥≠∑℃№" or "\u3041" <= character <= "\u30ff":
        return 0.3
    return -1.5


def _western_score(text: str) -> float:
    """How much the characters beyond ASCII speak for Windows-1252: letters and marks set singly among ASCII ones."""
    score = 0.0
    for match in re.finditer("[\x80-\uffff]+", text):
        run = match.group()
        if len(run) > 2 or "\ufffd" in run:
            score -= len(run)
            continue
        for character in run:
            score -= 1.5 * (character == "¤")
            score += 1.2 if character in "‘’“”–—…•€£©®°·§éèêëàâäáíîïóôöúûüùçñßåæøÉÄÖÜ\xa0½¼¾±²³µ×«»¡¿™" else 0.4
    return score


def _share_of_controls(text: str) -> float:
    return len(_CONTROLS.findall(text)) / len(text) if text else 0.0


_TAGS = (
    "html|head|body|title|meta|link|style|script|table|thead|tbody|tr|td|th|div|p|span|ul|ol|li|dl|h[1-6]|br|hr|pre|a|b|i|em|"
    "strong|font|center|section|article|main|header|footer|nav|form|input|img|blockquote"
)
_OPENING = re.compile(rf"<(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_TAGS})\s*>", re.IGNORECASE)
_PROLOGUE = re.compile(r"(?:\s|<\?xml[^>]*\?>|<!--.*?-->)*", re.DOTALL)


def looks_like_html(text: str) -> bool:
    """Whether text is an HTML page, or a piece of one, and not a text that only mentions a tag."""
    start = _past_prologue(text)
    if looks_like_page(text):
        return True
    opening, closing = len(_OPENING.findall(start)), len(_CLOSING.findall(start))
    if _OPENING.match(start):
        return closing >= 1 or opening >= 2
    # A tag somewhere in prose is talk about HTML; pairs of them all through the text are not.
    return min(opening, closing) >= 3 and 40 * closing * 10 > len(start)


def looks_like_page(text: str) -> bool:
    """Whether text begins as a whole HTML page does."""
    return bool(re.match(r"<(!doctype\s+html|html[\s>])", _past_prologue(text), re.IGNORECASE))


def _past_prologue(text: str) -> str:
    return text[_PROLOGUE.match(text.lstrip("\ufeff")).end() :][:65536]


_NUMBERED = (
    (1, re.compile(r"(?:第?[一二三四五六七八九十百]+[、．.章节編编]|[IVX]{1,5}[.、])\s*\S")),
    (2, re.compile(r"[（(][一二三四五六七八九十百]+[)）]\s*\S")),
    (1, re.compile(r"\d{1,2}[.、．]\s+[^\W\d]")),
    (2, re.compile(r"\d{1,2}[.．]\d{1,2}[.．]?\s+[^\W\d]")),
    (3, re.compile(r"\d{1,2}(?:[.．]\d{1,2}){2,}[.．]?\s+[^\W\d]")),
)
_MARKDOWN = re.compile(r"(#{1,6})\s+\S")
_LIST_ITEM = re.compile(r"(?:[-*+•●◦▪■·‣–]\s+|[（(]?\d{1,3}[)）]\s*|\d{1,3}[.、]\s*|[a-zA-Z][.)]\s+|[①-⑳])\S")
_SENTENCE_END = re.compile(r"[。！？；，、：.!?;,:…]$")


def heading_level(line: str, *, alone: bool = False) -> int:
    """How deep a heading the line is, 1 the outermost; 0 for a line that is none.

    `alone` says that blank lines stand around it, which a short line without a number needs to pass for a heading.
    """
    line = line.strip()
    if not line:
        return 0
    if match := _MARKDOWN.match(line):
        return len(match.group(1))
    short = len(line) <= (40 if _CJK.search(line) else 80)
    if not short or "\t" in line or _SENTENCE_END.search(line):
        return 0
    for level, pattern in _NUMBERED:
        if (match := pattern.match(line)) and not match.group()[-1].islower():
            return level
    if alone and len(line) >= 2 and not re.search(r"\d\s*$|^[\W\d_]|[:：=|]|\s{3,}", line):
        words = line.split()
        if _CJK.search(line) or (len(words) <= 10 and line[0].isupper()):
            return 1
    return 0


def structured(text: str, identity: str, source: str, problems: list[Problem] = ()) -> Document:
    """The document for text that carries no layout but its lines: blocks, flattened tables, pages at form feeds."""
    found = tuple(tables.find_tables_in_text(text))
    pages = tuple(
        Page(number, start, end) for number, (start, end) in enumerate(_stretches(text, re.compile("\f")), start=1)
    )
    blocks = _blocks(text, found)
    if len(pages) > 1:
        blocks = [_on_page(block, pages) for block in blocks]
    return Document(identity, source, text, pages, tuple(blocks), found, tuple(problems))


def _on_page(block: Block, pages: tuple[Page, ...]) -> Block:
    import bisect

    at = bisect.bisect_right([page.start for page in pages], block.start) - 1
    return Block(block.kind, block.start, block.end, pages[at].number, block.level)


def _stretches(text: str, parting: re.Pattern[str]) -> list[tuple[int, int]]:
    starts = [0, *(match.end() for match in parting.finditer(text))]
    ends = [*(match.start() for match in parting.finditer(text)), len(text)]
    return list(zip(starts, ends, strict=True))


def _blocks(text: str, found: tuple[Table, ...]) -> list[Block]:
    blocks, at = [], 0
    for table in sorted(found, key=lambda table: table.start):
        if table.start < at:
            continue
        blocks += _line_blocks(text, at, table.start)
        blocks.append(Block("table", table.start, table.end))
        at = table.end
    return blocks + _line_blocks(text, at, len(text))


def _parted(between: str) -> bool:
    """Whether what stands between two lines, a blank line or a new page, parts them."""
    return between.count("\n") > 1 or "\f" in between


def _line_blocks(text: str, start: int, end: int) -> list[Block]:
    """Headings and list items stand for themselves; other lines up to a blank line make one paragraph."""
    lines = [(match.start(), match.end()) for match in re.finditer(r"[^\n\f]*\S[^\n\f]*", text[start:end])]
    lines = [(start + first, start + last) for first, last in lines]
    blocks: list[Block] = []
    for number, (first, last) in enumerate(lines):
        stripped = text[first:last].strip()
        first += text[first:last].index(stripped)
        last = first + len(stripped)
        gap_before = number == 0 or _parted(text[lines[number - 1][1] : first])
        gap_after = number + 1 == len(lines) or _parted(text[last : lines[number + 1][0]])
        level = heading_level(stripped, alone=gap_before and gap_after)
        if level:
            blocks.append(Block("heading", first, last, level=level))
        elif _LIST_ITEM.match(stripped):
            blocks.append(Block("list_item", first, last))
        elif blocks and not gap_before and blocks[-1].kind == "paragraph":
            blocks[-1] = Block("paragraph", blocks[-1].start, last)
        else:
            blocks.append(Block("paragraph", first, last))
    return blocks
