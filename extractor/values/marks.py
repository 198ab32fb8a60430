"""Fields that ask for a seal or a signature: whether there is one, and what the seal says.

Readers write SEAL, with the text of the seal behind it, and PEN for what a pen has written. A schema declares such a
field with `"x-kind": "seal"` or `"x-kind": "signature"`; otherwise it is told by its names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from extractor.settings import Settings, rule
from extractor.types import Field
from extractor.values.booleans import parse_boolean
from extractor.values.label_similarity import label_pattern

SEAL, PEN = "㊞", "✍"
"""What readers write for a seal, and for writing by pen."""


class MarkKind(Enum):
    """What a field asks for, by its `x-kind`."""

    SEAL = "seal"
    SIGNATURE = "signature"


@dataclass(frozen=True)
class MarkFieldSettings(Settings):
    """How fields for seals and signatures are told."""

    recognise_by_name: bool = rule(
        True, meaning="A field of yes and no, or a text, that is called seal or signature is one, though undeclared."
    )


_SEAL_NAMES = re.compile(
    r"\b(?:seals?|stamps?|stamped|stempel|siegel|cachet|sello|timbro|carimbo)\b|公章|印章|盖章|蓋章|印鑑|社印|专用章|签章"
)
_SIGNATURE_NAMES = re.compile(
    r"\b(?:signatures?|signed|unterschrift|unterschrieben|signé|firma|firmado|assinatura|handtekening|podpis)\b"
    r"|签名|簽名|签字|簽字|签署|署名"
)
_DETAILS = re.compile(
    r"\b(?:dut(?:y|ies)|tax|time|date|number|no|nr|postage|amount|fee|place|container|title|name|day|year)\b|税|日期|时间|号|编号|费"
)
"""Words that make such a name that of something else: a stamp duty, the number of a container's seal."""
_BLANK = re.compile(r"[\s_.…·:：()（）\[\]\-–—/|x×X]*")


def mark_kind(field: Field) -> MarkKind | None:
    """Return whether a field asks for a seal or a signature; None for any other.

    A text is one for the words of a seal only: who signed is a name like others.
    """
    declared = field.schema.get("x-kind")
    if declared in {kind.value for kind in MarkKind}:
        return MarkKind(declared)
    if declared is not None or not MarkFieldSettings.current().recognise_by_name or field.enum is not None:
        return None
    if field.type not in ("boolean", "string") or field.format:
        return None
    names = " ".join((field.name, *field.labels)).casefold().replace("_", " ")
    names = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", names)
    if _DETAILS.search(names):
        return None
    if field.type == "boolean" and _SIGNATURE_NAMES.search(names) and not _SEAL_NAMES.search(names):
        return MarkKind.SIGNATURE
    return MarkKind.SEAL if _SEAL_NAMES.search(names) else None


def names_of(kind: MarkKind) -> re.Pattern[str]:
    """Return a pattern for what such marks are called in print, in lower case."""
    return _SEAL_NAMES if kind is MarkKind.SEAL else _SIGNATURE_NAMES


def parse_mark(field: Field, text: str, kind: MarkKind) -> bool | None:
    """Return whether `text`, what stands at the label of a mark, with or without the label, has the mark; None if open.

    A box says it; else a mark is one, and for a signature any text. A label with nothing but a line to write on has
    none.
    """
    if SEAL in text if kind is MarkKind.SEAL else PEN in text:
        return True
    answer = parse_boolean(text)
    if answer is not None:
        return answer
    rest = text
    for label in sorted(field.labels, key=len, reverse=True):
        pattern = label_pattern(label)
        rest = pattern.sub("", rest) if pattern is not None else rest
    if _BLANK.fullmatch(rest.replace(SEAL, "").replace(PEN, "")):
        return False
    return True if kind is MarkKind.SIGNATURE else None
