"""Sets evaluated, kept, continued, compare_runs and reported; structure or a scripted model answers."""

import json
import re
import threading
from pathlib import Path

import pytest
from conftest import replies
from test_architecture import FLOORS
from waiting import TIMEOUT

from extractor.cli import main
from extractor.errors import InputError, ModelError, SchemaError, UsageError
from extractor.evaluation import evaluate, html_report, judging, run_identity, runs
from extractor.evaluation.baseline import extract_baseline
from extractor.evaluation.compare import BETTER, OTHER, WORSE, compare
from extractor.evaluation.curves import coverage_curve, reliability_bins
from extractor.evaluation.discrimination import expected_calibration_error
from extractor.evaluation.report import build_report
from extractor.evaluation.samples import load_set, load_set_schema
from extractor.schemas import load_schema

SCHEMA = {
    "type": "object",
    "title": "Letter",
    "properties": {
        "day": {"type": ["string", "null"], "format": "date", "title": "Letter date"},
        "total": {"type": ["number", "null"], "title": "Total due"},
        "count": {"type": ["integer", "null"], "title": "Parcels"},
        "phone": {"type": ["string", "null"], "title": "Telephone"},
    },
}
INJECTION = "<script>alert('x')</script><img src=http://nowhere.test/a.png>"


def gold_of(n):
    return {"day": f"2020-01-1{n}", "total": 100.5 + n, "count": 3, "phone": None}


def text_of(n):
    gold = gold_of(n)
    return f"Letter\n\nLetter date: {gold['day']}\nTotal due: {gold['total']:.2f}\nParcels: {gold['count']}\n"


def write_gold(folder, samples):
    lines = [json.dumps(sample) for sample in samples]
    (folder / "gold.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.delenv("EXTRACTOR_MODEL", raising=False)
    place = tmp_path / "letters"
    place.mkdir()
    (place / "schema.json").write_text(json.dumps(SCHEMA), "utf-8")
    for n in range(6):
        (place / f"{n}.txt").write_text(text_of(n), "utf-8")
    kinds = ["short", "long"]
    write_gold(place, [{"document": f"{n}.txt", "gold": gold_of(n), "kind": kinds[n % 2]} for n in range(6)])
    return place


def run_eval(folder, *more, model="none"):
    return main(["eval", str(folder), "--model", model, "--runs", str(folder.parent / "runs"), *more])


def kept(folder, name=None):
    (found,) = (folder.parent / "runs").glob(name or "*")
    return runs.load_run(found)


def edited(folder, n, old, new):
    file = folder / f"{n}.txt"
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")


# Sets.


def test_set_names_its_schema_or_holds_it(folder):
    samples = load_set(folder)
    assert samples.name == "letters" and len(samples.samples) == 6 and samples.samples[0].more == {"kind": "short"}
    assert load_set_schema(samples).document == SCHEMA
    (folder / "schema.json").write_text('"receipt"')
    assert load_set_schema(samples).name == "receipt"
    assert load_set_schema(samples, "laboratory-report").name == "laboratory-report"
    (folder / "schema.json").unlink()
    with pytest.raises(SchemaError, match=re.escape("--schema")):
        load_set_schema(samples)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no samples"),
        ("{", "line 1: not JSON"),
        ('{"document": "a.txt", "gold": {"a": NaN}}', "line 1: not JSON: it holds NaN"),
        ('{"document": "a.txt", "gold": {}}\n{"gold": {}}', "line 2: there is no `document`"),
        ('{"document": "a.txt"}', "there is no `gold`"),
        ('{"document": "a.txt", "gold": {}}\n\n{"document": "a.txt", "gold": {}}', "names a.txt twice"),
    ],
)
def test_broken_gold_file_is_reported_with_its_line(folder, text, message):
    (folder / "gold.jsonl").write_text(text)
    with pytest.raises(InputError, match=re.escape(message)):
        load_set(folder)


# Runs.


