"""Schemas: what fields come out of one, what is refused, and that those which are shipped hold what they promise."""

import json
import socket
import sys
from pathlib import Path

import pytest

from extractor.errors import SchemaError
from extractor.schemas import (
    MAX_FIELDS,
    MAX_NODES,
    VALUE_KINDS,
    Check,
    StepCounter,
    load_schema,
    readable_name,
    shipped_schemas,
)
from extractor.validation import find_problems, find_rule_errors
from extractor.values.spans import PARSED_KINDS, find_spans

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = [name for name, _ in shipped_schemas()]
GOLD = {
    "tests/documents/huining-2020.gold.json": "annual-disclosure-2020",
    "examples/qingshan-2020.gold.json": "annual-disclosure-2020",
}


def of(**properties):
    return {"type": "object", "properties": properties}


def only(schema, *path):
    found = [field for field in load_schema(schema).fields if field.path == path]
    assert len(found) == 1, [field.path for field in load_schema(schema).fields]
    return found[0]


def refused(schema, *words):
    with pytest.raises(SchemaError) as caught:
        load_schema(schema)
    assert caught.value.hint
    for word in words:
        assert word in str(caught.value)
    return str(caught.value)


# Fields.


def test_a_leaf_knows_its_names_and_those_around_it():
    schema = of(
        seller={
            "type": "object",
            "title": "Seller",
            "x-labels": ["Vendor", "卖方"],
            "required": ["tax_id"],
            "properties": {"tax_id": {"type": "string"}, "grossAmount": {"type": "number", "x-unit": "EUR"}},
        }
    )
    tax = only(schema, "seller", "tax_id")
    assert tax.labels == ("tax id",)
    assert tax.parents == (("Vendor", "卖方", "Seller"),)
    assert tax.required and not tax.nullable and tax.copied
    gross = only(schema, "seller", "grossAmount")
    assert (gross.labels, gross.unit, gross.type) == (("gross amount",), "EUR", "number")


def test_a_schema_that_was_checked_is_kept_and_what_is_given_may_change_afterwards():
    given = {"type": "object", "properties": {"total": {"type": "number"}}}
    first = load_schema(given)
    assert load_schema(given) is first
    given["properties"]["date"] = {"type": "string"}
    assert [field.name for field in load_schema(given).fields] == ["total", "date"]
    assert [field.name for field in first.fields] == ["total"]


def test_the_order_of_the_properties_is_kept_and_any_name_will_do():
    names = ["z", "总计", "a.b", "a/b", "~", "", "$ref ", "x-labels ", "with space", "0"]
    schema = load_schema(of(**{name: {"type": "string"} for name in names}))
    assert [field.path for field in schema.fields] == [(name,) for name in names]


@pytest.mark.parametrize(
    ("subschema", "kind", "nullable"),
    [
        ({"type": ["integer", "null"]}, "integer", True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string", True),
        ({"oneOf": [{"type": "null"}, {"$ref": "#/$defs/day"}]}, "string", True),
        ({"type": ["integer", "number"]}, "number", False),
        ({"anyOf": [{"type": "number"}, {"type": "string"}]}, "string", False),
        ({"enum": ["a", "b", None]}, "string", True),
        ({"const": 3}, "integer", False),
        ({"minimum": 3}, "number", False),
        ({"format": "date"}, "string", False),
        ({"type": "boolean"}, "boolean", False),
        ({"allOf": [{"type": ["string", "null"]}, {"type": "string", "minLength": 1}]}, "string", False),
        ({}, "json", True),
        (True, "json", True),
        ({"type": "object"}, "json", False),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "json", False),
        ({"type": "array"}, "json", False),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "json", False),
        ({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}, "json", False),
        ({"anyOf": [{"type": "string"}, {"type": "object"}]}, "json", False),
    ],
)
def test_the_type_of_a_field_follows_from_any_way_of_writing_it(subschema, kind, nullable):
    field = only({**of(a=subschema), "$defs": {"day": {"type": "string", "format": "date"}}}, "a")
    assert (field.type, field.nullable) == (kind, nullable)


