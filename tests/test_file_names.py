"""File names made from names that people or documents gave."""

from __future__ import annotations

import pytest

from extractor.files.file_names import UniqueFileNames, safe_file_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("报告 1.pdf", "报告 1.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\a\\b.txt", "b.txt"),
        (".hidden", "hidden"),
        ("..", "document"),
        ("", "document"),
        ("a\x00b\u202e.txt", "a_b_.txt"),
        ("长" * 100 + ".pdf", "长" * 38 + ".pdf"),
    ],
)
def test_safe_file_name_removes_folders_and_unsafe_characters(name, expected):
    assert safe_file_name(name) == expected


def test_names_are_given_once_whatever_their_case():
    names = UniqueFileNames()
    given = ["memo.txt", "MEMO.txt", "in/memo.txt", "memo", "memo-2.txt"]
    assert [names.add(name) for name in given] == ["memo.txt", "MEMO-2.txt", "memo-3.txt", "memo", "memo-2-2.txt"]