def test_run_keeps_every_document_and_its_identity(folder, capsys):
    assert run_eval(folder) == 0
    out, err = capsys.readouterr()
    assert "letters: 6 documents, 18 values; schema letters; model none" in out
    assert re.search(r"^micro-F1 +1\.000 \(1\.000 to 1\.000\)", out, re.MULTILINE)
    assert "kept in" in err
    run = kept(folder)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-letters-none", run.name)
    identity = run.header["identity"]
    assert identity["model"] == "none" and len(identity["code"]) == len(identity["prompt"]) == 64
    assert run.header["machine"]["cores"] and run.header["machine"]["packages"]["numpy"]
    assert run.header["peak_memory"] > 10**7 and run.header["weights"] is None and run.header["seconds"] >= 0
    assert run.header["summary"]["figures"]["micro_f1"] == [1, 1, 1]
    judged = run.results["0.txt"]
    assert judged.data["total"] == 100.5 and judged.error is None
    total = next(m for m in judged.matches if m.field == "total")
    value = judged.value_of(total)
    assert value["confidence"] > 0 and value["method"] == "structure"
    assert value["evidence"]["text"] == "100.50" and value["evidence"]["before"].endswith("Total due: ")
    assert judged.run["seconds"]["all"] >= judged.run["seconds"]["structure"]


def test_run_locates_gold_in_the_document_where_the_record_is_wrong(folder):
    edited(folder, 0, "Letter date: 2020-01-10", "Nr. 1,100.50\n会宁县人民政府2020-01-10, 100.50")
    gold = {"day": "2020-01-10", "total": 100.5, "phone": "会宁县", "count": 7}
    write_gold(folder, [{"document": "0.txt", "gold": gold}])
    edited(folder, 0, "Total due: 100.50", "Total due: 9.99")
    assert run_eval(folder) == 0
    found = kept(folder).results["0.txt"].gold_evidence
    assert found["total"]["text"] == "100.50" and found["total"]["before"].endswith("2020-01-10, ")
    assert found["phone"]["text"] == "会宁县" and found["phone"]["boxes"] is None
    assert "count" not in found


def test_finished_run_is_shown_and_not_done_again(folder, capsys, monkeypatch):
    assert run_eval(folder) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(judging, "extract", lambda *a, **k: pytest.fail("extracted"))
    assert run_eval(folder) == 0
    out, err = capsys.readouterr()
    assert out == first and "has 6 documents" in err
    assert len(list((folder.parent / "runs").iterdir())) == 1


def test_again_starts_a_new_run(folder):
    assert run_eval(folder) == run_eval(folder, "--again") == 0
    names = sorted(p.name for p in (folder.parent / "runs").iterdir())
    assert len(names) == 2 and names[1] == names[0] + "-2"


def test_stopped_run_continues_and_a_cut_off_last_line_is_done_again(folder, monkeypatch):
    assert run_eval(folder) == 0
    lines = kept(folder).folder / "documents.jsonl"
    whole = lines.read_bytes()
    at = [m.end() for m in re.finditer(rb"\n", whole)]
    lines.write_bytes(whole[: at[3] - 40])  # three whole lines, and one that a crash cut off
    done = []
    real = evaluate.judge_document
    monkeypatch.setattr(
        evaluate, "judge_document", lambda sample, *rest: done.append(sample.document) or real(sample, *rest)
    )
    assert run_eval(folder) == 0
    assert done == ["3.txt", "4.txt", "5.txt"]
    assert sorted(kept(folder).results) == [f"{n}.txt" for n in range(6)]
    assert len(lines.read_bytes().splitlines()) == 6


def test_ctrl_c_keeps_finished_documents(folder, monkeypatch, capsys):
    real = evaluate.judge_document

    def stopped(sample, *rest):
        if sample.document == "2.txt":
            raise KeyboardInterrupt
        return real(sample, *rest)

    monkeypatch.setattr(evaluate, "judge_document", stopped)
    assert run_eval(folder) == 130
    assert "2 documents are kept" in capsys.readouterr().err
    assert list(kept(folder).results) == ["0.txt", "1.txt"]


def test_broken_line_in_the_middle_is_reported(folder):
    assert run_eval(folder) == 0
    lines = kept(folder).folder / "documents.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b'{"document": "1.txt"', b'{"document": 1.txt"'))
    with pytest.raises(InputError, match="line 2"):
        kept(folder)


