"""The texts on the screen in both languages, and which of the two a browser is shown."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor import problems

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""Our name for a language, and what browsers and Gradio call it."""
COOKIE = "lang"
FOLDER = Path(__file__).parent / "words"
MAX_HEADER = 1000
"""Characters of an Accept-Language header that are read."""


@functools.cache
def words(language: str, file: str = "*") -> Mapping[str, str]:
    """Return the texts of a language by their keys: those of one file (`screen`, `shell`), or of all.

    `screen` has, beside its file's own, `problem.KIND` for each kind of problem. Raises KeyError for a language that
    there is none of.
    """
    if language not in LANGUAGES:
        raise KeyError(language)
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob(f"{file}.{language}.json")):
        found |= json.loads(path.read_text("utf-8"))
    if file in ("*", "screen"):
        found |= {f"problem.{kind}": text for kind, text in problems.TEXTS[language].items()}
    return found


def word(language: str, key: str, **values: Any) -> str:
    """Return one text, with `{name}` in it replaced by the value of that name."""
    text = words(language)[key]
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def preferred_language(cookies: Mapping[str, str], accepted: str) -> str:
    """Return the language of a browser: that of its cookie, else the one it ranks first in Accept-Language, else en."""
    if cookies.get(COOKIE) in LANGUAGES:
        return cookies[COOKIE]
    ranked = []
    for position, part in enumerate(accepted[:MAX_HEADER].split(",")):
        name, _, parameters = part.strip().lower().partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameters)
        ranked.append((-float(quality[1]) if quality else -1.0, position, name.partition("-")[0]))
    return next((name for weight, _, name in sorted(ranked) if name in LANGUAGES and weight), "en")
