"""Which tables may be a list's: not those whose headers share nothing with the items, and no forms of other fields."""

from extractor.candidates.column_question import find_uncertain_tables
from extractor.candidates.table_likeness import is_form, prints_names
from extractor.readers import read_bytes
from extractor.schemas import load_schema
from tests.test_list_rows import a_list, number, tabbed, text

HARVEST = a_list("", variety=text(), weightKg=number(), orchard=text())
PAPER = tabbed(
    "Grower|Ida Quill",
    "Season|2031",
    "",
    "Variety of apple|Picked kg|Where",
    "Russet|120|North bank",
    "Pippin|95|South bank",
    "",
    "Crate|Lid|Hinge",
    "Oak|12|brass",
    "Ash|15|steel",
)


def a_schema(**properties):
    return load_schema({"title": "t", "type": "object", "properties": properties})


def uncertain(document, schema):
    read = read_bytes(document.encode(), "paper.txt")
    found = find_uncertain_tables(schema.fields[-1], read, schema.fields, prints_names(schema.fields, read))
    return [match.grid.names[0][0] for match in found if match.grid.named_columns]


def test_table_without_a_word_of_the_items_is_left_alone_where_the_document_prints_the_schemas_names():
    schema = a_schema(grower=text(), season=number(), harvest=HARVEST)
    assert prints_names(schema.fields, read_bytes(PAPER.encode(), "paper.txt"))
    assert uncertain(PAPER, schema) == ["Variety of apple"]


def test_nothing_is_left_alone_where_the_names_are_in_another_language():
    schema = a_schema(erzeuger=text(), jahr=number(), ernte=a_list("", sorte=text(), gewicht=number(), wiese=text()))
    assert sorted(uncertain(PAPER, schema)) == ["Crate", "Variety of apple"]


def test_rows_with_the_labels_of_other_fields_are_a_form():
    document = tabbed("Grower|Ida Quill", "Season|2031", "Parish|Wick", "County|Sussex")
    found = read_bytes(document.encode(), "paper.txt")
    schema = a_schema(grower=text(), season=number(), parish=text(), county=text(), owners=a_list("", name=text()))
    from extractor.candidates.entry_grids import table_grids

    assert [is_form(grid, schema.fields) for grid in table_grids(found)] == [True]
    assert [is_form(grid, schema.fields[-1:]) for grid in table_grids(found)] == [False]
