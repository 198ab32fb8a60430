"""Every text on the screen, in both languages: none missing, none left over, and both saying as much."""

import re

import pytest

from extractor.ui.language import FOLDER, LANGUAGES, preferred_language, word, words

UI = FOLDER.parent
SOURCES = {file: file.read_text("utf-8") for file in sorted([*UI.rglob("*.py"), *(UI / "static").rglob("*.js")])}
PREFIXES = sorted({key.partition(".")[0] for key in words("en")})
KEY = rf"(?:{'|'.join(PREFIXES)})\.[a-z0-9_.]+"
WHOLE = re.compile(rf"""["'`]({KEY})["'`]""")
BEGUN = re.compile(rf"""["'`]((?:{"|".join(PREFIXES)})\.[a-z0-9_.]*)(?:\$\{{|["']\s*\+)""")
"""A key whose end is only known on the screen, such as problem.${kind}."""


def used():
    """Keys that stand in the code as they are, and the beginnings of those that do not, with where they stand."""
    whole, begun = {}, {}
    for file, text in SOURCES.items():
        whole |= {key: file.name for key in WHOLE.findall(text)}
        begun |= {key: file.name for key in BEGUN.findall(text)}
    return whole, begun


def test_both_languages_have_the_same_keys():
    assert set(words("en")) == set(words("zh")) and len(words("en")) > 100
    assert {file.name for file in FOLDER.glob("*.json")} == {
        f"{p}.{n}.json" for p in ("screen", "shell", "kinds", "lessons") for n in LANGUAGES
    }


def test_no_key_is_missing():
    whole, begun = used()
    there = words("en")
    files = {f"{name}.{ending}" for name in PREFIXES for ending in ("js", "css", "json", "py")}
    missing = {key: file for key, file in whole.items() if key not in there and key not in files}
    missing |= {key: file for key, file in begun.items() if not any(known.startswith(key) for known in there)}
    assert not missing


def test_no_key_is_left_over():
    whole, begun = used()
    left = [key for key in words("en") if key not in whole and not any(key.startswith(start) for start in begun)]
    assert not left


@pytest.mark.parametrize("key", sorted(words("en")))
def test_both_say_as_much(key):
    english, chinese = words("en")[key], words("zh")[key]
    assert bool(english.strip()) == bool(chinese.strip())
    for text in (english, chinese):
        assert "<" not in text and ">" not in text.replace("->", ""), "words are text, never markup"
    assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))


def test_words_of_one_file_are_not_those_of_another():
    keys = [
        key for file in FOLDER.glob("*.en.json") for key in re.findall(r'^ *"([^"]+)":', file.read_text("utf-8"), re.M)
    ]
    assert len(keys) == len(set(keys))


def test_the_language_of_a_browser():
    assert preferred_language({}, "zh-HK;q=0.8,en;q=0.9") == "en"
    assert (
        preferred_language({}, "ZH") == "zh"
        and preferred_language({}, "") == "en"
        and preferred_language({}, "zh;q=0,en;q=0.1") == "en"
    )
    assert (
        preferred_language({"lang": "zh"}, "en") == "zh"
        and preferred_language({"lang": "<script>"}, "x" * 10_000) == "en"
    )
    assert word("en", "login.wait", minutes="{minutes}") == words("en")["login.wait"]


def test_no_text_stands_in_the_code():
    """Chinese in the code would be a text that nobody translates."""
    for file, text in SOURCES.items():
        assert file.suffix != ".py" or not re.search(r"[\u4e00-\u9fff]", text), file


def test_scripts_and_styles_ask_nothing_of_other_places():
    files = [file for file in (UI / "static").rglob("*") if file.is_file()]
    assert len(files) > 5
    for file in files:
        outside = re.findall(r"""https?://[\w.-]+|["'(]//[\w.-]+\.\w+""", file.read_text("utf-8"))
        assert set(outside) <= {"http://www.w3.org"}, file.name
