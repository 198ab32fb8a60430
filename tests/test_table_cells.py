"""Values matched in tables without a model: cells by their names, lists by their rows; uncertain ones are left out."""

from extractor.candidates.list_rows import match_rows
from extractor.candidates.table_cells import match_cells
from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from extractor.validation import find_problems
from extractor.values import normalisation

COUNT = {"type": ["integer", "null"]}


def counts(*names):
    return {"type": "object", "properties": {name: COUNT | {"title": name} for name in names}}


def group(title, **properties):
    return {"type": "object", "title": title, "properties": properties}


def schema(**properties):
    return load_schema({"title": "t", "type": "object", "properties": properties})


def leaf(title, kind="integer"):
    return {"type": [kind, "null"], "title": title}


PORT = schema(
    ferries=group("Ferries", arrivals=leaf("Arrivals"), departures=leaf("Departures")),
    tugs=group("Tugs", arrivals=leaf("Arrivals"), departures=leaf("Departures")),
)


def read(text):
    return read_bytes(text.encode(), "report")


def table(*rows):
    return "\n".join("\t".join(row) for row in rows)


def matched_texts(wanted, text):
    document = read(text)
    return {".".join(path): document.text[s.start : s.end] for path, s in match_cells(wanted.fields, document).items()}


def test_cell_is_matched_by_its_row_and_column_path():
    text = table(["Ship", "Arrivals", "Departures"], ["Ferries", "12", "13"], ["Tugs", "4", "5"])
    assert matched_texts(PORT, text) == {
        "ferries.arrivals": "12",
        "ferries.departures": "13",
        "tugs.arrivals": "4",
        "tugs.departures": "5",
    }


def test_blank_cell_is_matched_as_blank_and_zero_as_zero():
    text = table(["Ship", "Arrivals", "Departures"], ["Ferries", "0", ""], ["Tugs", "—", "5"])
    assert matched_texts(PORT, text) == {
        "ferries.arrivals": "0",
        "ferries.departures": "",
        "tugs.arrivals": "",
        "tugs.departures": "5",
    }


def test_two_equally_good_cells_match_only_where_they_agree():
    twice = table(["Ship", "Arrivals", "Departures"], ["Ferries", "12", "13"], ["Tugs", "4", "5"])
    other = twice.replace("12", "99")
    found = matched_texts(PORT, f"{twice}\n\nThe same again, and in full.\n\n{other}")
    assert "ferries.arrivals" not in found
    assert found["ferries.departures"] == "13"


def test_cell_goes_to_the_field_with_the_most_similar_names():
    wanted = schema(ships=group("Ships", crew=leaf("Crew"), crew_paid=leaf("Crew paid")))
    text = table(["", "Crew", "Crew paid"], ["Ships", "20", "18"])
    assert matched_texts(wanted, text) == {"ships.crew": "20", "ships.crew_paid": "18"}


def test_rows_that_differ_only_in_a_numeral_are_told_apart():
    wanted = schema(
        berths=group(
            "Berths",
            one=group("Berth 1 at the quay", ships=leaf("Ships"), boats=leaf("Boats")),
            two=group("Berth 2 at the quay", ships=leaf("Ships"), boats=leaf("Boats")),
        )
    )
    text = table(["Berths", "Ships", "Boats"], ["Berth 2 at the quay", "20", "21"], ["Berth 3 at the quay", "30", "31"])
    found = matched_texts(wanted, text)
    assert {key: value for key, value in found.items() if ".one." in key} == {}
    assert set(found.values()) <= {"20", "21"}


NESTED = schema(
    appeals=group(
        "Appeals and suits",
        appeals=group("Appeals", upheld=leaf("Upheld"), total=leaf("Total")),
        suits=group("Suits", upheld=leaf("Upheld"), total=leaf("Total")),
    )
)


def test_lost_caption_is_tolerated_where_no_other_cell_comes_near():
    text = table(["Appeals", "", "Suits", ""], ["Upheld", "Total", "Upheld", "Total"], ["1", "2", "3", "4"])
    found = matched_texts(NESTED, text)
    assert found == {
        "appeals.appeals.upheld": "1",
        "appeals.appeals.total": "2",
        "appeals.suits.upheld": "3",
        "appeals.suits.total": "4",
    }


def test_cell_without_a_value_of_the_fields_kind_is_not_matched():
    text = table(["Ship", "Arrivals", "Departures"], ["Ferries", "see note", "13"], ["Tugs", "4 or 5", "5"])
    assert matched_texts(PORT, text) == {"ferries.departures": "13", "tugs.departures": "5"}


def test_unrelated_table_matches_nothing():
    text = table(["Dish", "Price", "Weight"], ["Soup", "12", "250"], ["Bread", "4", "500"])
    assert matched_texts(PORT, text) == {}


def test_misaligned_headers_give_no_wrong_match():
    cells = ["Ship", "Arrivals", "Departures", "Crew", "Flag", "Ferries", "12", "13", "", "Tugs", "4", "5", ""]
    found = matched_texts(PORT, "\n".join(f"\t|{cell}" for cell in cells))
    assert found.get("ferries.arrivals", "12") == "12" and found.get("tugs.departures", "5") == "5"


LIST = schema(
    ships={
        "type": "array",
        "title": "Ships",
        "items": {"type": "object", "properties": {"name": leaf("Name", "string"), "crew": leaf("Crew")}},
    }
)


def test_rows_become_list_elements_in_their_order():
    document = read(table(["No.", "Name", "Crew"], ["1", "Anna", "12"], ["2", "Berta", "0"], ["3", "Clara", "14"]))
    rows = match_rows(LIST.fields, document)[("ships",)].rows
    assert [[document.text[s.start : s.end] for s in row] for row in rows] == [
        ["Anna", "12"],
        ["Berta", "0"],
        ["Clara", "14"],
    ]