def test_the_schema_of_a_nullable_field_takes_null():
    schema = only(of(a={"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}), "a").schema
    assert schema == {"type": ["string", "null"], "format": "date"}
    field = only(of(a={"anyOf": [{"enum": ["x"]}, {"type": "null"}]}), "a")
    assert field.enum == ("x",) and field.schema["enum"] == ["x", None]


def test_an_enum_without_null_refuses_null_whatever_the_type_says():
    field = only(of(a={"type": ["string", "null"], "enum": ["x"]}), "a")
    assert not field.nullable and field.schema["enum"] == ["x"]


def test_choices_with_titles_become_an_enum_and_keep_the_titles():
    field = only(of(a={"oneOf": [{"const": "m", "title": "male"}, {"const": "f", "title": "female"}]}), "a")
    assert field.enum == ("m", "f")
    assert [branch["title"] for branch in field.schema["oneOf"]] == ["male", "female"]


def test_fields_are_copied_or_judged_by_type_unless_the_schema_says():
    fields = {
        field.name: field.copied
        for field in load_schema(
            of(
                text={"type": "string"},
                number={"type": "number"},
                flag={"type": "boolean"},
                kind={"enum": ["a"]},
                summary={"type": "string", "x-source": "judged"},
                unit={"enum": ["kg", "t"], "x-source": "copied"},
                tags={"type": "array", "items": {"type": "string"}, "x-source": "judged"},
            )
        ).fields
    }
    assert fields == {
        **{"text": True, "number": True, "flag": False, "kind": False},
        **{"summary": False, "unit": True, "tags": False},
    }


def test_descriptions_beside_a_reference_win_over_those_of_its_target():
    schema = {
        **of(
            a={"$ref": "#/$defs/money", "title": "Net", "x-labels": ["净额"]}, b={"allOf": [{"$ref": "#/$defs/money"}]}
        ),
        "$defs": {"money": {"type": "number", "title": "Money", "minimum": 0}},
    }
    assert only(schema, "a").labels == ("净额", "Net")
    assert only(schema, "a").schema["minimum"] == 0
    assert only(schema, "b").labels == ("Money",)


def test_all_of_joins_objects():
    schema = {
        "allOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"a": {"minLength": 2}, "b": {"type": "integer"}}},
        ]
    }
    assert [field.path for field in load_schema(schema).fields] == [("a",), ("b",)]
    assert only(schema, "a").required and only(schema, "a").schema["minLength"] == 2


def test_a_reference_used_twice_side_by_side_is_no_recursion():
    name = {"$ref": "#/$defs/name"}
    schema = {
        "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"again": {"$ref": "#/$defs/base"}}}],
        "$defs": {"base": {"type": "object", "properties": {"name": name}}, "name": {"type": "string"}},
    }
    assert [field.path for field in load_schema(schema).fields] == [("name",), ("again", "name")]


def test_properties_that_only_a_branch_names_are_asked_for_too():
    schema = {
        **of(kind={"enum": ["cash", "card"]}),
        "if": {"properties": {"kind": {"const": "card"}}},
        "then": {"properties": {"card_number": {"type": "string"}}, "required": ["card_number"]},
    }
    field = only(schema, "card_number")
    assert not field.required
    assert "if" in load_schema(schema).unenforced


def test_arrays_of_objects_have_items_with_paths_in_one_element():
    schema = of(
        rows={
            "type": "array",
            "x-labels": ["Lines"],
            "items": of(name={"type": "string"}, at=of(city={"type": "string"}), tags={"items": {"type": "string"}}),
        }
    )
    rows = only(schema, "rows")
    assert rows.type == "array" and rows.labels == ("Lines",)
    assert [item.path for item in rows.items] == [("name",), ("at", "city"), ("tags",)]
    assert rows.items[1].parents == (("at",),)
    assert rows.items[2].items[0].path == ()
    loaded = load_schema(schema)
    assert loaded.field(("rows", 4, "at", "city")) == rows.items[1]
    assert loaded.field(("rows", 4, "tags", 0)) == rows.items[2].items[0]
    assert loaded.field(("nothing",)) is None
    assert [part.path for part in loaded.objects] == [("rows", "*"), ("rows", "*", "at")]


def test_recursion_ends_in_a_part_that_stands_by_itself():
    schema = {
        **of(tree={"$ref": "#/$defs/node"}),
        "$defs": {"node": of(label={"type": "string"}, children={"type": "array", "items": {"$ref": "#/$defs/node"}})},
    }
    assert only(schema, "tree", "label").type == "string"
    children = only(schema, "tree", "children")
    assert children.type == "json"
    import jsonschema

    good = [{"label": "a", "children": [{"label": "b", "children": []}]}]
    assert jsonschema.Draft202012Validator(children.schema).is_valid(good)
    assert not jsonschema.Draft202012Validator(children.schema).is_valid([{"label": 3}])


def test_anchors_and_identifiers_inside_the_document_are_followed():
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.com/report",
        **of(a={"$ref": "#money"}, b={"$ref": "https://example.com/day"}, c={"$ref": "day"}),
        "$defs": {"m": {"$anchor": "money", "type": "number"}, "d": {"$id": "day", "type": "string", "format": "date"}},
    }
    assert [(field.type, field.format) for field in load_schema(schema).fields] == [
        *(("number", None), ("string", "date"), ("string", "date"))
    ]


def test_draft_07_reads_definitions_and_ignores_rules_beside_a_reference():
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **of(a={"$ref": "#/definitions/n", "minimum": 5, "title": "N"}),
        "definitions": {"n": {"type": "integer"}},
    }
    field = only(schema, "a")
    assert field.type == "integer" and "minimum" not in field.schema and field.title == "N"


