"""HTML: text as it is shown, tables with their spans, hidden text apart, nesting of any depth."""

from __future__ import annotations

import pytest

from extractor.readers import read_bytes
from extractor.tables import collapse_whitespace


def read(page: str | bytes):
    """Return the document after checking what holds of every document."""
    document = read_bytes(page if isinstance(page, bytes) else page.encode(), "page.html")
    for table in document.tables:
        for cell in table.cells:
            assert cell.text == collapse_whitespace(document.text[cell.start : cell.end])
    for block in document.blocks:
        assert 0 <= block.start < block.end <= len(document.text)
    return document


def blocks(document) -> list[tuple[str, str]]:
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def grid(table) -> list[tuple[int, int, int, int, str]]:
    return [(cell.row, cell.column, cell.row_span, cell.column_span, cell.text) for cell in table.cells]


def test_block_elements_are_on_their_own_lines():
    page = (
        "<html><body><h1>Report</h1><p>Hello <b>bold</b>\n  text<br>next line</p><ul><li>one<li>two</ul></body></html>"
    )
    document = read(page)
    assert document.text == "Report\n\nHello bold text\nnext line\n\none\ntwo\n"
    assert blocks(document) == [
        ("heading", "Report"),
        ("paragraph", "Hello bold text\nnext line"),
        ("list_item", "one"),
        ("list_item", "two"),
    ]


def test_scripts_styles_and_comments_are_not_text():
    page = "<p>shown<script>var x=1</script><style>p{}</style><noscript>no</noscript><!-- no --><template>no</template>"
    assert read(page).text == "shown\n"


def test_line_break_between_chinese_characters_is_not_a_space():
    assert read("<p>主动公开\n  政府信息 2020\n 年</p>").text == "主动公开政府信息 2020 年\n"


def test_no_break_and_full_width_spaces_are_kept():
    assert read("<p>姓名：&nbsp;&nbsp;张三　　职务</p>").text == "姓名：  张三　　职务\n"


def test_table_has_spans_headers_and_caption():
    page = """<h2>Part</h2><table><caption>Sums</caption><thead><tr><th>Item</th><th colspan=2>Count</th></tr></thead>
        <tr><td rowspan=2>x<td>1<td>2</tr><tr><td>3<td><p>4</p><p>5</p></tr></table><p>after"""
    document = read(page)
    (table,) = document.tables
    assert grid(table) == [
        (0, 0, 1, 1, "Item"),
        (0, 1, 1, 2, "Count"),
        (1, 0, 2, 1, "x"),
        (1, 1, 1, 1, "1"),
        (1, 2, 1, 1, "2"),
        (2, 1, 1, 1, "3"),
        (2, 2, 1, 1, "4 5"),
    ]
    assert table.caption == ("Part", "Sums")
    assert "Item\tCount\nx\t1\t2\n3\t4\n5" in document.text
    assert ("table", document.text[table.start : table.end]) in blocks(document)


def test_rowspan_zero_reaches_the_last_row_and_spans_stay_inside_the_table():
    rows = "".join(f"<tr><td>{number}<td>{number * 2}</tr>" for number in range(3))
    page = f"<table><tr><th colspan=9999>All<tr><td rowspan=0>g<td>a<td>b</tr>{rows}<tr><td colspan=1000>end</table>"
    (table,) = read(page).tables
    cells = {cell.text: cell for cell in table.cells}
    assert (table.rows, table.columns) == (6, 3)
    assert (cells["All"].column_span, cells["g"].row_span) == (3, 5)
    assert cells["end"].column_span == 2


@pytest.mark.parametrize("value", ["-3", "x", "", "99999999999999"])
def test_absurd_spans_do_not_widen_the_table(value):
    page = f"<table><tr><th>a<th>b<tr><td colspan='{value}' rowspan='{value}'>1<td>2<tr><td>3<td>4</table>"
    (table,) = read(page).tables
    assert table.columns <= 4


def test_layout_table_is_read_as_text():
    article = "word " * 100
    page = f"<table><tr><td>menu<br>links<td><h1>News</h1><p>{article}</p><p>{article}</p></table>"
    document = read(page)
    assert not document.tables
    assert "News" in [text for kind, text in blocks(document) if kind == "heading"]


def test_data_table_inside_a_layout_table_is_a_table():
    document = read("<table><tr><td>nav<td><table><tr><th>k<th>v<tr><td>a<td>1<tr><td>b<td>2</table>tail</table>after")
    (table,) = document.tables
    assert (table.rows, table.columns) == (3, 2)
    assert document.text.split() == ["nav", "k", "v", "a", "1", "b", "2", "tail", "after"]


def test_nested_table_is_a_table_and_part_of_its_cell():
    page = """<table><tr><th>name<th>parts<tr><td>a<td><table><tr><td>i<td>1<tr><td>j<td>2</table>
        <tr><td>b<td>none<tr><td>c<td>none</table>"""
    outer, inner = read(page).tables
    assert [cell.text for cell in inner.cells] == ["i", "1", "j", "2"]
    assert "i 1 j 2" in [cell.text for cell in outer.cells]


