"""The texts of the review screen: each is used by a script, none is missing, and every kind of problem has one."""

from __future__ import annotations

import re

import pytest

from extractor.problems import ProblemKind
from extractor.store.review_reasons import ReviewReason
from extractor.ui.language import FOLDER, LANGUAGES, words

SCRIPTS = {file.name: file.read_text("utf-8") for file in (FOLDER.parent / "static").rglob("*.js")}
PREFIXES = (
    "queue|review|record|again|rules|start|split|part|tokens|keys|level|state|status|did|reason|dialog|uploads|problem|error|"
    "about|failed"
)
COMPUTED = re.compile(rf"`((?:{PREFIXES})\.[a-z_.]*)\$\{{")
"""Keys that a script computes, as `status.` and what follows."""
FROM_SCRIPTS = ("review.", "keys.", "reason.")
"""Beginnings of keys whose ends stand in the scripts; the ends of the others come from the server."""
LITERAL = re.compile(rf"""["'`]((?:{PREFIXES.removesuffix("|error|about|failed")})\.[a-z_.A-Z]+)["'`]""")


def test_no_text_of_the_screen_is_missing_or_unused():
    known, scripts = words("en", "screen").keys(), "".join(SCRIPTS.values())
    literal = set(LITERAL.findall(scripts))
    assert {key for key in literal - known if not key.endswith(".")} == set()
    computed = tuple(COMPUTED.findall(scripts))
    ends = {key: key.split(".", 1)[1].removesuffix("_title").removesuffix("_does") for key in known}
    unused = {key for key in known - literal if not key.startswith(computed)}
    unused |= {
        key
        for key in known - literal
        if key.startswith(FROM_SCRIPTS) and not re.search(rf"\b{ends[key].split('.')[-1]}\b", scripts)
    }
    assert unused == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shortcut_problem_and_reason_has_a_text(language):
    known = words(language, "screen")
    actions = re.findall(r'action: "(\w+)"', SCRIPTS["shortcuts.js"])
    assert len(actions) > 12 and not [action for action in actions if f"keys.{action}" not in known]
    assert not [kind for kind in ProblemKind if not known.get(f"problem.{kind}")]
    assert not [reason for reason in ReviewReason if not known.get(f"queue.reason.{reason}")]


def test_problem_texts_are_written_in_one_place():
    for file in FOLDER.glob("*.json"):
        assert '"problem.' not in file.read_text("utf-8"), f"{file.name}: they belong in extractor/problems.py"