# Checks, and what a decoder does not hold.


def test_checks_know_where_their_object_stands():
    rule = {"expr": "this.a <= this.b", "message": "in order", "tolerance": 1}
    row = {**of(a={"type": "number"}, b={"type": "number"}), "x-checks": [rule]}
    schema = {**of(one=row, many={"type": "array", "items": row}), "x-checks": [{"expr": "this.one.a > 0"}]}
    assert load_schema(schema).checks == (
        Check((), "this.one.a > 0"),
        Check(("one",), "this.a <= this.b", "in order", 1.0),
        Check(("many", "*"), "this.a <= this.b", "in order", 1.0),
    )


def test_checks_in_a_part_answered_in_one_piece_are_refused_rather_than_lost():
    part = {"type": "object", "properties": {}, "x-checks": [{"expr": "true"}]}
    refused(of(a={"anyOf": [part, {"type": "array"}]}), "x-checks", "one piece")


def test_keywords_that_decoding_cannot_enforce_are_listed():
    schema = {
        **of(
            a={"type": "string", "pattern": "^(?!x)", "not": {"const": "y"}},
            b={"type": "array", "items": {"type": "integer", "minimum": 0}, "uniqueItems": True},
            c={"oneOf": [{"type": "string"}, {"type": "string", "maxLength": 3}]},
            d={"oneOf": [{"const": "x"}, {"const": "y"}]},
        ),
        "dependentRequired": {"a": ["b"]},
        "x-checks": [{"expr": "true"}],
    }
    assert load_schema(schema).unenforced == tuple(
        sorted(["dependentRequired", "maxLength", "minimum", "not", "oneOf", "pattern", "uniqueItems", "x-checks"])
    )
    assert load_schema(of(d=schema["properties"]["d"])).unenforced == ()


# Where a schema comes from.


def test_the_identity_does_not_depend_on_the_order_of_keys():
    one = load_schema({"title": "T", **of(a={"type": "string", "title": "A"})})
    other = load_schema({**of(a={"title": "A", "type": "string"}), "title": "T"})
    assert one.id == other.id and len(one.id) == 64
    assert one.id != load_schema({"title": "U", **of(a={"type": "string", "title": "A"})}).id


def test_a_file_a_mapping_and_a_name_are_the_same_thing(tmp_path):
    file = ROOT / "schemas" / "receipt.json"
    copy = tmp_path / "mine.json"
    copy.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    by_name = load_schema("receipt")
    assert by_name.name == "receipt" and load_schema(copy).name == "mine"
    assert load_schema(copy).id == by_name.id == load_schema(json.loads(file.read_text("utf-8"))).id


def test_changing_the_given_mapping_later_changes_nothing():
    given = of(a={"type": "string"})
    loaded = load_schema(given)
    given["properties"]["a"]["type"] = "number"
    assert loaded.document["properties"]["a"] == {"type": "string"}


