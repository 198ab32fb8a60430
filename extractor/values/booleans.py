"""Yes and no as printed: words, ticks and boxes."""

from __future__ import annotations

import re

from extractor.values.characters import fold
from extractor.values.scripts import HAN

_YES = frozenset(
    {
        *("是", "有", "对", "已", "同意", "符合", "yes", "y", "true", "checked"),
        *("✓", "✔", "√", "☑", "✅", "■", "[x]", "[√]", "(√)"),
    }
)
_NO = frozenset(
    {
        *("否", "无", "没有", "错", "未", "不同意", "不符合", "不是", "no", "n", "false", "none"),
        *("×", "✗", "✘", "✕", "❌"),
    }
)
_EMPTY_BOXES = frozenset({"☐", "□", "[ ]", "[]", "( )"})
_CROSSES = frozenset("×✗✘✕❌")

_BOX = r"[☑☒☐■□✓✔√×✗✘✕❌✅]|\[[ xX√]?\]|\([√ ]\)"
_CHINESE = "不同意|同意|不符合|符合|不是|没有|是|否|有|无|对|错|已|未"
_ENGLISH = "yes|no|true|false|y|n|checked|none"
_ANSWER = re.compile(
    rf"(?P<box>{_BOX})(?:[ \u00a0]?(?P<beside>(?:{_CHINESE})(?![{HAN}])|(?:{_ENGLISH})(?![A-Za-z0-9])))?"
    rf"|(?<![A-Za-z0-9])(?P<english>{_ENGLISH})(?![A-Za-z0-9'])(?![.]\s?\d)"
    rf"|(?<![{HAN}])(?P<chinese>{_CHINESE})(?![{HAN}])",
    re.IGNORECASE,
)
_INSIDE_SENTENCE = re.compile(_CHINESE)


def find_booleans(text: str) -> list[tuple[int, int]]:
    """Return where words of yes and no, ticks and boxes stand in `text`.

    Words inside a Chinese sentence (`是` within `不是的`) are returned only where no answer stands by itself.
    """
    folded = fold(text)
    found = [match.span() for match in _ANSWER.finditer(folded)]
    return found or [match.span() for match in _INSIDE_SENTENCE.finditer(folded)]


def parse_boolean(text: str, context: str = "") -> bool | None:
    """Return True or False for an answer as printed, None where it is no answer or can be read both ways.

    A crossed box `☒` is a mark in some forms and a denial in others: with a word beside it, or where `context` has
    empty boxes but no ticked ones, it is a mark. A word beside an empty box was not chosen.
    """
    folded = fold(text).strip(" \t\r\n\u00a0.。,，;；:：")
    lone = _word_value(folded)
    if lone is not None:
        return lone
    if folded in _EMPTY_BOXES:
        return False
    if folded == "☒":
        around = fold(context)
        return True if "☐" in around and "☑" not in around else None
    answers = list(_ANSWER.finditer(folded))
    beside_boxes = [match for match in answers if match["box"] and match["beside"]]
    marked = [match for match in beside_boxes if match["box"].lower() not in _EMPTY_BOXES]
    chosen = {_word_value(match["beside"]) for match in marked if match["box"] not in _CROSSES}
    if len(chosen) == 1:
        return chosen.pop()
    empty = [match for match in beside_boxes if match["box"] in _EMPTY_BOXES]
    if not marked and len(empty) == 1 and _word_value(empty[0]["beside"]):
        return False
    if any(match["box"] for match in answers):
        return None
    words = {_word_value(match["english"] or match["chinese"]) for match in answers} - {None}
    return words.pop() if len(words) == 1 else None


_TICKED_BOX = r"[☑☒■✓✔√✅]|\[[xX√✓]\]|\([xX√✓]\)"
_EMPTY_BOX = r"[☐□]|\[ ?\]|\( ?\)"
_ANY_BOX = re.compile(rf"(?P<ticked>{_TICKED_BOX})|(?P<empty>{_EMPTY_BOX})")


def has_box(text: str) -> bool:
    """Decide whether a box, ticked or empty, stands in `text`."""
    return _ANY_BOX.search(fold(text)) is not None


def begins_with_box(text: str) -> bool:
    """Decide whether a box, ticked or empty, is the first thing in `text`."""
    return _ANY_BOX.match(fold(text).lstrip()) is not None


def find_box_before(text: str, position: int) -> tuple[int, int] | None:
    """Return the box that stands right before a position, where nothing but spaces is between; None without one."""
    boxes = list(_ANY_BOX.finditer(fold(text[max(0, position - 8) : position])))
    if not boxes or boxes[-1].string[boxes[-1].end() :].strip(" \t"):
        return None
    offset = max(0, position - 8)
    return offset + boxes[-1].start(), offset + boxes[-1].end()


def ticked_labels(text: str) -> list[str] | None:
    """Return what stands beside the ticked boxes of `☐ North ☑ Centre`; None for text without boxes and labels.

    Boxes stand before their labels where the text begins with one, and behind them otherwise.
    """
    folded = fold(text).strip()
    boxes = list(_ANY_BOX.finditer(folded))
    if not boxes:
        return None
    if boxes[0].start() == 0:
        ends = [box.start() for box in boxes[1:]] + [len(folded)]
        labels = [folded[box.end() : end].strip(" \t\n,;:|/") for box, end in zip(boxes, ends, strict=True)]
    else:
        starts = [0] + [box.end() for box in boxes[:-1]]
        labels = [folded[start : box.start()].strip(" \t\n,;:|/") for box, start in zip(boxes, starts, strict=True)]
    if not any(labels):
        return None
    return [label for box, label in zip(boxes, labels, strict=True) if box["ticked"] and label]


def _word_value(text: str) -> bool | None:
    lowered = text.lower()
    return True if lowered in _YES else False if lowered in _NO else None