def test_changed_document_is_done_again_and_changed_gold_is_compared_again(folder, monkeypatch):
    assert run_eval(folder) == 0
    edited(folder, 1, "101.50", "999.00")
    golds = [{"document": f"{n}.txt", "gold": gold_of(n)} for n in range(6)]
    golds[4]["gold"]["day"] = "2021-01-01"
    write_gold(folder, golds)
    done = []
    real = evaluate.judge_document
    monkeypatch.setattr(
        evaluate, "judge_document", lambda sample, *rest: done.append(sample.document) or real(sample, *rest)
    )
    assert run_eval(folder) == 0
    assert done == ["1.txt"]
    judged = kept(folder).results
    assert {m.outcome for m in judged["1.txt"].matches if m.field == "total"} == {"wrong"}
    assert {m.outcome for m in judged["4.txt"].matches if m.field == "day"} == {"wrong"}


def test_run_of_another_schema_is_not_continued(folder, capsys):
    assert run_eval(folder, "--run", "first") == 0
    smaller = {**SCHEMA, "properties": {"total": SCHEMA["properties"]["total"]}}
    (folder / "schema.json").write_text(json.dumps(smaller))
    assert run_eval(folder) == 0
    out = capsys.readouterr().out
    assert "they were not scored: day, count, phone" in out
    assert len(list((folder.parent / "runs").iterdir())) == 2
    assert run_eval(folder, "--run", "first") == 2
    assert "another schema" in capsys.readouterr().err


def test_run_of_other_code_is_shown_but_not_added_to(folder, monkeypatch, capsys):
    (folder / "5.txt").write_bytes(b"")
    assert run_eval(folder, "--limit", "4", "--run", "old") == 0
    shown = capsys.readouterr().out
    monkeypatch.setattr(run_identity, "code_hash", lambda: "f" * 64)
    assert run_eval(folder, "--limit", "4", "--run", "old") == 0
    assert capsys.readouterr().out == shown
    assert run_eval(folder, "--run", "old") == 2
    assert "another code" in capsys.readouterr().err


def test_only_code_that_records_depend_on_is_part_of_the_identity(tmp_path, monkeypatch):
    package = tmp_path / "extractor"
    for name in ("extraction/pipeline.py", "readers/pdf.py", "evaluation/matching.py"):
        _write(package / name, "1")
    for name in run_identity._JUDGING_MODULES:
        _write(package / "evaluation" / name, "1")
    monkeypatch.setattr(run_identity.extractor, "__file__", str(package / "__init__.py"))

    def code():
        run_identity.code_hash.cache_clear()
        return run_identity.code_hash()

    try:
        before = code()
        for name in (
            "evaluation/figures.py",
            "ui/page.py",
            "review/queue.py",
            "jobs/runner.py",
            "exports/lines.py",
            "cli/tables.py",
        ):
            _write(package / name, "anything")
            assert code() == before, name
        assert run_identity.code_hash() == before
        _write(package / "readers/pdf.py", "2")
        assert run_identity.code_hash() == before  # what runs is what was started, not what has been written since
        changed = code()
        assert changed != before
        _write(package / "evaluation/matching.py", "2")
        assert code() not in (before, changed)
    finally:
        run_identity.code_hash.cache_clear()


def test_rooms_above_the_pipeline_are_not_part_of_the_identity():
    rooms = [room for floor in FLOORS for room in sorted(floor)]
    above = set(rooms[rooms.index("extraction") + 1 :])
    assert above <= run_identity.ROOMS_WITHOUT_EFFECT, (
        "name it there when no record depends on it, else put it on a lower floor"
    )


def _write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_other_weights_under_the_same_name_are_refused(folder, monkeypatch, capsys):
    models = [replies({}), replies({})]
    models[1].weights = "1" * 64
    monkeypatch.setattr("extractor.models.load_model", lambda name, threads: models.pop(0))
    assert run_eval(folder, "--limit", "2", model="some") == 0
    assert kept(folder).header["weights"] == "0" * 64
    assert run_eval(folder, model="some") == ModelError.code
    assert "other weights" in capsys.readouterr().err


def test_limit_takes_the_first_documents_and_the_rest_can_follow(folder, capsys):
    assert run_eval(folder, "--limit", "2") == 0
    assert "2 documents" in capsys.readouterr().out
    assert run_eval(folder) == 0
    assert "6 documents" in capsys.readouterr().out
    assert run_eval(folder, "--limit", "3") == 0
    assert "3 documents" in capsys.readouterr().out
    assert len(list((folder.parent / "runs").iterdir())) == 1