def test_readable_names():
    assert [readable_name(n) for n in ("gross_amount", "grossAmount", "VATNumber", "办结率", "a-b.c")] == [
        *("gross amount", "gross amount", "VAT number", "办结率", "a b c")
    ]


# Refusals.


def test_broken_json_says_the_line_and_the_column(tmp_path):
    file = tmp_path / "broken.json"
    file.write_text('{"type": "object",\n "properties": {"a": }}', encoding="utf-8")
    refused(file, "line 2, column 22")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('{"type": "object", "type": "array"}', "twice"),
        ('{"properties": {"a": {"minimum": NaN}}}', "NaN"),
        ('{"properties": {"a": {"minimum": 1e999}}}', "too large"),
        ('{"properties": {"a": {"minimum": ' + "9" * 5000 + "}}}", "digits"),
        ("[]", "top level"),
        ("[" * 100_000, "deeper"),
        ("", "line 1"),
        (" " * 1_000_001, "larger"),
    ],
)
def test_text_that_is_no_schema_is_refused(tmp_path, text, word):
    file = tmp_path / "s.json"
    file.write_text(text, encoding="utf-8")
    refused(file, word)


def test_sources_that_cannot_be_read_are_refused(tmp_path):
    refused(tmp_path / "none.json", "does not exist")
    refused(tmp_path, "not a file")
    refused("no-such-schema", "receipt")
    refused(3, "int")
    (tmp_path / "latin.json").write_bytes(b'{"title": "\xe9"}')
    refused(tmp_path / "latin.json", "UTF-8")
    refused({"properties": {"a": {"default": {1, 2}}}}, "not JSON")
    circle = of()
    circle["properties"]["a"] = circle
    refused(circle, "not JSON")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "array", "items": {}}, ["array", "record is an object"]),
        ({"type": "object"}, ["no properties"]),
        ({"$ref": "#"}, ["refers to itself"]),
        (of(a={"type": "text"}), ["#/properties/a/type", "text"]),
        (of(a={"minimum": "1"}), ["#/properties/a/minimum"]),
        (of(**{"a/b": {"required": "x"}}), ["#/properties/a~1b/required"]),
        (of(a={"$ref": "#/$defs/no"}), ["points nowhere", "#/properties/a/$ref"]),
        (of(a={"$ref": "#/properties"}, b={"type": 3}), ["#/properties/b/type"]),
        (of(a={"$ref": "#/title"}) | {"title": "x"}, ["does not point at a schema"]),
        (of(a={"$ref": "#/x-mine"}) | {"x-mine": {"type": 3}}, ["#/x-mine"]),
        (of(a={"type": "string", "pattern": "("}), ["does not compile", "#/properties/a/pattern"]),
        (of(a={"patternProperties": {"[": {}}}), ["does not compile"]),
        (of(a={"enum": list(range(3000))}), ["enum"]),
        ({"$schema": "https://example.com/own", **of(a={})}, ["$schema", "not known"]),
        (of(a={"x-labels": "Total"}), ["#/properties/a/x-labels"]),
        (of(a={"x-labels": ["Total", 3]}), ["x-labels"]),
        (of(a={"x-unit": ["kg"]}), ["x-unit"]),
        (of(a={"x-kind": 3}), ["#/properties/a/x-kind", "not a known kind"]),
        (of(a={"x-kind": "fone"}), ['x-kind is "fone"', "phone"]),
        (of(a={"x-source": "guessed"}), ["x-source", "judged"]),
        (of(a={}) | {"x-checks": {"expr": "true"}}, ["x-checks"]),
        (of(a={}) | {"x-checks": [{"expr": " "}]}, ["#/x-checks/0"]),
        (of(a={}) | {"x-checks": [{"expr": "true", "tolerance": -1}]}, ["tolerance"]),
        (of(a={}) | {"x-checks": [{"expr": "true", "tolerence": 1}]}, ["tolerence"]),
    ],
)
def test_an_error_names_its_place(schema, words):
    refused(schema, *words)


def test_every_kind_of_value_that_is_found_in_text_can_be_declared():
    """A kind that a schema cannot declare would never be used, and one that no parser knows is free text."""
    without_parser = {"identifier", "money", "postal-address", "organization-name", "seal", "signature"}
    assert set(PARSED_KINDS) == set(VALUE_KINDS) - without_parser
    for kind in PARSED_KINDS:
        assert find_spans(kind, "") == []


