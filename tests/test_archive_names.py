"""Names in zip archives, and files in archives and folders that are no documents."""

import zipfile

import pytest

from extractor.jobs import archives, sources

JUNK = ("Thumbs.db", "~$plan.docx", ".DS_Store", "desktop.ini", "__MACOSX/._plan.txt")


def zipped(path, names, encoding):
    """Write an archive whose names are in `encoding` without a mark of it, as programs of Windows do."""
    codes = {}
    with zipfile.ZipFile(path, "w") as archive:
        for number, name in enumerate(names):
            raw = name.encode(encoding)
            placeholder = chr(ord("A") + number) * len(raw)
            codes[placeholder.encode()] = raw
            archive.writestr(placeholder, f"Document {number}")
    data = path.read_bytes()
    for placeholder, raw in codes.items():
        data = data.replace(placeholder, raw)
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (("年报/海港镇.txt", "年报/渔业局.txt", "年报/说明文件.txt"), "gbk"),
        (("報告書/港湾事務所.txt", "報告書/のりもの一覧.txt"), "shift_jis"),
        (("年报/海港镇.txt",), "utf-8"),
    ],
)
def test_names_in_a_zip_are_read_in_the_encoding_they_are_in(tmp_path, names, encoding):
    path = tmp_path / "a.zip"
    zipped(path, names, encoding)
    members = archives.list_members(str(path), "a.zip", "")
    assert [member.name.partition("!/")[2] for member in members] == list(names)
    assert archives.read_member(str(path), names[-1]) == f"Document {len(names) - 1}".encode()


def test_what_is_no_document_is_left_out_and_counted(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("plan.txt", *JUNK[:4]):
        (folder / name).write_text("x")
    with zipfile.ZipFile(folder / "b.zip", "w") as archive:
        for name in ("inner.txt", *JUNK):
            archive.writestr(name, "x")
    assert [file.name.rpartition("/")[2] for file in sources.find_files([str(folder)])] == ["b.zip", "plan.txt"]
    members = archives.list_members(str(folder / "b.zip"), "b.zip", "")
    assert [member.name for member in members] == ["b.zip!/inner.txt"]
    assert archives.count_junk([str(folder)]) == 9
