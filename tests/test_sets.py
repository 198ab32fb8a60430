"""The eval sets: gold for every document and none besides, true by construction, and the same bytes when made again."""

import json
import re
from functools import cache
from pathlib import Path

import pypdfium2
import pytest
from jsonschema import Draft202012Validator

from eval import make_sets
from eval.make_sets import ALL, SETS, SetSpec
from eval.making import by_hand, words
from eval.making.as_html import HtmlLayout
from eval.making.as_text import TextLayout
from eval.making.blocks import GeneratedDocument, Heading, Hidden, Pairs, Truth, gold_record, visible_text
from eval.making.specs import DocumentSpec, Scan, file_form, render
from extractor.schemas import load_schema
from extractor.validation import find_problems

NAMES = [wanted.name for wanted in ALL]
PROMISED = {
    "receipts-and-invoices": {
        "footnote",
        "capital_figures",
        "zeros",
        "blank_fields",
        "next_year",
        "garbled",
        "split_table",
    },
    "laboratory-and-inspection": {"zeros", "blank_fields", "next_year", "garbled", "split_table", "flag_contradicts"},
    "annual-disclosure-2020": {"zeros", "blank_fields", "next_year", "split_table", "full_width_digits"},
    "annual-disclosure-2021": {"zeros", "blank_fields", "next_year", "split_table", "garbled"},
    "long-company-reports": {"next_year", "wrong_total", "footnote", "zeros", "blank_fields"},
    "long-tenders": {"footnote", "two_parties", "zeros"},
    "long-contracts": {"footnote", "two_parties", "blank_fields", "capital_figures"},
    "long-research-reports": set(),
}
EVERYWHERE = {"injection_visible", "injection_hidden", "absent_fields", "distractors", "former_value"}


