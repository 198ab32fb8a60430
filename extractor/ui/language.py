"""The words on the screen, in both languages, and which of the two a browser is to be shown."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from extractor import problems

LANGUAGES = {"en": "en", "zh": "zh-CN"}
"""Our word for a language, and what browsers and Gradio call it."""
COOKIE = "lang"
FOLDER = Path(__file__).parent / "words"


@functools.cache
def words(language: str) -> Mapping[str, str]:
    """Return every text of a language by its key: of all its files, and `problem.KIND` for each kind of problem."""
    found: dict[str, str] = {}
    for file in sorted(FOLDER.glob(f"*.{language}.json")):
        found |= json.loads(file.read_text("utf-8"))
    return found | {f"problem.{kind}": text for kind, text in problems.TEXTS[language].items()}


def word(language: str, key: str, **given: Any) -> str:
    """One text, with what is `given` in the places that it names in braces."""
    text = words(language)[key]
    for name, value in given.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def wanted(cookies: Mapping[str, str], accepted: str) -> str:
    """The language of a browser: that of its cookie, else the one it puts first in Accept-Language."""
    if cookies.get(COOKIE) in LANGUAGES:
        return cookies[COOKIE]
    ranked = []
    for n, part in enumerate(accepted[:1000].split(",")):
        name, _, more = part.strip().lower().partition(";")
        quality = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", more)
        ranked.append((-float(quality[1]) if quality else -1.0, n, name.partition("-")[0]))
    return next((name for weight, _, name in sorted(ranked) if name in LANGUAGES and weight), "en")
