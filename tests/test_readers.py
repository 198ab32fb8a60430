"""Which reader a file goes to, and the errors for files that no reader can read."""

from __future__ import annotations

import hashlib
import os
import random
import socket
import sys
from types import SimpleNamespace

import pytest

from extractor import readers
from extractor.errors import InputError
from extractor.readers import READERS, detect_format, read, read_bytes, registry
from extractor.types import Document


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (b"\r\njunk before it\n%PDF-1.4 ...", "pdf"),
        (b"<!DOCTYPE html><p>x", "html"),
        (b"\xef\xbb\xbf  <html lang=en>", "html"),
        (b"<?xml version='1.0'?>\n<!-- c -->\n<html>", "html"),
        (b"<table><tr><td>a</td></tr></table>", "html"),
        ("<html><body>表格</body></html>".encode("utf-16"), "html"),
        ("<p>编号</p><p>金额</p>".encode("gbk"), "html"),
        (b"Total: 5 < 7 and 8 > 2\nName: <unknown>\n", "text"),
        (b"A <br> tag breaks a line; a <p> tag opens a paragraph.", "text"),
        ("一、总体情况".encode(), "text"),
        (b"BMW AG, Munich", "text"),
        (b"MZ is short for Mainz", "text"),
        (b"<2020> figures", "text"),
    ],
)
def test_format_is_detected_from_content(data, kind):
    assert detect_format(data) == kind


@pytest.mark.parametrize("name", READERS)
def test_every_format_recognises_and_reads(name):
    reader = registry.find_reader(name)
    assert callable(reader.sniff) and callable(reader.read)


def test_new_format_is_a_module_and_a_line_in_the_registry(monkeypatch):
    reader = SimpleNamespace(
        sniff=lambda sample: sample.head.startswith(b"ROLL"),
        read=lambda data, source: Document("1", source, data.decode()),
    )
    monkeypatch.setitem(sys.modules, "extractor.readers.roll", reader)
    monkeypatch.setattr(registry, "READERS", ("roll", *READERS))
    assert read_bytes(b"ROLL of names", "names.txt").text == "ROLL of names"
    assert read_bytes(b"A roll of names", "names.txt").text == "A roll of names"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "broken picture"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "broken picture"),
        (b"PK\x03\x04" + bytes(20), "Office"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "Office"),
        (b"{\\rtf1 text}", "RTF"),
        (b"BM\x36\x00\x00\x00\x00\x00", "broken picture"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(20), "HEIC"),
        (random.Random(1).randbytes(5000), "unknown kind"),
        (bytes(range(1, 32)) * 50, "unknown kind"),
    ],
)
def test_unsupported_format_is_named_with_a_hint(data, what):
    with pytest.raises(InputError, match=what) as caught:
        read_bytes(data, "given.bin")
    assert "given.bin" in caught.value.message and caught.value.hint


def test_file_name_does_not_decide_the_format(tmp_path):
    path = tmp_path / "page.pdf"
    path.write_text("<html><body><p>Not a PDF</p></body></html>")
    assert read(path).text == "Not a PDF\n"


def test_document_has_hash_and_source_of_its_file(tmp_path):
    path = tmp_path / "note.txt"
    path.write_bytes(b"one\ntwo\n")
    document = read(path)
    assert document.id == hashlib.sha256(b"one\ntwo\n").hexdigest()
    assert document.source == str(path)
    assert repr(document)


def test_missing_file_folder_and_empty_file_are_input_errors(tmp_path):
    (tmp_path / "empty.txt").write_bytes(b"")
    (tmp_path / "blank.txt").write_bytes(b" \r\n\t\n")
    for path, what in (
        (tmp_path / "none.txt", "No such file"),
        (tmp_path, "folder"),
        (tmp_path / "empty.txt", "empty"),
        (tmp_path / "blank.txt", "empty"),
    ):
        with pytest.raises(InputError, match=what) as caught:
            read(path)
        assert caught.value.hint


def test_pipes_devices_and_sockets_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        read(tmp_path / "pipe")
    with pytest.raises(InputError, match="not a regular file"):
        read("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        with pytest.raises(InputError, match="not a regular file"):
            read(tmp_path / "socket")


def test_impossible_file_name_is_an_input_error():
    with pytest.raises(InputError):
        read("a\0b")


def test_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.txt"
    with open(path, "wb") as file:
        file.truncate(readers.MAX_BYTES + 1)
    with pytest.raises(InputError, match="100 MB"):
        read(path)


def test_text_over_the_limit_is_refused_by_number_of_characters():
    with pytest.raises(InputError, match="10,000,000 characters"):
        read_bytes(b"word " * (readers.MAX_CHARACTERS // 5 + 1), "long.txt")
    with pytest.raises(InputError, match="10,000,000 characters"):
        read_bytes(b"line of text\n" * 4_000_000, "longer.txt")
