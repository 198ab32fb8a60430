"""The command line as a person uses it; errors are tested in `test_bad_input`."""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import replies
from waiting import TIMEOUT

from extractor.cli import EPILOG, main, parser
from extractor.errors import InputError
from extractor.schemas import load_schema, shipped_schemas
from extractor.validation import find_problems

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = {
    "type": "object",
    "title": "Letter",
    "properties": {
        "customer": {"type": "string", "title": "Customer", "description": "who ordered"},
        "net": {"type": "number", "title": "Net amount"},
        "tax": {"type": "number", "title": "Sales tax"},
        "total": {"type": "number", "title": "Total due"},
        "items": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "article": {"type": "string", "title": "Article"},
                    "count": {"type": "integer", "title": "Quantity"},
                },
            },
        },
    },
    "x-checks": [{"expr": "this.net + this.tax == this.total", "message": "the total adds up", "tolerance": 0.01}],
}
TEXT = """Order of Ann Lee

Net amount: 100.00
Sales tax: 20.00
Total due: 125.00

Article\tQuantity
Pen\t3
Paper\t12
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA), "utf-8")
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    (tmp_path / "b.txt").write_text(TEXT.replace("125", "120"), "utf-8")
    return tmp_path


def extract(*more):
    return main(["extract", *more, "--schema", "schema.json", "--model", "none"])


# extract


def test_one_document_is_one_json_object(folder, capsys):
    assert extract("a.txt") == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["data"]["total"] == 125 and result["data"]["items"][1] == {"article": "Paper", "count": 12}
    assert result["document"]["source"] == "a.txt" and set(result) == {"document", "data", "values", "problems", "run"}
    for v in result["values"]:
        if v["evidence"]:
            assert TEXT[v["evidence"]["start"] : v["evidence"]["end"]] == v["evidence"]["text"]
    assert "a.txt" in err


def test_several_documents_are_json_lines_in_their_order(folder, capsys):
    assert extract("a.txt", "b.txt") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["data"]["total"] for line in lines] == [125, 120]


def test_documents_may_come_before_and_after_options(folder, capsys):
    assert main(["extract", "a.txt", "--schema", "schema.json", "b.txt", "--model", "none", "a.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["document"]["source"] for line in lines] == ["a.txt", "b.txt", "a.txt"]
    for wrong in (["extract", "a.txt", "--schema", "schema.json", "--modle", "x"], ["schemas", "a", "b"]):
        with pytest.raises(SystemExit):
            main(wrong)
        assert "unrecognized arguments" in capsys.readouterr().err


def test_bad_document_does_not_stop_the_others_but_sets_the_exit_code(folder, capsys):
    (folder / "empty.txt").write_text("")
    assert extract("missing.txt", "a.txt", "empty.txt", "b.txt") == 3
    out, err = capsys.readouterr()
    assert [json.loads(line)["document"]["source"] for line in out.splitlines()] == ["a.txt", "b.txt"]
    assert "missing.txt" in err and "empty.txt is empty" in err


def test_error_of_the_tool_in_one_document_does_not_stop_the_others(folder, capsys, monkeypatch):
    from extractor.extraction import pipeline

    whole = pipeline.extract

    def stumbling(document, *rest, **named):
        if document.source == "a.txt":
            raise KeyError("column")
        return whole(document, *rest, **named)

    monkeypatch.setattr(pipeline, "extract", stumbling)
    assert extract("a.txt", "b.txt") == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["document"]["source"] == "b.txt"
    assert "a.txt" in err and "KeyError: 'column'" in err and "--debug" in err


@pytest.mark.parametrize("command", ["extract", "read"])
@pytest.mark.parametrize("paths", [["bad.html"], ["a.txt", "bad.html", "b.txt"]])
def test_parser_that_fails_unforeseen_is_an_error_of_that_document_alone(command, paths, folder, capsys, monkeypatch):
    from extractor.readers import html

    def stumbling(data, source):
        raise IndexError("SECRET of the document")

    monkeypatch.setattr(html, "read", stumbling)
    (folder / "bad.html").write_text("<!doctype html><p>SECRET of the document")
    more = ["--output", "out.jsonl"] if command == "extract" else ["--json"]
    code = extract(*paths, *more) if command == "extract" else main(["read", *paths, *more])
    out, err = capsys.readouterr()
    assert code == 3 and "bad.html" in err and "IndexError at" in err and "SECRET" not in err
    written = (folder / "out.jsonl").read_text() if (folder / "out.jsonl").exists() else out
    assert len(written.splitlines()) == len(paths) - 1
    with pytest.raises(InputError) as raised:
        main(["--debug", "read", *paths])
    assert isinstance(raised.value.__cause__, IndexError)


def test_document_whose_extraction_fails_is_named_even_if_it_is_the_only_one(folder, capsys, monkeypatch):
    def stumbling(*_, **__):
        raise KeyError("column")

    monkeypatch.setattr("extractor.extraction.pipeline.extract", stumbling)
    assert extract("a.txt") == 1
    assert "a.txt failed" in capsys.readouterr().err


def test_model_answers_what_structure_leaves_open(folder, capsys, monkeypatch):
    monkeypatch.setattr("extractor.models.load_model", lambda name, threads: replies({"customer": "Ann Lee"}))
    assert main(["extract", "a.txt", "--schema", "schema.json", "--model", "any"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert result["data"]["customer"] == "Ann Lee" and result["run"]["model"] == "scripted"
    assert "model scripted ready" in err


def test_environment_variable_can_name_the_model(folder, capsys, monkeypatch):
    monkeypatch.setenv("EXTRACTOR_MODEL", "none")
    assert main(["extract", "a.txt", "--schema", "schema.json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"]["model"] is None


def test_no_model_is_loaded_when_no_document_can_be_read(folder, capsys, monkeypatch):
    monkeypatch.setattr("extractor.models.load_model", lambda *a, **k: pytest.fail("loaded"))
    assert main(["extract", "x.txt", "y.txt", "--schema", "schema.json"]) == 3


def test_output_file_is_replaced_atomically_and_keeps_its_permissions(folder, capsys):
    old = folder / "out.jsonl"
    old.write_text("old")
    old.chmod(0o640)
    assert extract("a.txt", "b.txt", "--output", "out.jsonl") == 0
    assert capsys.readouterr().out == ""
    assert len(old.read_text("utf-8").splitlines()) == 2
    assert old.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in folder.iterdir()) == ["a.txt", "b.txt", "out.jsonl", "schema.json"]


def test_device_is_written_to_and_never_replaced(folder):
    assert extract("a.txt", "--output", "/dev/null") == 0
    assert Path("/dev/null").is_char_device()


def test_output_follows_a_link(folder):
    (folder / "real.json").write_text("{}")
    (folder / "link.json").symlink_to("real.json")
    assert extract("a.txt", "--output", "link.json") == 0
    assert (folder / "link.json").is_symlink()
    assert json.loads((folder / "real.json").read_text("utf-8"))["data"]["total"] == 125


def test_document_can_come_from_stdin(folder):
    ran = run("extract", "-", "--schema", "schema.json", "--model", "none", stdin=TEXT.encode(), cwd=folder)
    assert ran.returncode == 0
    result = json.loads(ran.stdout)
    assert result["data"]["total"] == 125 and result["document"]["source"] == "stdin"


def run(*arguments, stdin=b"", **options):
    command = [sys.executable, "-m", "extractor.cli", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=TIMEOUT, **options)


# --format table


@pytest.mark.parametrize("width", [60, 100, 160])
def test_table_shows_failed_checks_first_and_values_in_their_lines(folder, capsys, monkeypatch, width):
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", str(width))
    assert extract("a.txt", "--format", "table") == 0
    out = capsys.readouterr().out
    lines = out.splitlines()
    assert all(cell_len(line) <= width for line in lines)
    assert "1 failed check" in " ".join(lines[1:3])
    assert out.index("! total: check: the total adds up") < out.index("\n field")
    assert "«125.00»" in out and "items[1]" in out
    assert out.index("Not asked") > out.index("Paper")
    assert re.search(r"Not asked[^()]*\(1\)\n +customer\n", out)


def test_table_underlines_evidence_in_colour(folder):
    from extractor.cli import tables
    from extractor.extraction.pipeline import extract as extracted
    from extractor.readers import read

    drawn = tables.format_record(extracted(read("a.txt"), load_schema("schema.json"), None), 100, colour=True)
    assert re.search(r"\x1b\[1;4m125.00\x1b\[0m", drawn)
    assert "«" not in drawn


def test_wide_characters_and_long_evidence_fit_the_table(folder, capsys, monkeypatch):
    from rich.cells import cell_len

    monkeypatch.setenv("COLUMNS", "80")
    text = "合同金额：" + "甲" * 60 + "共计人民币1200元，" + "乙" * 90 + "\n备注：" + "很长的文字" * 30 + "。\n"
    (folder / "zh.txt").write_text(text, "utf-8")
    schema = {"type": "object", "properties": {"amount": {"type": "number", "title": "共计人民币"}}}
    (folder / "schema.json").write_text(json.dumps(schema), "utf-8")
    assert extract("zh.txt", "--format", "table") == 0
    out = capsys.readouterr().out
    assert "«1200元»" in out
    assert all(cell_len(line) <= 80 for line in out.splitlines())


# read, prompt


def test_read_shows_blocks_and_cells_with_their_paths(folder, capsys):
    assert main(["read", "a.txt"]) == 0
    out = capsys.readouterr().out
    assert "Net amount: 100.00" in out and "=== table 1" in out
    assert re.search(r"12 +<- Paper \| Quantity", out)


def test_read_as_json_has_words_at_their_offsets(folder, capsys):
    page = b"<html><body><h1>Report</h1><p>Total: <b>12</b></p></body></html>"
    (folder / "a.html").write_bytes(page)
    assert main(["read", "a.txt", "a.html", "--json"]) == 0
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [d["source"] for d in documents] == ["a.txt", "a.html"]
    for document in documents:
        for cell in (c for table in document["tables"] for c in table["cells"]):
            assert document["text"][cell["start"] : cell["end"]] == cell["text"]
        for word in (w for page in document["pages"] for w in page["words"]):
            assert document["text"][word["start"] : word["end"]] == word["text"]


def test_read_as_json_has_boxes_for_a_pdf(folder, capsys):
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas("a.pdf", pagesize=(300, 200))
    canvas.drawString(50, 150, "Total 12")
    canvas.save()
    assert main(["read", "a.pdf", "--json"]) == 0
    (page,) = json.loads(capsys.readouterr().out)["pages"]
    first = page["words"][0]
    assert first["text"] == "Total" and 45 < first["box"]["x0"] < 55 and 30 < first["box"]["top"] < 60


def test_prompt_prints_exactly_what_a_model_is_sent(folder, capsys, monkeypatch):
    model = replies({})
    monkeypatch.setattr("extractor.models.load_model", lambda name, threads: model)
    assert main(["extract", "a.txt", "--schema", "schema.json"]) == 0
    capsys.readouterr()
    assert main(["prompt", "a.txt", "--schema", "schema.json", "--grammar"]) == 0
    out = capsys.readouterr().out
    (request,) = model.requests
    expected = f"=== system\n{request.system}\n=== document\n{request.prompt}\n"
    for n, row in enumerate(request.groups, 1):
        expected += f"=== question {n} of {len(request.groups)}\n{row.question}\n=== grammar {n}\n{row.grammar}\n"
    assert out == expected


def test_prompt_says_so_when_nothing_is_left_to_ask(folder, capsys):
    (folder / "s.json").write_text('{"type":"object","properties":{"tax":{"type":"number","title":"Sales tax"}}}')
    assert main(["prompt", "a.txt", "--schema", "s.json"]) == 0
    assert "nothing is sent" in capsys.readouterr().out


# schemas, models, check


def test_schemas_lists_and_shows_every_shipped_one(capsys):
    assert main(["schemas"]) == 0
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert names == [name for name, _ in shipped_schemas()] and "receipt" in names
    for name in names:
        assert main(["schemas", name]) == 0
        assert f"{len(load_schema(name).fields)} fields" in capsys.readouterr().out


def test_models_are_listed_and_shown_without_download(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("EXTRACTOR_CACHE", str(tmp_path))
    assert main(["models"]) == main(["models", "list"]) == 0
    assert "(default)" in capsys.readouterr().out
    assert main(["models", "show"]) == 0
    out = capsys.readouterr().out
    assert "sha-256" in out and "extractor models pull" in out and str(tmp_path) in out


def test_models_pull_prints_the_path_of_the_weights(capsys, monkeypatch):
    monkeypatch.setattr("extractor.models.weights.pull", lambda known: f"/weights/{known.name}.gguf")
    assert main(["models", "pull", "qwen2.5-coder-0.5b"]) == 0
    assert capsys.readouterr().out == "/weights/qwen2.5-coder-0.5b.gguf\n"


def test_check_accepts_a_record_an_extraction_and_json_lines(folder, capsys):
    good = {"net": 1, "tax": 2, "total": 3}
    (folder / "r.json").write_text(json.dumps(good))
    assert main(["check", "r.json", "--schema", "schema.json"]) == 0
    assert capsys.readouterr().out == "fine\n"
    extract("b.txt", "--output", "b.json")
    assert main(["check", "b.json", "--schema", "schema.json"]) == 0
    extract("a.txt", "b.txt", "--output", "ab.jsonl")
    capsys.readouterr()
    assert main(["check", "ab.jsonl", "--schema", "schema.json"]) == 6
    out, err = capsys.readouterr()
    assert out.startswith("record 1: total: check: the total adds up") and "record 2" not in out
    assert "1 problem in ab.jsonl" in err


def test_check_reads_the_output_of_extract(folder):
    made = run("extract", "b.txt", "--schema", "schema.json", "--model", "none", cwd=folder)
    ran = run("check", "-", "--schema", "schema.json", stdin=made.stdout, cwd=folder)
    assert (ran.returncode, ran.stdout) == (0, b"fine\n")


def test_example_is_extracted_by_structure_without_a_failed_check(capsys):
    path = str(ROOT / "examples" / "qingshan-2020.txt")
    assert main(["extract", path, "--schema", "annual-disclosure-2020", "--model", "none"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert not [p for v in result["values"] for p in v["problems"] if p["kind"] == "check"]
    schema = load_schema("annual-disclosure-2020")
    assert not [p for p in find_problems(schema, result["data"]) if p.kind in ("schema", "format")]


# The manual and the help.


def commands():
    top = parser()
    (found,) = [a for a in top._actions if isinstance(a, argparse._SubParsersAction)]
    return top, found.choices


def test_every_command_and_option_is_in_the_manual():
    manual = (ROOT / "docs" / "cli.md").read_text("utf-8")
    top, subs = commands()
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", manual, re.MULTILINE | re.DOTALL))
    for action in top._actions:
        assert all(f"`{option}`" in manual for option in action.option_strings)
    for name, command in subs.items():
        section = sections[name]
        assert f"    extractor {name}" in section, f"{name} has no example"
        for action in command._actions:
            if action.dest != "help":
                for word in action.option_strings or action.choices or [action.metavar.replace("|", "\\|")]:
                    assert f"`{word}" in section, f"{name} {word} is not in docs/cli.md"
    known = {option for sub in (top, *subs.values()) for a in sub._actions for option in a.option_strings}
    assert set(re.findall(r"`(--?[a-z][a-z-]*)", manual)) <= known, "docs/cli.md tells of an option that is not there"


def test_every_exit_code_is_in_the_manual_and_in_the_help():
    from extractor import errors

    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.ExtractorError)]
    codes = {0, 130} | {c.code for c in classes}
    manual = (ROOT / "docs" / "cli.md").read_text("utf-8").split("## Exit codes")[1]
    assert {int(n) for n in re.findall(r"^\| (\d+) \|", manual, re.MULTILINE)} == codes
    assert {int(n) for n in re.findall(r"^  (\d+) +\S", EPILOG, re.MULTILINE)} == codes


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    _, subs = commands()
    assert all(f"\n    {name}" in out for name in subs) and "exit codes:" in out