@cache
def gold_of(name: str) -> list[dict]:
    return [json.loads(line) for line in (SETS / name / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def document_of(spec: DocumentSpec) -> GeneratedDocument:
    return spec.generate()


def set_called(name: str) -> SetSpec:
    return next(wanted for wanted in ALL if wanted.name == name)


def count(lines: list[dict], *notes: str) -> int:
    return sum(set(notes) <= set(line["notes"]) for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_every_document_has_gold_and_all_gold_has_a_document(name):
    there = {f"documents/{file.name}" for file in (SETS / name / "documents").iterdir()}
    listed = [line["document"] for line in gold_of(name)]
    assert len(listed) == len(set(listed))
    assert set(listed) == there
    assert (SETS / name / "README.md").exists()


@pytest.mark.parametrize("name", NAMES)
def test_gold_fits_its_schema(name):
    validator = Draft202012Validator(set_called(name).load_schema())
    for line in gold_of(name):
        problems = [error.message for error in validator.iter_errors(line["gold"])]
        assert not problems, line["document"]


@pytest.mark.parametrize("name", NAMES)
def test_committed_documents_equal_generated_ones(name):
    wanted = set_called(name)
    assert make_sets.gold_lines(wanted) == gold_of(name)
    for spec in wanted.specs:
        if file_form(spec.layout) in ("text", "html", "office"):
            kept = (SETS / name / "documents" / spec.file).read_bytes()
            assert render(document_of(spec), spec.layout) == kept, spec.file
    for page in by_hand.documents(name):
        if not page.render_as:
            assert page.render() == (SETS / name / "documents" / page.file).read_bytes(), page.file


@pytest.mark.parametrize("name", NAMES)
def test_drawn_document_is_generated_byte_for_byte(name):
    same_libraries = json.loads((SETS / "made_with.json").read_text(encoding="utf-8")) == make_sets.library_versions()
    drawn = [spec for spec in set_called(name).specs if file_form(spec.layout) in ("pdf", "picture")]
    chosen = {
        file_form(spec.layout): spec for spec in drawn if not isinstance(spec.layout, Scan) or not spec.layout.as_pdf
    }
    for spec in chosen.values():
        made, kept = render(document_of(spec), spec.layout), (SETS / name / "documents" / spec.file).read_bytes()
        if same_libraries:
            assert made == kept, spec.file
        else:  # other versions draw other bytes; the pages must be as many all the same
            assert made[:4] == kept[:4]
            assert not spec.file.endswith(".pdf") or _pages(made) == _pages(kept), spec.file


def _pages(pdf: bytes) -> int:
    return len(pypdfium2.PdfDocument(pdf))


@pytest.mark.parametrize("name", NAMES)
def test_every_copied_value_is_printed(name):
    for spec in set_called(name).specs:
        document = document_of(spec)
        text = visible_text(document.blocks)
        for path, printed in document.truth.printed:
            assert printed, (spec.file, path)
            assert printed in text, (spec.file, path, printed)


@pytest.mark.parametrize("name", NAMES)
def test_every_copied_value_of_handwritten_documents_is_in_their_source(name):
    for page in by_hand.documents(name):
        source = page.source.read_bytes()
        text = source.decode("gbk" if b'"gbk"' in source else "utf-8")
        folded = re.sub(r"[\s,]", "", re.sub(r"&nbsp;|<[^>]*>", "", text).replace("&lt;", "<").replace("&gt;", ">"))
        paths = {path for path, _ in _leaves(page.gold)}
        assert set(page.judged) <= paths, (page.file, set(page.judged) - paths)
        for path, value in _leaves(page.gold):
            if path in page.judged or path.endswith(".flag") or value is None:
                continue
            assert any(re.sub(r"[\s,]", "", form) in folded for form in _prints(value)), (page.file, path, value)


def _leaves(node, path=""):
    if isinstance(node, dict | list):
        for step, inner in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(inner, f"{path}.{step}" if path else str(step))
    else:
        yield path, node


def _prints(value) -> list[str]:
    """The ways in which the value may stand in print."""
    if isinstance(value, str) and (day := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", value)):
        year, month, number = (int(part) for part in day.groups())
        when = words.date(year, month, number)
        styles = ("iso", "slash", "zh", "dmy", "long", "short", "dots")
        name = words.printed_day(when, "long").split()[1]
        more = [f"{number} {name[:3]} {year}", f"{year}.{month}.{number}", f"{number:02}-{month:02}-{year}"]
        return [*(words.printed_day(when, style) for style in styles), *more, f"{number} {name[:4]} {year}"]
    if isinstance(value, str):
        return [value]
    return [f"{value:g}", f"{value:.1f}", f"{value:.2f}", f"{abs(value):.0f}", f"{value / 10_000:g}"]


@pytest.mark.parametrize("name", NAMES)
def test_documented_traps_are_present(name):
    notes = {note for line in gold_of(name) for note in line["notes"]}
    assert EVERYWHERE - {"former_value"} <= notes or notes >= EVERYWHERE
    assert PROMISED[name] <= notes, PROMISED[name] - notes


def test_numbers_of_kinds_and_languages_are_as_documented():
    receipts, laboratory = gold_of("receipts-and-invoices"), gold_of("laboratory-and-inspection")
    for lines in (receipts, laboratory):
        assert len(lines) >= 30
        assert count(lines, "zh") >= 14 and count(lines, "en") >= 14
        assert len({line["kind"] for line in lines}) >= 8
        assert min(count(lines, form) for form in ("text", "html", "pdf", "picture")) >= 5
        assert count(lines, "office") >= 2 and count(lines, "by_hand") >= 5
        assert all(
            line["gold"].get("items") or line["gold"].get("results")
            for line in lines
            if count([line], "absent_fields") == 0
        )
    yearly = [*gold_of("annual-disclosure-2020"), *gold_of("annual-disclosure-2021")]
    assert len(yearly) >= 14
    assert min(count(yearly, form) for form in ("text", "html", "pdf", "picture", "office")) >= 2
    long = [line for name in NAMES if name.startswith("long-") for line in gold_of(name)]
    assert len(long) >= 10
    assert count(long, "pdf") > len(long) / 2
    assert count(long, "zh") >= 5 and count(long, "en") >= 5


def test_long_documents_have_twenty_to_sixty_pages():
    found = {
        line["document"]: _pages((SETS / name / line["document"]).read_bytes())
        for name in NAMES
        if name.startswith("long-")
        for line in gold_of(name)
        if line["document"].endswith(".pdf")
    }
    assert all(20 <= pages <= 60 for pages in found.values()), found


def test_gold_violates_a_rule_only_where_the_document_is_wrong():
    broken = set()
    for wanted in ALL:
        schema = load_schema(wanted.schema or str(SETS / wanted.name / "schema.json"))
        for line in gold_of(wanted.name):
            problems = find_problems(schema, line["gold"])
            if problems:
                assert {"wrong_total", "flag_contradicts"} & set(line["notes"]), (line["document"], problems)
                broken.add((wanted.name, line["document"]))
    assert {name for name, _ in broken} == {name for name in NAMES if not name.startswith("long-")}
    assert len(broken) >= 10


def test_hidden_text_is_in_the_file_but_not_visible():
    found = 0
    for name in NAMES:
        for spec in set_called(name).specs:
            hidden = [block.text for block in document_of(spec).blocks if isinstance(block, Hidden)]
            assert bool(hidden) == ("injection_hidden" in document_of(spec).truth.notes)
            for text in hidden:
                assert file_form(spec.layout) in ("html", "pdf", "office"), f"{spec.file} cannot hide anything"
                assert text not in visible_text(document_of(spec).blocks)
                if isinstance(spec.layout, HtmlLayout):
                    found += 1
                    assert text in render(document_of(spec), spec.layout).decode()
    assert found >= 5


def test_sets_stay_small():
    assert sum(file.stat().st_size for file in SETS.rglob("*") if file.is_file()) < 25_000_000


@pytest.mark.parametrize(
    ("cents", "printed"),
    [
        (120_000, "壹仟贰佰元整"),
        (1_234_567, "壹万贰仟叁佰肆拾伍元陆角柒分"),
        (1_000_500, "壹万零伍元整"),
        (10_050, "壹佰元伍角整"),
        (20_030_010, "贰拾万零叁佰元壹角整"),
        (100_000_000, "壹佰万元整"),
        (5, "伍分"),
        (3_005, "叁拾元零伍分"),
        (1_000_000_000, "壹仟万元整"),
    ],
)
def test_amounts_in_capital_figures(cents, printed):
    assert words.capital_amount(cents) == printed


def test_value_printed_twice_under_one_path_is_refused():
    truth = Truth()
    truth.put("total", 3.0, "3.00")
    with pytest.raises(ValueError, match="twice"):
        truth.put("total", 4.0, "4.00")


def test_gold_has_every_field_of_the_schema_and_no_other():
    schema = {
        "properties": {
            "a": {"$ref": "#/$defs/x"},
            "rows": {"type": "array", "items": {"properties": {"n": {}, "m": {}}}},
        },
        "$defs": {"x": {"properties": {"b": {}, "c": {}}}},
    }
    assert gold_record({"a.b": 1, "rows.0.n": 2, "rows.1.m": 3}, schema) == {
        "a": {"b": 1, "c": None},
        "rows": [{"n": 2, "m": None}, {"n": None, "m": 3}],
    }
    assert gold_record({}, schema) == {"a": {"b": None, "c": None}, "rows": []}
    with pytest.raises(ValueError, match="d"):
        gold_record({"a.d": 1}, schema)


def test_check_names_what_differs(tmp_path, monkeypatch, capsys):
    truth = Truth()
    blocks = (Heading("Slip"), Pairs((("Total", truth.put("total", 3.0, "3.00")),)))
    spec = DocumentSpec("slip", lambda rng, traits: GeneratedDocument(blocks, truth, "en", "slip"), TextLayout())
    monkeypatch.setattr(make_sets, "ALL", (SetSpec("tiny", "receipt", (spec,)),))
    monkeypatch.setattr(make_sets, "SETS", tmp_path)
    assert make_sets.main([]) == 0
    assert make_sets.main(["--check"]) == 0
    assert json.loads((tmp_path / "tiny" / "gold.jsonl").read_text())["gold"]["total"] == 3.0
    (tmp_path / "tiny" / "documents" / "slip.txt").write_text("Total: 4.00")
    (tmp_path / "tiny" / "documents" / "stray.txt").write_text("?")
    capsys.readouterr()
    assert make_sets.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "tiny/documents/slip.txt: differs",
        "tiny/documents/stray.txt: is not generated by this command",
    ]


def test_font_of_another_version_is_refused(monkeypatch):
    from eval.making import fonts

    monkeypatch.setitem(fonts.HASHES, "DejaVuSans", "0" * 64)
    with pytest.raises(ValueError, match="another version"):
        fonts.register.__wrapped__()


def test_line_ends_and_columns_of_text_are_kept():
    layout = TextLayout(width=20)
    blocks = (Heading("店", 1, "centre"), Pairs((("a", "1"), ("b", "2")), 2, ":"))
    assert render(GeneratedDocument(blocks, Truth(), "zh", "x"), layout).decode() == "         店\n\na:1       b:2\n"
    assert Path(SETS).is_dir()