_SEEN: list[tuple[str, str]] = []
_watching = False


def _watch(event, args):
    if _watching and event in ("open", "socket.connect", "socket.getaddrinfo"):
        _SEEN.append((event, str(args[0])))


sys.addaudithook(_watch)


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
@pytest.mark.parametrize("scheme", ["http://127.0.0.1:{port}/s", "file://{file}", "//127.0.0.1:{port}/s", "{file}"])
def test_nothing_is_fetched_for_a_reference(tmp_path, keyword, scheme):
    global _watching
    canary = tmp_path / "canary.json"
    canary.write_text('{"type": "string"}', encoding="utf-8")
    load_schema(of(a={"type": "string"}))
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = scheme.format(port=server.getsockname()[1], file=canary)
        _SEEN.clear()
        _watching = True
        try:
            refused(of(a={keyword: target}), "outside the schema")
            refused({"$schema": target, **of(a={})}, "nothing is ever fetched")
        finally:
            _watching = False
    assert not [seen for seen in _SEEN if "socket" in seen[0] or str(tmp_path) in seen[1]]


def _doubling(keyword, levels=30):
    def twice(i):
        step = {"$ref": f"#/$defs/n{i}"}
        return of(x=dict(step), y=dict(step)) if keyword == "properties" else {keyword: [dict(step), {"allOf": [step]}]}

    definitions = {f"n{i}": twice(i + 1) for i in range(levels)} | {f"n{levels}": {"type": "string"}}
    return {**of(a={"$ref": "#/$defs/n0"}), "$defs": definitions}


def _nested(levels):
    inner = {"type": "string"}
    for _ in range(levels):
        inner = of(a=inner)
    return inner