def test_batched_documents_get_the_same_records_as_single_ones(folder, capsys, monkeypatch):
    scripted = replies({"phone": None})
    together = threading.Barrier(3, timeout=TIMEOUT)

    class Patient:
        name, weights = scripted.name, scripted.weights

        def answer(self, request):
            together.wait()  # three are here at once, or it breaks
            return scripted.answer(request)

    monkeypatch.setattr("extractor.models.load_model", lambda name, threads: Patient())
    (folder / "5.txt").unlink()
    assert run_eval(folder, "--run", "many", "--batch", "3", "--limit", "3", model="some") == 0
    assert "3 documents put to the model at a time" in capsys.readouterr().out
    monkeypatch.setattr("extractor.models.load_model", lambda name, threads: scripted)
    assert run_eval(folder, "--run", "many", "--batch", "3", model="some") == 0
    assert run_eval(folder, "--run", "alone", model="some") == 0
    many, alone = kept(folder, "many"), kept(folder, "alone")
    assert many.results.keys() == alone.results.keys() and len(many.results) == 6
    for name, judged in alone.results.items():
        assert many.results[name].matches == judged.matches, name
    assert many.results["5.txt"].error and many.results["0.txt"].seconds >= 0


def test_failed_document_is_listed_counted_as_missing_and_tried_again(folder, capsys):
    text = (folder / "2.txt").read_bytes()
    (folder / "2.txt").write_bytes(b"")
    (folder / "3.txt").unlink()
    assert run_eval(folder) == 0
    out = capsys.readouterr().out
    assert "2 documents failed" in out and "2.txt is empty" in out and "No such file" in out
    assert re.search(r"^recall +0\.667", out, re.MULTILINE) and re.search(r"^precision +1\.000", out, re.MULTILINE)
    (folder / "2.txt").write_bytes(text)
    assert run_eval(folder) == 0
    out = capsys.readouterr().out
    assert "1 document failed" in out and re.search(r"^recall +0\.833", out, re.MULTILINE)


def test_error_in_one_document_does_not_stop_the_others(folder, monkeypatch, capsys):
    real = judging.extract

    def stumbling(document, *rest):
        if document.source.endswith("2.txt"):
            raise KeyError("column")
        return real(document, *rest)

    monkeypatch.setattr(judging, "extract", stumbling)
    assert run_eval(folder) == 0
    assert "an error of the tool itself: KeyError: 'column'" in capsys.readouterr().out


