"""Pages written from right to left: letters, words and figures in the order in which they are read."""

from __future__ import annotations

from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema

ALEF = 0x05D0


def hebrew(latin: str) -> str:
    """Return the Hebrew letters that a font of the test shows for the letters from a on."""
    return "".join(chr(ALEF + ord(c) - ord("a")) if c.isalpha() else c for c in latin)


def page(*lines: str) -> bytes:
    """Return a PDF whose font names its small letters as Hebrew; `lines` are as they stand on the page."""
    mapped = "".join(f"<{ord('a') + n:02x}> <{ALEF + n:04x}>\n" for n in range(26))
    mapped += "".join(f"<{code:02x}> <{code:04x}>\n" for code in range(0x20, 0x40))
    cmap = "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def\n"
    cmap += "1 begincodespacerange <00> <ff> endcodespacerange\n"
    cmap += f"58 beginbfchar\n{mapped}endbfchar endcmap end end\n"
    drawn = "".join(
        f"BT /F 12 Tf {300 - 6 * len(line)} {700 - 30 * n} Td ({line}) Tj ET\n" for n, line in enumerate(lines)
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 800] /Contents 5 0 R /Resources << /Font << /F 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 6 0 R >>",
        f"<< /Length {len(drawn)} >>\nstream\n{drawn}endstream",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}endstream",
    ]
    body = "%PDF-1.4\n" + "".join(f"{n} 0 obj\n{each}\nendobj\n" for n, each in enumerate(objects, start=1))
    return (body + "trailer << /Root 1 0 R /Size 7 >>\nstartxref\n0\n%%EOF\n").encode()


def test_letters_words_and_figures_are_in_reading_order():
    document = read_bytes(page("4471 :fed cba", "1,234.50 :ihg", "cba fed"), "a.pdf")
    lines = [" ".join(line.split()) for line in document.text.split("\n") if line]
    assert lines == [hebrew("abc def: 4471"), hebrew("ghi: 1,234.50"), hebrew("def abc")]
    assert [word.text for word in document.pages[0].words][:3] == [hebrew("abc"), hebrew("def:"), "4471"]


def test_values_are_found_behind_labels_written_from_right_to_left():
    names = {
        "number": {"type": "string", "title": hebrew("abc def")},
        "sum": {"type": "number", "title": hebrew("ghijk")},
    }
    document = read_bytes(page("4471 :fed cba", "1,234.50 :kjihg"), "a.pdf")
    result = extract(document, load_schema({"type": "object", "properties": names}), None)
    assert result.data == {"number": "4471", "sum": 1234.5}


def test_a_line_of_latin_words_with_one_from_right_to_left_is_read_from_the_left():
    document = read_bytes(page("A B cba C 12"), "a.pdf")
    assert document.text.strip() == f"A B {hebrew('abc')} C 12"


def test_figures_alone_on_a_page_from_right_to_left_are_read_from_the_right():
    document = read_bytes(page("fed cba ihg", "20  10", "cba fed"), "a.pdf")
    lines = [line.split() for line in document.text.split("\n") if line]
    assert lines[1] == ["10", "20"]


def test_a_figure_in_brackets_keeps_them_around_it():
    document = read_bytes(page(r"\( 25 \) :cba"), "a.pdf")
    assert " ".join(document.text.split()) == f"{hebrew('abc:')} ( 25 )"