def test_references_that_multiply_are_refused():
    refused(_doubling("properties"), "5,000 fields")
    refused(_doubling("allOf"), "multiply")
    refused(_doubling("anyOf", levels=40), "60,000 branches")
    refused(_doubling("oneOf"), "60,000 branches")
    refused(_nested(900), "deeper")
    refused(of(**{f"p{i}": {} for i in range(MAX_NODES + 1)}), "5,000 subschemas")
    rows = of(**{f"q{i}": {"type": "string"} for i in range(100)})
    wide = of(**{f"p{i}": {"type": "array", "items": {"$ref": "#/$defs/rows"}} for i in range(MAX_FIELDS // 100 + 1)})
    refused({**wide, "$defs": {"rows": rows}}, "5,000 fields")


@pytest.mark.parametrize("schema", [_doubling("anyOf", levels=10), _doubling("oneOf", levels=10), _nested(30)])
def test_schema_that_only_looks_large_is_accepted(schema):
    assert len(load_schema(schema).fields) == 1


# The schemas that are shipped.


def test_the_shipped_schemas_are_listed_by_name_and_title():
    assert sorted(file.stem for file in (ROOT / "schemas").glob("*.json")) == SHIPPED
    assert all(title for _, title in shipped_schemas())


@pytest.mark.parametrize("name", SHIPPED)
def test_the_readme_counts_what_a_shipped_schema_asks_for(name):
    schema = load_schema(name)
    fields = sum(field.path != () for _, field in schema.all_fields())
    line = next(
        line for line in (ROOT / "schemas/README.md").read_text("utf-8").splitlines() if f"| `{name}` |" in line
    )
    assert line.endswith(f"| {fields} | {len(schema.checks)} |")


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_field_is_described(name):
    schema = load_schema(name)
    assert schema.description and schema.document["$schema"].endswith("2020-12/schema")
    for path, field in schema.all_fields():
        if path[-1] == "*":
            continue
        assert field.title and field.description, path
        assert field.nullable or field.type == "array", path
        assert field.type != "json", path
        assert all(step == "*" or (step.isascii() and step == step.lower() and " " not in step) for step in path)
    assert find_rule_errors(schema) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_an_empty_record_of_a_shipped_schema_is_valid(name):
    schema = load_schema(name)
    assert find_problems(schema, _blank(schema)) == []


@pytest.mark.parametrize(("year", "rows"), [(2020, 23), (2021, 25)])
def test_the_annual_report_has_every_cell_of_its_three_tables(year, rows):
    schema = load_schema(f"annual-disclosure-{year}")
    parts = [field.path[0] for field in schema.fields]
    assert parts.count("applications") == rows * 7
    assert parts.count("reviews") == 15
    assert parts.count("proactive") == {2020: 22, 2021: 10}[year]
    assert len(parts) >= 240
    first = next(field for field in schema.fields if field.path[-3:] == ("refused", "state_secret", "natural_person"))
    assert [names[-1] for names in first.parents] == [
        *("收到和处理政府信息公开申请情况", "本年度办理结果", "不予公开", "属于国家秘密")
    ]


@pytest.mark.parametrize("file", GOLD)
def test_gold_fits_its_schema_and_its_rules_and_leaves_no_field_out(file):
    schema = load_schema(GOLD[file])
    gold = json.loads((ROOT / file).read_text("utf-8"))
    assert find_problems(schema, gold) == []
    assert _keys(gold) == _keys(_blank(schema))


def test_a_wrong_cell_breaks_the_rules_of_its_row_and_its_column():
    schema = load_schema("annual-disclosure-2020")
    gold = json.loads((ROOT / "examples/qingshan-2020.gold.json").read_text("utf-8"))
    gold["applications"]["results"]["unavailable"]["not_held"]["natural_person"] += 1
    problems = [(problem.kind, problem.path) for problem in find_problems(schema, gold)]
    assert [kind for kind, _ in problems] == ["check", "check"]
    assert {path[:3] for _, path in problems} == {
        ("applications", "results", "total"),
        ("applications", "results", "unavailable"),
    }


def test_the_example_says_what_its_gold_says():
    text = (ROOT / "examples/qingshan-2020.txt").read_text("utf-8")
    schema = load_schema("annual-disclosure-2020")
    gold = json.loads((ROOT / "examples/qingshan-2020.gold.json").read_text("utf-8"))
    for field in schema.fields:
        value = gold
        for step in field.path:
            value = value[step]
        if field.copied and isinstance(value, str) and field.format != "date":
            assert value in text, field.path
        elif field.type == "integer" and value and field.name != "portal_visits":
            assert str(abs(value)) in text, field.path


def _blank(schema):
    record = {}
    for field in schema.fields:
        inner = record
        for step in field.path[:-1]:
            inner = inner.setdefault(step, {})
        inner[field.path[-1]] = [] if field.type == "array" else None
    return record


def _keys(record, above=()):
    if not isinstance(record, dict):
        return {above}
    return set().union(*(_keys(value, (*above, name)) for name, value in record.items()))


def test_choices_that_multiply_through_properties_are_refused():
    definitions = {
        f"d{n}": {"anyOf": [{"properties": {"p": {"$ref": f"#/$defs/d{n + 1}"}}, "minProperties": m} for m in (1, 2)]}
        for n in range(40)
    }
    definitions["d40"] = {"type": "string"}
    with pytest.raises(SchemaError, match="unfolds to more than"):
        load_schema({"type": "object", "properties": {"x": {"$ref": "#/$defs/d0"}}, "$defs": definitions})


def test_definition_that_many_properties_share_does_not_multiply():
    part = {"anyOf": [{"type": "object", "properties": {"v": {"type": ["number", "null"]}}}, {"type": "null"}]}
    names = [f"p{n}" for n in range(300)]
    schema = {"type": "object", "properties": {n: {"$ref": "#/$defs/part"} for n in names}, "$defs": {"part": part}}
    assert len(load_schema(schema).fields) == 300
    step_counter = StepCounter(schema)
    assert step_counter.count({name: {"v": 1} for name in names}).repeated == 0


def test_description_that_asks_for_an_iso_date_is_the_format_date():
    def of(description, **more):
        schema = {"type": "object", "properties": {"a": {"type": "string", "description": description, **more}}}
        return load_schema(schema).fields[0].format

    assert of("day of sailing, YYYY-MM-DD") == "date"
    assert of("day of sailing as an ISO 8601 date") == "date"
    assert of("time of sailing, YYYY-MM-DD HH:MM") == of("day as YYYYMMDD") == of("day of sailing") is None
    assert of("YYYY-MM-DD", format="time") == "time"
    assert of("YYYY-MM-DD", enum=["2031-05-04"]) is None
