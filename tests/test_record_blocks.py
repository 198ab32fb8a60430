"""Lists whose elements are small forms, one below the other, with the same labels."""

import pytest

from extractor.candidates.entry_grids import LineRows
from extractor.candidates.record_blocks import find_blocks
from extractor.readers import read_bytes
from tests.test_list_rows import a_list, extraction, number, rows, tabbed, text

MEMBERS = a_list("", name=text(), born=text(format="date"), role=text(), phone=text())
REGISTER = tabbed(
    "Parish register of bell ringers",
    "",
    "1|Name|Ada Thorne|Born|3 May 1971",
    "|Role|tenor|Phone|01632 960001",
    "",
    "2|Name|Ben Ostler|Born|9 July 1980",
    "|Role|treble|Phone|01632 960002",
    "",
    "3|Name|Cleo Marsh|Born|1 March 1999",
    "|Role|tenor|Phone|01632 960003",
)


def grids(document):
    return find_blocks(LineRows(read_bytes(document.encode(), "paper.txt")))


def test_each_form_is_an_element_and_its_labels_are_columns():
    assert rows(REGISTER, MEMBERS) == [
        ("Ada Thorne", "1971-05-03", "tenor", "01632 960001"),
        ("Ben Ostler", "1980-07-09", "treble", "01632 960002"),
        ("Cleo Marsh", "1999-03-01", "tenor", "01632 960003"),
    ]


def test_what_stands_in_front_of_the_first_label_is_a_column_without_a_name():
    [grid] = grids(REGISTER)
    assert grid.names[0] == ()
    assert [row[0].text for row in grid.rows] == ["1", "2", "3"]


def test_labels_with_colons_and_a_title_above_each_form():
    document = "\n".join(
        (
            "Survey of the tower",
            "2.1 Cracked louvre",
            "Priority: high",
            "Observation: The north louvre is split.",
            "2.2 Worn rope",
            "Priority: low",
            "Observation: Rope of the third bell is frayed.",
            "2.3 Loose stay",
            "Priority: medium",
            "Observation: The stay of the tenor moves.",
        )
    )
    findings = a_list("", title=text(), priority=text(), observation=text())
    assert rows(document, findings) == [
        ("Cracked louvre", "high", "The north louvre is split."),
        ("Worn rope", "low", "Rope of the third bell is frayed."),
        ("Loose stay", "medium", "The stay of the tenor moves."),
    ]


def test_blank_value_is_not_the_label_beside_it():
    document = tabbed(
        "Name|Ada Thorne|Former name|Status|member",
        "Name|Ben Ostler|Former name|Status|guest",
        "Name|Cleo Marsh|Former name|Status|friend",
    )
    [grid] = grids(document)
    columns = {path[-1]: n for n, path in enumerate(grid.names) if path}
    assert "Former name" not in columns
    assert [row[columns["Status"]].text for row in grid.rows] == ["member", "guest", "friend"]


def test_form_without_one_of_the_labels_is_an_element_too():
    document = REGISTER.replace("\tPhone\t01632 960002", "")
    assert [row[0] for row in rows(document, MEMBERS)] == ["Ada Thorne", "Ben Ostler", "Cleo Marsh"]
    assert rows(document, MEMBERS)[1][3] is None


@pytest.mark.parametrize(
    "document",
    [
        tabbed("Ref|Measure|Owner", "R1|Oil the hinge|Ada", "Ref|Measure|Owner", "R2|Replace the rope|Ben"),
        "Minutes\nThe bells rang.\nNobody spoke.\n",
        tabbed("Name|Ada Thorne|Born|1971"),
    ],
)
def test_headers_that_recur_prose_and_a_single_form_are_no_blocks(document):
    assert grids(document) == []


def test_inner_lists_belong_to_the_form_that_they_stand_under():
    document = tabbed(
        "2.1 Cracked louvre",
        "Priority|high",
        "Observation|The north louvre is split.",
        "",
        "Ref|Measure|Owner|Cost",
        "R1|Fit a new louvre|Ada|120.00",
        "R2|Paint it|Ben|15.00",
        "",
        "2.2 Worn rope",
        "Priority|low",
        "Observation|Rope of the third bell is frayed.",
        "",
        "Ref|Measure|Owner|Cost",
        "R3|Splice the rope|Cleo|40.00",
    )
    measures = a_list("", ref=text(), measure=text(), owner=text(), cost=number())
    findings = a_list("", title=text(), priority=text(), observation=text(), measures=measures)
    data = extraction(document, findings=findings).data["findings"]
    assert [f["title"] for f in data] == ["Cracked louvre", "Worn rope"]
    assert [[(m["ref"], m["cost"]) for m in f["measures"]] for f in data] == [[("R1", 120), ("R2", 15)], [("R3", 40)]]
