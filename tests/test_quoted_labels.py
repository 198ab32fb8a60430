"""Labels that only the description of a field quotes as the document prints them."""

from extractor.candidates.quoted_labels import find_quoted_labels
from extractor.extraction.pipeline import extract
from extractor.readers import read_bytes
from extractor.schemas import load_schema

SHEET = "Posten,2030,2029\n1. Hafengebühren,410,395\n2. Summe der Erlöse,487,476\n3. Liegegeld,77,81\n"


def described(**descriptions):
    properties = {name: {"type": "number", "description": text} for name, text in descriptions.items()}
    return load_schema({"type": "object", "properties": properties})


def quoted(schema, document):
    return {path[0]: labels for path, labels in find_quoted_labels(schema.fields, document).items()}


def test_value_stands_in_the_row_of_the_quoted_label_under_its_period():
    schema = described(
        income="the printed Summe der Erlöse of the year",
        harbour_dues="harbour dues (Hafengebühren) of the previous year",
    )
    result = extract(read_bytes(SHEET.encode(), "erloese.csv"), schema, None)
    assert result.data == {"income": 487, "harbour_dues": 395}
    assert {v.method for v in result.values} == {"structure"}


def test_value_stands_behind_the_quoted_label_of_a_line():
    document = read_bytes("船主名：山本海運\n入港料：4100円\n".encode(), "入港.txt")
    schema = described(port_fee="the fee for entering the port (入港料)")
    assert extract(document, schema, None).data == {"port_fee": 4100}


def test_words_of_a_sentence_are_no_quotation_nor_is_a_label_that_two_fields_quote():
    document = read_bytes(b"Berth: 4\nQuay dues: 30\n", "a.txt")
    assert quoted(described(a="number of the berth of the boat"), document) == {}
    assert quoted(described(a="number printed after BERTH:"), document) == {}
    assert quoted(described(a="the number at 'Berth'"), document) == {"a": ("Berth",)}
    assert quoted(described(a="from 'Quay dues'", b="without 'Quay dues'"), document) == {}