def test_elements_are_tables_by_role_or_style():
    page = """<div role=table><div role=row><span role=columnheader>k</span><span role=columnheader>v</span></div>
        <div role=row><span role=cell>a</span><span role=cell>1</span></div></div>
        <div style="display:table"><div style="display: table-row"><p style="display:table-cell">x</p>
        <p style="display:table-cell">2</p></div><div style="display: table-row"><p style="display:table-cell">y</p>
        <p style="display:table-cell">3</p></div></div>"""
    first, second = read(page).tables
    assert [cell.text for cell in first.cells] == ["k", "v", "a", "1"]
    assert [cell.text for cell in second.cells] == ["x", "2", "y", "3"]


def test_table_set_with_spaces_is_rebuilt():
    page = "<pre>\nItem     Units   Price\nApple      2    3.00\nPear       4    5.00\nPlum       6    8.00\n</pre>"
    (table,) = read(page).tables
    assert (table.rows, table.columns) == (4, 3)


@pytest.mark.parametrize(
    "hidden",
    [
        "<p style='display:none'>secret</p>",
        "<div style='visibility: hidden'><p>secret</p></div>",
        "<p hidden>secret</p>",
        "<span style='font-size:0'>secret</span>",
        "<span style='color:#FFF'>secret</span>",
        "<font color=white>secret</font>",
        "<div style='background:#123456;color:rgb(18, 52, 86)'>secret</div>",
        "<p class='lead gone'>secret</p><style>.gone { display: none }</style>",
        "<p id=x>secret</p><style>@media print {p{color:red}} #x,.y{visibility:hidden}</style>",
        "<p style='position:absolute;left:-9999px'>secret</p>",
    ],
)
def test_hidden_text_is_in_a_hidden_block(hidden):
    document = read(f"<html><body><p>before</p>{hidden}<p>after</p></body></html>")
    assert blocks(document) == [("paragraph", "before"), ("paragraph", "after"), ("hidden", "secret")]


@pytest.mark.parametrize(
    "shown",
    [
        "<p style='font-size:0.9em'>plain</p>",
        "<p style='color:white;background:navy'>plain</p>",
        "<p style='opacity:0.8'>plain</p>",
        "<p style='color:#fff' class=dark>plain</p><style>.dark{background:#000}</style>",
        "<p class=no-print>plain</p><style>@media print{.no-print{display:none}}</style>",
    ],
)
def test_visible_text_is_not_hidden(shown):
    assert blocks(read(f"<html><body>{shown}</body></html>")) == [("paragraph", "plain")]


def test_form_fields_show_their_values():
    page = """<form>Name: <input value="Roe"> <input type=hidden value=no> <input type=password value=no>
        <select><option>a<option selected>b</select> <input type=checkbox checked> yes
        <textarea>note</textarea></form>"""
    assert read(page).text.split() == ["Name:", "Roe", "b", "☑", "yes", "note"]


def test_title_is_first_unless_the_page_shows_it():
    assert (
        read("<html><head><title>Annual Report</title></head><body><p>x</p></body></html>").text
        == "Annual Report\n\nx\n"
    )
    assert read("<html><head><title>Report</title></head><body><h1>Re<b>port</b></h1></body></html>").text == "Report\n"


@pytest.mark.parametrize(
    "page",
    [
        "<html><head><meta charset=gb2312></head><body>年度报告：镕</body></html>".encode("gb18030"),
        "<html><head><meta http-equiv=Content-Type content='text/html; charset=big5'></head>年度報告</html>".encode(
            "big5"
        ),
        "<html><head><meta charset=gbk></head><body>年度报告</body></html>".encode(),
        "<html><head><meta charset=utf-8></head><body>年度报告</body></html>".encode("gbk"),
        "<html><body>年度报告</body></html>".encode("gbk"),
        "<html><body>年度报告</body></html>".encode("utf-16"),
        "<html><head><meta charset=utf-16></head><body>年度报告</body></html>".encode(),
        "<html><head><meta charset=nonsense></head><body>年度报告</body></html>".encode(),
    ],
)
def test_bytes_decide_the_encoding_before_the_declaration(page):
    assert read(page).text.startswith(("年度报告", "年度報告"))


def test_declared_encoding_is_used_where_bytes_are_valid_in_it():
    page = "<html><head><meta charset=windows-1251></head><body>Годовой отчёт</body></html>".encode("cp1251")
    assert read(page).text == "Годовой отчёт\n"


def test_page_without_text_is_a_problem():
    document = read("<html><body><div id=app></div><script>draw()</script></body></html>")
    assert [problem.kind for problem in document.problems] == ["no_text"]


@pytest.mark.parametrize("depth", [300, 5_000])
@pytest.mark.parametrize("tags", ["<div>", "<table><tr><td>", "<table><tr><th>a<td>b<td>", "<ul><li>", "<b><p>"])
def test_deep_nesting_keeps_the_text(depth, tags):
    document = read(f"<html><body>{tags * depth}deep text")
    assert "deep text" in document.text


def test_broken_markup_is_read_as_browsers_do():
    assert read("<p>a<p>b</div><table><tr><td>1<td>2<tr><td>3</table></p>c <i>d").text.split() == list("ab123cd")