def test_runs_are_kept_in_a_checkout_or_in_the_users_folder(tmp_path, monkeypatch):
    root = Path(runs.extractor.__file__).resolve().parent.parent
    assert runs.runs_folder() == root / "eval" / "runs"
    monkeypatch.setattr(runs.extractor, "__file__", str(tmp_path / "site" / "extractor" / "__init__.py"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert runs.runs_folder() == tmp_path / "extractor" / "runs"


def test_run_locked_by_another_process_is_refused(folder, capsys):
    assert run_eval(folder, "--limit", "1") == 0
    with kept(folder).locked():
        assert run_eval(folder) == 2
    assert "Another process" in capsys.readouterr().err


def test_folder_that_cannot_be_written_to_is_reported(folder, capsys):
    (folder.parent / "runs").write_text("a file")
    assert run_eval(folder) == 7
    assert "--runs" in capsys.readouterr().err


# What is printed.


def test_fail_under_exits_with_its_own_code_after_the_report(folder, capsys):
    edited(folder, 0, "100.50", "7.00")
    assert run_eval(folder, "--fail-under", "0.9") == 0
    assert run_eval(folder, "--fail-under", "0.99", "--wrong") == 6
    out, err = capsys.readouterr()
    assert "below 0.99" in err
    assert "0.txt total: wrong: gold 100.5, got 7" in out and "micro-F1" in out
    with pytest.raises(SystemExit):
        run_eval(folder, "--fail-under", "90")


def test_report_breaks_down_by_kind_and_by_note(folder, capsys):
    notes = [["en"], ["en", "torn"], ["zh"], ["zh"], [], ["torn"]]
    write_gold(
        folder,
        [{"document": f"{n}.txt", "gold": gold_of(n), "kind": "letter", "notes": notes[n]} for n in range(6)],
    )
    assert run_eval(folder) == 0
    out = capsys.readouterr().out
    assert re.search(r"^notes +documents", out, re.MULTILINE) and not re.search(r"^kind ", out, re.MULTILINE)
    assert re.search(r"^torn +2 +1\.000", out, re.MULTILINE) and re.search(r"^— +1 ", out, re.MULTILINE)


def test_summary_is_a_markdown_table(folder, capsys):
    assert run_eval(folder, "--summary") == 0
    head, rule, row = capsys.readouterr().out.splitlines()
    assert head.count("|") == rule.count("|") == row.count("|")
    assert "| letters | 6 | letters | none | 1.000 (1.000 to 1.000) |" in row


def test_missing_extra_is_named(folder, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert run_eval(folder) == 2
    assert "pip install 'extractor[eval]'" in capsys.readouterr().err


def test_baseline_takes_labels_then_positions(record):
    text = "Acme Ltd\nIssued 2020-03-04\nNet 80.00\nPhone: 555-123-4567\nSum 100.00\nPaid by card\n"
    properties = {
        "seller": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "amount": {"type": "number"},
        "net": {"type": "number", "title": "Net"},
        "pieces": {"type": "integer"},
        "phone": {"type": "string", "format": "phone"},
        "means": {"enum": ["cash", "card", None]},
        "lines": {"type": "array", "items": {"type": "string"}},
        "other": {"type": "string"},
        "part": {"type": "object", "properties": {"count": {"type": "integer"}}},
    }
    document = record(text, properties).document
    assert extract_baseline(document, load_schema({"type": "object", "properties": properties})) == {
        "seller": "Acme Ltd",
        "day": "2020-03-04",
        "amount": 100,
        "net": 80,
        "pieces": 0,
        "phone": "555-123-4567",
        "means": "card",
        "lines": [],
        "other": None,
        "part": {"count": 0},
    }


# Comparison.


def compare_runs(folder, before, after):
    load = lambda name: runs.load_run(folder.parent / "runs" / name)  # noqa: E731
    return compare(load(before), list(load(after).results.values()))


def test_planted_change_is_found_and_equal_runs_differ_by_noise(folder, capsys):
    assert run_eval(folder, "--run", "old") == 0
    assert run_eval(folder, "--run", "same") == 0
    found = compare_runs(folder, "old", "same")
    assert found.changes == () and not found.is_significant and found.difference.value == 0
    for n in range(5):
        edited(folder, n, "Total due: 10", "Total due: 20")
    capsys.readouterr()
    assert run_eval(folder, "--run", "new", "--compare", "old") == 0
    out = capsys.readouterr().out
    assert "5 fields changed: 0 better, 5 worse, 0 other" in out
    assert "worse  0.txt total: gold 100.5: correct 100.5 -> wrong 200.5" in out
    assert "more than noise" in out.splitlines()[-1] and "no more" not in out.splitlines()[-1]
    found = compare_runs(folder, "new", "old")
    assert [c.verdict for c in found.changes] == [BETTER] * 5 and found.difference.low > 0 and found.opposed == 0


def test_change_between_two_mistakes_is_neither_better_nor_worse(folder):
    edited(folder, 0, "100.50", "7.00")
    assert run_eval(folder, "--run", "old") == 0
    edited(folder, 0, "7.00", "8.00")
    edited(folder, 1, "Parcels: 3", "Parcels: 4")
    assert run_eval(folder, "--run", "new") == 0
    found = compare_runs(folder, "old", "new")
    assert [(c.document, c.verdict) for c in found.changes] == [("0.txt", OTHER), ("1.txt", WORSE)]
    assert not found.is_significant


def test_runs_without_common_documents_and_unknown_runs_are_refused(folder, capsys):
    assert run_eval(folder, "--limit", "1", "--run", "old") == 0
    old = kept(folder, "old")
    with pytest.raises(UsageError, match="none of these documents"):
        compare(old, [])
    assert run_eval(folder, "--compare", "nothing") == 3
    assert "The newest in" in capsys.readouterr().err


# The HTML report, curves.


def test_report_escapes_text_of_documents(folder, monkeypatch):
    golds = [{"document": f"{n}.txt", "gold": {"customer": f"Bo {INJECTION}"}, "kind": INJECTION} for n in range(6)]
    golds[1]["kind"] = "letter"
    write_gold(folder, golds)
    (folder / "schema.json").write_text(json.dumps({"type": "object", "properties": {"customer": {"type": "string"}}}))
    edited(folder, 0, "Letter date:", f"Ann {INJECTION}")
    (folder / "5.txt").unlink()
    monkeypatch.setattr("extractor.models.load_model", lambda name, threads: replies({"customer": f"Ann {INJECTION}"}))
    out = folder.parent / "report.html"
    assert run_eval(folder, "--output", str(out), model="some") == 0
    html = out.read_text("utf-8")
    assert "<script" not in html and "&lt;script&gt;alert" in html
    assert "<img" not in html and "&lt;img src=http://nowhere.test" in html
    assert not re.search(r"<[^>]+(?:\b(?:src|href)=|url\()", html)
    assert "<mark>Ann &lt;script&gt;" in html
    assert "No such file" in html and "uncalibrated" in html
    assert html.count("<svg") == 2


def test_report_shows_the_place_on_the_page(folder, capsys):
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(folder / "p.pdf"), pagesize=(300, 200))
    canvas.drawString(40, 150, "Total due: 77.00")
    canvas.drawString(40, 120, "Parcels: 3")
    canvas.save()
    write_gold(folder, [{"document": "p.pdf", "gold": {"total": 12, "count": 3}}])
    out = folder.parent / "report.html"
    assert run_eval(folder, "--output", str(out)) == 0
    assert "confidence is uncalibrated" in capsys.readouterr().out
    html = out.read_text("utf-8")
    assert html.count('<img src="data:image/jpeg;base64,') == 1
    assert "page 1: " in html and "<mark>77.00</mark>" in html


def test_report_has_a_dash_for_fields_unknown_to_the_baseline(folder):
    rows = {"type": "array", "items": {"type": "object", "properties": {"name": {"type": ["string", "null"]}}}}
    (folder / "schema.json").write_text(json.dumps({"type": "object", "properties": {"rows": rows}}))
    write_gold(folder, [{"document": "0.txt", "gold": {"rows": []}}, {"document": "1.txt", "gold": {"rows": []}}])
    scripted = replies({"rows": [{"name": "Letter"}]})
    out = folder.parent / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("extractor.models.load_model", lambda name, threads: scripted)
        assert run_eval(folder, "--output", str(out), model="some") == 0
    assert "<td>rows[].name</td>" in out.read_text("utf-8")


def test_report_has_a_limit_and_counts_the_rest(folder, monkeypatch):
    for n in range(6):
        edited(folder, n, "Total due: 10", "Total due: 20")
    assert run_eval(folder) == 0
    monkeypatch.setattr(html_report, "MAX_MISTAKES", 4)
    run = kept(folder)
    html = html_report.render_html(build_report(run, list(run.results.values()), load_schema(SCHEMA)))
    assert html.count('<div class="mistake">') == 4 and "2 more mistakes were left out" in html


def test_report_of_a_comparison_lists_the_changes(folder):
    assert run_eval(folder, "--run", "old") == 0
    edited(folder, 0, "100.50", "7.00")
    out = folder.parent / "report.html"
    assert run_eval(folder, "--run", "new", "--compare", "old", "--output", str(out)) == 0
    html = out.read_text("utf-8")
    assert "Compared with old" in html and '<td class="worse">worse</td><td>0.txt</td><td>total</td>' in html


def test_unwritable_output_is_reported_before_anything_runs(folder):
    assert run_eval(folder, "--output", str(folder / "none" / "x.html")) == 7
    assert not (folder.parent / "runs").exists()


def test_coverage_and_reliability_match_values_by_hand():
    pairs = [(1.0, True), (0.95, True), (0.6, False), (0.6, True), (0.1, False)]
    assert coverage_curve(pairs) == [(0.2, 1.0), (0.4, 1.0), (0.8, 0.75), (1.0, 0.6)]
    found = reliability_bins(pairs)
    assert [(b.count, b.accuracy) for b in found] == [(1, 0.0), (2, 0.5), (2, 1.0)]
    assert expected_calibration_error(reliability_bins(pairs)) == pytest.approx((0.1 + 2 * 0.1 + 2 * 0.025) / 5)
    assert reliability_bins([]) == []


def test_progress_is_shown_only_for_long_runs(folder, capsys, monkeypatch):
    assert run_eval(folder) == 0
    assert "/6 [" not in capsys.readouterr().err
    monkeypatch.setattr("tqdm.std.time", iter(range(0, 3000, 3)).__next__)
    assert run_eval(folder, "--again") == 0
    assert "/6 [" in capsys.readouterr().err
