"""One form in many layouts: every value matched by table cells is the number printed, and hardly any is missing."""

import pytest
from generated_forms import (
    broken_headers,
    closed_bars,
    grow,
    one_table,
    pdf,
    pdf_over_two_pages,
    spans_written_out,
    tabs,
    tabs_short,
    tabs_upright,
    word_export,
)

from extractor.candidates.table_cells import match_cells
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.values import normalisation

SCHEMA = load_schema("annual-disclosure-2021")
LAYOUTS = (
    word_export,
    broken_headers,
    spans_written_out,
    one_table,
    tabs,
    tabs_short,
    tabs_upright,
    closed_bars,
    pdf,
    pdf_over_two_pages,
)


def matched_values(data):
    """Return the value of every field that a table cell was matched to; None for a blank cell."""
    document = read_bytes(data, "report")
    fields = {field.path: field for field in SCHEMA.fields}
    return {
        path: normalisation.normalise_value(fields[path], document.text[s.start : s.end], s.context).value
        if s.end > s.start
        else None
        for path, s in match_cells(SCHEMA.fields, document).items()
    }


@pytest.mark.parametrize("write", LAYOUTS, ids=lambda write: write.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_every_printed_number_is_matched(write, seed):
    form = grow(seed)
    found = matched_values(write(form))
    assert {path: found.get(path, "open") for path in form.truth} == form.truth


@pytest.mark.parametrize("write", LAYOUTS, ids=lambda write: write.__name__)
@pytest.mark.parametrize("zero", ["", "—", "/"])
def test_blanks_and_dashes_are_never_numbers(write, zero):
    form = grow(3, zero)
    found = matched_values(write(form))
    assert {path: found[path] for path in form.truth if path in found and found[path] != form.truth[path]} == {}
    printed = [path for path, value in form.truth.items() if value]
    assert sum(path in found for path in printed) >= 0.95 * len(printed)


def test_single_characters_in_a_font_that_is_not_embedded_are_read():
    document = read_bytes(pdf(grow(1)), "report")
    assert "三、本年度办理结果" in [cell.text for table in document.tables for cell in table.cells]
    assert all(document.text[word.start : word.end] == word.text for page in document.pages for word in page.words)