def test_list_continues_in_a_second_table_with_the_same_columns():
    one = table(["Name", "Crew"], ["Anna", "12"], ["Berta", "13"])
    two = table(["Name", "Crew"], ["Clara", "14"], ["Dora", "15"])
    document = read(f"{one}\n\nThe list goes on after this line of text.\n\n{two}")
    assert len(match_rows(LIST.fields, document)[("ships",)].rows) == 4


def test_rows_under_unrelated_headers_are_not_matched():
    document = read(table(["Dish", "Price"], ["Soup", "12"], ["Bread", "4"]))
    assert match_rows(LIST.fields, document) == {}


def test_totals_that_do_not_add_up_are_kept_as_printed_with_a_problem():
    wanted = load_schema(
        {
            "title": "t",
            "type": "object",
            "properties": {
                "calls": group("Calls", ferries=leaf("Ferries"), tugs=leaf("Tugs"), total=leaf("Total"))
                | {
                    "x-checks": [
                        {"expr": "this.ferries + this.tugs == this.total", "message": "The calls must add up."}
                    ]
                }
            },
        }
    )
    text = table(["", "Ferries", "Tugs", "Total"], ["Calls", "12", "5", "18"])
    made = extract(read(text), wanted, None)
    assert made.data == {"calls": {"ferries": 12, "tugs": 5, "total": 18}}
    problems = find_problems(wanted, made.data)
    assert len(problems) == 1 and problems[0].path[0] == "calls" and "The calls must add up." in problems[0].message
    noted = [problem for value in made.values for problem in value.problems]
    assert [problem.kind for problem in noted] == ["check"] and noted[0].message == problems[0].message


def test_header_gives_the_unit_of_its_cells():
    wanted = schema(fees=group("Fees", amount=leaf("Amount", "number") | {"x-unit": "元"}, cases=leaf("Cases")))
    document = read(table(["", "Amount（万元）", "Cases"], ["Fees", "1.5", "2"]))
    found = match_cells(wanted.fields, document)[("fees", "amount")]
    field = next(field for field in wanted.fields if field.path == ("fees", "amount"))
    assert normalisation.normalise_value(field, document.text[found.start : found.end], found.context).value == 15000


def year_fields(*groups):
    years = {"a": {"type": ["number", "null"], "title": "2031"}, "b": {"type": ["number", "null"], "title": "2032"}}
    inner = {name.lower(): group(name, **years) for name in groups}
    return schema(**{port.lower(): group(port, **inner) for port in ("Upton", "Lyme")})


def test_years_that_recur_under_each_group_are_heads_with_and_without_a_tall_corner():
    wanted = year_fields("Catch", "Crew")
    rest = "<tr><td>Upton</td><td>50</td><td>61</td><td>7</td><td>8</td></tr>"
    rest += "<tr><td>Lyme</td><td>12</td><td>14</td><td>3</td><td>4</td></tr></table>"
    groups = "<td colspan=2>Catch</td><td colspan=2>Crew</td></tr>"
    years = "<td>2031</td><td>2032</td><td>2031</td><td>2032</td></tr>"
    tall = f"<table><tr><td rowspan=2>Port</td>{groups}<tr>{years}{rest}"
    flat = f"<table><tr><td>Port</td>{groups}<tr><td></td>{years}{rest}"
    for page in (tall, flat):
        data = extract(read_bytes(page.encode(), "a.html"), wanted, None).data
        assert data == {
            "upton": {"catch": {"a": 50, "b": 61}, "crew": {"a": 7, "b": 8}},
            "lyme": {"catch": {"a": 12, "b": 14}, "crew": {"a": 3, "b": 4}},
        }


def test_a_caption_that_is_also_a_head_does_not_confuse_the_cells():
    wanted = schema(
        upton=group("Upton", planned=leaf("Planned"), landed=leaf("Landed")),
        lyme=group("Lyme", planned=leaf("Planned"), landed=leaf("Landed")),
    )
    page = "<h2>Planned</h2><table><tr><th>Port</th><th>Planned</th><th>Landed</th></tr>"
    page += "<tr><td>Upton</td><td>50</td><td>61</td></tr><tr><td>Lyme</td><td>12</td><td>14</td></tr></table>"
    data = extract(read_bytes(page.encode(), "a.html"), wanted, None).data
    assert data == {"upton": {"planned": 50, "landed": 61}, "lyme": {"planned": 12, "landed": 14}}


def test_a_ticked_box_answers_a_field_of_choices_or_of_yes_and_no():
    wanted = schema(
        quay={"enum": ["East", "West", None], "title": "Quay"},
        tug={"type": "boolean", "title": "Tug wanted"},
        pilot={"type": "boolean", "title": "Pilot wanted"},
    )
    rows = (("Tug wanted", "☐"), ("Quay", "☐ East ☒ West"), ("Pilot wanted", "☑"))
    page = "<table>" + "".join(f"<tr><td>{label}</td><td>{box}</td></tr>" for label, box in rows) + "</table>"
    assert extract(read_bytes(page.encode(), "a.html"), wanted, None).data == {
        "quay": "West",
        "tug": False,
        "pilot": True,
    }
    lines = "Quay: East [ ] West [x]\n\n[x] Tug wanted\n\n[ ] Pilot wanted\n"
    assert extract(read_bytes(lines.encode(), "a.txt"), wanted, None).data == {
        "quay": "West",
        "tug": True,
        "pilot": False,
    }
