"""The words of the screen: the same in both languages, every one used, none missing."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOM = Path(__file__).parent.parent / "extractor" / "ui"
SCRIPTS = {file.name: file.read_text() for file in (ROOM / "static").glob("*.js")}
PREFIXES = "queue|review|keys|level|state|status|did|reason|dialog|uploads|problem|error|about|failed"
MADE = re.compile(rf"`((?:{PREFIXES})\.[a-z_.]*)\$\{{")
"""Keys that are put together on screen, as `status.` and what follows."""
OURS = ("review.", "keys.", "reason.")
"""Beginnings of keys whose ends are words of the scripts; the ends of others come from the server."""
NAMED = re.compile(
    r"""["'`]((?:queue|review|keys|level|state|status|did|reason|dialog|uploads|problem)\.[a-z_.A-Z]+)["'`]"""
)


def words(language: str) -> dict[str, str]:
    return json.loads((ROOM / "words" / f"screen.{language}.json").read_text())


def test_both_languages_have_the_same_words_with_the_same_places_in_them():
    english, chinese = words("en"), words("zh")
    assert english.keys() == chinese.keys()
    for key in english:
        assert set(re.findall(r"\{\w+\}", english[key])) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_no_word_is_missing_and_none_is_unused():
    known, scripts = words("en").keys(), "".join(SCRIPTS.values())
    named = set(NAMED.findall(scripts))
    assert {key for key in named - known if not key.endswith(".")} == set()
    begun = tuple(MADE.findall(scripts))
    ends = {key: key.split(".", 1)[1].removesuffix("_title").removesuffix("_does") for key in known}
    unused = {key for key in known - named if not key.startswith(begun)}
    unused |= {
        key
        for key in known - named
        if key.startswith(OURS) and not re.search(rf"\b{ends[key].split('.')[-1]}\b", scripts)
    }
    assert unused == set()


def test_every_key_of_the_list_and_every_problem_of_a_value_is_said():
    known = words("zh")
    for action in re.findall(r'action: "(\w+)"', SCRIPTS["keys.js"]):
        assert f"keys.{action}" in known
    source = "".join(file.read_text() for file in (ROOM.parent / "check").glob("*.py"))
    source += (ROOM.parent / "normalise.py").read_text() + (ROOM.parent / "pipeline.py").read_text()
    kinds = set(re.findall(r'(?:Problem\([\w.]*path|_problem\(field), "(\w+)"', source))
    assert len(kinds) > 12
    assert {kind for kind in kinds if f"problem.{kind}" not in known} <= {"check_syntax"}
