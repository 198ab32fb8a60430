"""What a person typed into a field, as a value of the field."""

import pytest

from extractor.schemas import load_schema
from extractor.types import Field
from extractor.values import format_user_input, parse_user_input


def field(type, **keywords):
    return Field(("x",), type, {"type": type, **keywords}, format=keywords.get("format"))


@pytest.mark.parametrize(
    ("type", "text", "value"),
    [
        ("number", "1.234", 1.234),
        ("number", "+7", 7),
        ("number", "1e3", 1000),
        ("integer", "-114", -114),
        ("integer", "007", 7),
        ("boolean", "TRUE", True),
        ("string", "two  spaces", "two  spaces"),
        ("string", "  ", None),
    ],
)
def test_a_plain_value_is_taken_as_typed(type, text, value):
    read = parse_user_input(field(type), text)
    assert (read.value, read.problems) == (value, ())


def test_other_text_is_read_as_in_a_document():
    assert parse_user_input(field("integer"), "减114件").value == -114
    assert parse_user_input(field("number"), "3.2万").value == 32000
    assert parse_user_input(field("string", format="date"), "31 Jan 2020").value == "2020-01-31"
    assert parse_user_input(field("boolean"), "是").value is True


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (field("integer"), "1.5"),
        (field("integer"), "many"),
        (field("number"), "1e400"),
        (field("string", format="date"), "soon"),
        (field("json"), "{"),
    ],
)
def test_what_is_no_value_of_the_field_comes_with_a_problem_that_says_why(wanted, text):
    read = parse_user_input(wanted, text)
    assert read.value is None and [problem.kind for problem in read.problems] == ["not_normalised"]


def test_a_list_of_plain_values_may_be_typed_with_semicolons_or_lines():
    names, counts = load_schema(
        {
            "properties": {
                "names": {"type": "array", "items": {"type": "string"}},
                "counts": {"type": "array", "items": {"type": "integer"}},
            }
        }
    ).fields
    assert parse_user_input(names, "Ann; Bob\nCy").value == ["Ann", "Bob", "Cy"]
    assert parse_user_input(names, '["Ann", "Bob"]').value == ["Ann", "Bob"]
    assert parse_user_input(counts, "1; 2").value == [1, 2]
    assert parse_user_input(counts, "1; many").value is None


@pytest.mark.parametrize("value", [None, "a  b", 5, 0.25, True, ["a", "b"], {"a": 1}])
def test_the_text_of_an_input_gives_the_value_back(value):
    types = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "json"}
    wanted = field(types.get(type(value), "string"))
    assert parse_user_input(wanted, format_user_input(value)).value == value
