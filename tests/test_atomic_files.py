import pytest

from extractor.errors import OutputError
from extractor.files.atomic_files import write_text_atomically


def test_failed_write_keeps_the_old_file_and_leaves_no_temporary_file(tmp_path, monkeypatch):
    target = tmp_path / "out.json"
    write_text_atomically(target, "old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OutputError, match="No space left"):
        write_text_atomically(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_missing_folder_is_named_in_the_error(tmp_path):
    with pytest.raises(OutputError, match="missing"):
        write_text_atomically(tmp_path / "missing" / "out.json", "x")
