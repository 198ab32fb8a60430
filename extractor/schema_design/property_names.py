"""Property names made from the names that people give to fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_LENGTH = 60
"""Characters of a property name."""
_RESERVED = frozenset(
    {
        *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"),
        *("package", "namespace", "null", "record", "return", "this", "true", "var", "void", "while"),
    }
)
"""Words that mean something else in a rule of `x-checks` (CEL, https://cel.dev)."""


def property_name(name: str, taken: Iterable[str] = ()) -> str:
    """Return the property for a field of that name: lower case, words joined by `_`, different from those `taken`.

    Latin letters lose their accents; letters of other scripts stay, because rules can name them as they are.
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not (unicodedata.combining(c) and ord(c) < 0x370))
    plain = unicodedata.normalize("NFC", plain).casefold()
    plain = re.sub(r"[^\w]+", "_", plain).strip("_")[:MAX_LENGTH].strip("_") or "field"
    if plain[0].isdigit() or not plain[0].isidentifier():
        plain = f"field_{plain}"
    if plain in _RESERVED:
        plain += "_"
    known, number, chosen = set(taken), 2, plain
    while chosen in known:
        chosen, number = f"{plain}_{number}", number + 1
    return chosen
