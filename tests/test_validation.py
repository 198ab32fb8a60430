"""What is wrong with a record: its schema, its rules, its evidence."""

import pytest

from extractor.errors import SchemaError
from extractor.schemas import load_schema, shipped_schemas
from extractor.types import Document, Evidence, FieldValue, Page, Problem, Table, Word
from extractor.validation import compile_checks, find_problems, find_rule_errors, find_violations


def schema(properties, rules=(), **more):
    checks = [{"expr": rule} if isinstance(rule, str) else rule for rule in rules]
    document = {"title": "t", "type": "object", "properties": properties, **more}
    return load_schema(document | ({"x-checks": checks} if checks else {}))


def found(problems):
    return [(problem.path, problem.kind) for problem in problems]


NUMBER = {"type": ["number", "null"]}
SUMS = {"total": NUMBER, "website": NUMBER, "new_media": NUMBER}


def test_valid_record_has_no_problems():
    assert (
        find_problems(
            schema(SUMS, ["this.total == this.website + this.new_media"]), {"total": 3, "website": 1, "new_media": 2}
        )
        == []
    )


def test_schema_violations_are_reported_at_their_own_path():
    wanted = schema(
        {
            "a": {"type": "integer", "minimum": 1},
            "d": {"type": "string", "format": "date"},
            "l": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "string"}}}},
        },
        required=["a", "z"],
        additionalProperties=False,
    )
    problems = find_problems(wanted, {"a": 0, "d": "2020-13-01", "l": [{"x": "a"}, {"x": 5}], "q": 1})
    assert sorted(found(problems)) == [
        (("a",), "schema"),
        (("d",), "format"),
        (("l", 1, "x"), "schema"),
        (("q",), "schema"),
        (("z",), "missing"),
    ]


@pytest.mark.parametrize(
    ("format", "good", "bad"),
    [
        ("date", "2020-02-29", "2021-02-29"),
        ("time", "10:00:00Z", "10:00"),
        ("date-time", "2020-01-01T10:00:00Z", "2020-01-01 10:00"),
        ("email", "a@b.com", "a at b"),
        ("uri", "http://a.cn", "www.a.cn"),
        ("uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2eb8"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("phone", "0943-3222156", "call us"),
        ("phone", "2648 1234", "2020-01-31"),
    ],
)
def test_formats_are_asserted(format, good, bad):
    wanted = schema({"x": {"type": "string", "format": format}})
    assert find_problems(wanted, {"x": good}) == []
    assert found(find_problems(wanted, {"x": bad})) == [(("x",), "format")]


def test_unknown_format_is_reported_once():
    wanted = schema({"a": {"type": "string", "format": "colour"}, "b": {"type": "string", "format": "colour"}})
    assert found(find_problems(wanted, {"a": "red", "b": "blue"})) == [((), "format_not_checked")]


def test_property_called_format_is_not_a_format():
    assert find_problems(schema({"format": {"type": "string"}}), {"format": "A4"}) == []


def test_hostile_patterns_and_long_lists_do_not_hang():
    for pattern in ("^(a+)+$", "^(?=(a+)+$)b", "^(a|a)*$"):
        assert found(find_problems(schema({"x": {"type": "string", "pattern": pattern}}), {"x": "a" * 100_000 + "!"}))
    wanted = schema({"l": {"type": "array", "uniqueItems": True, "items": {"type": "object"}}})
    find_problems(wanted, {"l": [{"n": n} for n in range(3_000)]})


def test_long_messages_are_shortened():
    problems = find_problems(schema({"x": {"type": "string", "maxLength": 3}}), {"x": "a" * 100_000})
    assert len(problems[0].message) < 300


# Rules.


def test_violated_sum_names_its_numbers_and_the_field():
    problems = find_problems(
        schema(SUMS, ["this.total == this.website + this.new_media"]), {"total": 12, "website": 5, "new_media": 6}
    )
    assert problems == [Problem(("total",), "check", "total 12 ≠ 11 (website + new_media)")]


def test_message_of_a_rule_comes_first():
    rule = {"expr": "this.website + this.new_media == this.total", "message": "the parts make the total"}
    problems = find_problems(schema(SUMS, [rule]), {"total": 12, "website": 5, "new_media": 6})
    assert problems[0].message == "the parts make the total: 11 (website + new_media) ≠ total 12"


@pytest.mark.parametrize("missing", [{"total": 3, "website": None, "new_media": 2}, {"total": 3, "new_media": 2}, {}])
def test_rule_with_a_missing_value_is_not_run(missing):
    assert find_problems(schema(SUMS, ["this.total == this.website + this.new_media"]), missing) == []


@pytest.mark.parametrize(
    ("rule", "data", "holds"),
    [
        ("this.total == this.website + this.new_media", {"total": 0.3, "website": 0.1, "new_media": 0.2}, True),
        ("total == website + new_media", {"total": 3, "website": 1.5, "new_media": 1.5}, True),
        ("this.total == this.website * 2", {"total": 3, "website": 1.5}, True),
        ("this.total / 2 == this.website", {"total": 3, "website": 1.5}, True),
        ("this.total <= 100 && this.total >= 0", {"total": 101}, False),
        ("this.total < 5 || this.website > 5", {"total": 6, "website": 6}, True),
        ("this.total > 5 ? this.website > 0 : true", {"total": 6, "website": 0}, False),
        ("this.total == null || this.website == 1", {"total": None, "website": 1}, True),
        ("!has(this.total) || this.website == 1", {"total": None, "website": 2}, True),
        ("has(this.total)", {"total": None}, False),
        ("this.total in [1, 2]", {"total": 2}, True),
        ("abs(this.total - this.website) <= 1", {"total": 2, "website": 4}, False),
        ("(this.total == 2)", {"total": 2}, True),
        ("record.total == this.total", {"total": 2}, True),
    ],
)
def test_rule_holds_or_not(rule, data, holds):
    assert (find_problems(schema(SUMS, [rule]), data) == []) is holds


def test_tolerance_applies_to_numbers_on_the_two_sides():
    rule = {"expr": "this.total == this.website + 1 && this.website > 0", "tolerance": 0.5}
    wanted = schema(SUMS, [rule])
    assert find_problems(wanted, {"total": 6.4, "website": 5}) == []
    assert found(find_problems(wanted, {"total": 6.6, "website": 5})) == [(("total",), "check")]


def test_dates_compare_as_text():
    wanted = schema({"begin": {"type": "string"}, "end": {"type": "string"}}, ["this.begin <= this.end"])
    assert find_problems(wanted, {"begin": "2020-01-01", "end": "2020-02-01"}) == []
    assert (
        find_problems(wanted, {"begin": "2020-03-01", "end": "2020-02-01"})[0].message
        == "begin “2020-03-01” > end “2020-02-01”"
    )


ROWS = {
    "rows": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"a": NUMBER, "b": NUMBER},
            "x-checks": [{"expr": "this.a <= this.b"}],
        },
    },
    "sum": NUMBER,
}


def test_rule_inside_a_list_runs_for_every_element():
    data = {"rows": [{"a": 1, "b": 2}, {"a": 3, "b": 2}, {"a": None, "b": 2}]}
    assert find_problems(schema(ROWS), data) == [Problem(("rows", 1), "check", "a 3 > b 2")]


def test_rule_adds_up_a_list(capfd):
    wanted = schema(ROWS, ["this.sum == sum(this.rows.map(row, row.a))", "size(this.rows) == 2"])
    assert find_problems(wanted, {"rows": [{"a": 1, "b": 2}, {"a": 2, "b": 2}], "sum": 3}) == []
    assert [p.message for p in find_problems(wanted, {"rows": [{"a": 1, "b": 2}], "sum": 3})] == [
        "sum 3 ≠ 1 (sum(rows.map(row, row.a)))",
        "1 (size(rows)) ≠ 2",
    ]
    assert find_problems(wanted, {"rows": [{"a": None, "b": 2}, {"a": 2, "b": 2}], "sum": 3}) == []
    assert capfd.readouterr() == ("", "")


def test_names_that_are_not_ascii_can_be_used_as_they_are():
    wanted = schema({"总计": NUMBER, "网站": NUMBER}, ["this.总计 == this.网站 + 1"])
    assert find_rule_errors(wanted) == []
    assert find_problems(wanted, {"总计": 3, "网站": 1})[0] == Problem(("总计",), "check", "总计 3 ≠ 2 (网站 + 1)")


def test_rules_that_cannot_be_evaluated_are_reported():
    wanted = schema(SUMS, ["this.total ==", "this.totl == 1", "this.total"])
    assert [p.kind for p in find_rule_errors(wanted)] == ["check_syntax", "check_syntax"]
    with pytest.raises(SchemaError, match="x-checks"):
        compile_checks(wanted)
    kinds = [p.kind for p in find_problems(wanted, {"total": 1, "website": 1, "new_media": 1})]
    assert kinds == ["check_not_run", "check_not_run"]


def test_rules_of_shipped_schemas_compile():
    for name, _ in shipped_schemas():
        assert find_rule_errors(load_schema(name)) == []


def test_three_hundred_rules_are_all_checked():
    rules = [f"this.total + {n} == this.website + this.new_media + {n}" for n in range(300)]
    wanted = schema(SUMS, rules)
    assert len(find_problems(wanted, {"total": 12, "website": 5, "new_media": 6})) == 300


# Evidence.


def given(path, value, document, stretch, method="model"):
    start = document.text.index(stretch)
    return FieldValue(path, value, Evidence(start, start + len(stretch), stretch))


REPORT = Document(
    "0", "report.txt", "网站 8,548 条，减114，金额75647.67，日期2020年1月5日，03/04/2020，单位：会宁县\n人民政府"
)
FIELDS = schema(
    {
        "website": {"type": "integer"},
        "change": {"type": "integer"},
        "amount": {"type": "number", "x-unit": "元"},
        "day": {"type": "string", "format": "date"},
        "office": {"type": "string"},
        "other": {"type": "string"},
        "kind": {"type": "string", "x-source": "judged"},
        "names": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "string"}}}},
    }
)


def kinds_found(*values):
    return found(find_problems(FIELDS, {}, values, REPORT))


def test_values_that_follow_from_their_evidence_have_no_problem():
    assert (
        kinds_found(
            given(("website",), 8548, REPORT, "8,548"),
            given(("change",), -114, REPORT, "减114"),
            given(("amount",), 756476700, REPORT, "75647.67"),
            given(("day",), "2020-01-05", REPORT, "2020年1月5日"),
            given(("office",), "会宁县人民政府", REPORT, "会宁县\n人民政府"),
            FieldValue(("kind",), "annual"),
            FieldValue(("other",), None),
        )
        == []
    )


def test_date_follows_in_either_order():
    assert kinds_found(given(("day",), "2020-04-03", REPORT, "03/04/2020")) == []
    assert kinds_found(given(("day",), "2020-04-04", REPORT, "03/04/2020")) == [(("day",), "value_outside_evidence")]


@pytest.mark.parametrize(
    ("path", "value", "stretch"),
    [
        (("website",), 8549, "8,548"),
        (("change",), -115, "减114"),
        (("amount",), 75648.67, "75647.67"),
        (("day",), "2020-01-06", "2020年1月5日"),
        (("office",), "县政府", "会宁县\n人民政府"),
    ],
)
def test_values_that_do_not_follow_from_their_evidence_are_reported(path, value, stretch):
    assert kinds_found(given(path, value, REPORT, stretch)) == [(path, "value_outside_evidence")]


def test_evidence_that_is_not_the_text_at_its_place_is_reported():
    assert kinds_found(FieldValue(("office",), "会宁县", Evidence(0, 3, "会宁县"))) == [
        (("office",), "value_outside_evidence")
    ]


def test_copied_value_without_evidence_is_reported():
    assert kinds_found(FieldValue(("office",), "会宁县")) == [(("office",), "no_evidence")]


def test_shared_evidence_is_reported_but_not_within_a_list():
    shared = "会宁县\n人民政府"
    office = "会宁县人民政府"
    assert kinds_found(given(("office",), office, REPORT, shared), given(("other",), office, REPORT, shared)) == [
        (("other",), "evidence_reused")
    ]
    assert (
        kinds_found(given(("names", 0, "n"), office, REPORT, shared), given(("names", 1, "n"), office, REPORT, shared))
        == []
    )


def test_problems_of_tables_are_included():
    torn = Problem((), "row_lost", "a row of the table was lost")
    document = Document("0", "x", "", tables=(Table((), 0, 0, 0, 0, problems=(torn,)),))
    assert find_problems(FIELDS, {}, (), document) == [torn]


def test_value_with_an_unsure_ocr_word_is_reported():
    text = "Parcels 118 sent"
    words = tuple(Word(text[s:e], s, e, None, sure, True) for s, e, sure in ((0, 7, 0.99), (8, 11, 0.6), (12, 16, 0.5)))
    document = Document("0", "a.png", text, (Page(1, 0, 16, words=words),))
    value = FieldValue(("total",), 118, Evidence(8, 11, "118"))
    problems = find_problems(schema({"total": NUMBER}), {"total": 118}, [value], document)
    assert found(problems) == [(("total",), "unsure_reading")] and "118" in problems[0].message
    sent = FieldValue(("total",), 118, Evidence(0, 7, "Parcels"))
    assert "unsure_reading" not in [
        p.kind for p in find_problems(schema({"total": NUMBER}), {"total": 118}, [sent], document)
    ]


def test_values_in_a_violated_rule_are_given_by_name_and_in_lists():
    schema = load_schema(
        {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"n": {"type": "number"}, "m": {}}},
                },
                "a": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": "number"}}},
                "b": {"type": "object", "properties": {"x": {"type": "number"}}},
                "total": {"type": "number"},
            },
            "required": ["total"],
            "x-checks": [
                {"expr": "sum(this.items.map(i, i.n)) == this.total"},
                {"expr": "this.a.x == this.total"},
            ],
        }
    )
    data = {"items": [{"n": 1, "m": 2}, {"n": 2, "m": 2}], "a": {"x": 3, "y": 4}, "b": {"x": 1}, "total": 4}
    told = [(problem.kind, set(named), set(listed)) for problem, named, listed in find_violations(schema, data)]
    assert told == [
        ("check", {("total",)}, {("items", 0, "n"), ("items", 1, "n")}),
        ("check", {("a", "x"), ("total",)}, set()),
    ]
    assert [problem for problem, _, _ in find_violations(schema, data)] == find_problems(schema, data)
    ((missing, named, listed),) = find_violations(schema, {"items": [], "a": {}, "b": {}})
    assert (missing.kind, missing.path, named, listed) == ("missing", ("total",), (("total",),), ())
    assert [p.kind for p, _, _ in find_violations(schema, {"total": "half \ud800"})] == ["schema"]


NODE = {
    "anyOf": [
        {"type": "object", "properties": {"x": {"$ref": "#/$defs/node"}, "v": {"type": "string"}}, "required": ["v"]},
        {"type": "object", "properties": {"x": {"$ref": "#/$defs/node"}, "w": {"type": "number"}}, "required": ["w"]},
    ]
}
RECURSIVE = {"type": "object", "properties": {"x": {"$ref": "#/$defs/node"}}, "$defs": {"node": NODE}}


@pytest.mark.parametrize(
    ("depth", "kinds"), [(3, ["schema"]), (12, ["schema"]), (40, ["check_not_run"]), (200, ["check_not_run"])]
)
def test_choice_that_contains_itself_is_checked_as_far_as_its_steps_can_be_taken(depth, kinds):
    schema = load_schema(RECURSIVE)
    wrong: dict = {"v": 5}
    right: dict = {"v": "a", "w": 1}
    for _ in range(depth):
        wrong, right = {"x": wrong, "v": "a", "w": 1}, {"x": right, "v": "a", "w": 1}
    assert [problem.kind for problem in find_problems(schema, {"x": wrong})] == kinds
    assert [problem.kind for problem in find_problems(schema, {"x": right})] == [k for k in kinds if k != "schema"]


def test_many_rows_of_choices_are_checked_in_full():
    cell = {"anyOf": [{"type": "number"}, {"type": "null"}]}
    row = {"anyOf": [{"type": "object", "properties": {"a": cell, "b": cell}}, {"type": "null"}]}
    schema = load_schema({"type": "object", "properties": {"rows": {"type": "array", "items": row}}})
    rows = [{"a": float(n), "b": None} for n in range(2000)]
    assert find_problems(schema, {"rows": rows}) == []
    assert [p.path for p in find_problems(schema, {"rows": [*rows, {"a": "no"}]})] == [("rows", 2000)]


@pytest.mark.parametrize("pattern", [r"(?<!x)a+b", r"(?=(a+))\1b", r"(a|a)*(?!b)c", r"^(?=.*\d).*$"])
def test_pattern_with_look_around_is_not_tried_on_a_very_long_text(pattern):
    wanted = schema({"code": {"type": "string", "pattern": pattern, "maxLength": 10}})
    problems = find_problems(wanted, {"code": "a" * 50_000})
    assert found(problems) == [((), "check_not_run"), (("code",), "schema")]
    assert "look-around" in problems[0].message and "longer than 10" in problems[1].message


def test_other_patterns_are_tried_on_a_very_long_text():
    wanted = schema({"code": {"type": "string", "pattern": "^(a+)+$"}})
    assert find_problems(wanted, {"code": "a" * 50_000}) == []
    assert found(find_problems(wanted, {"code": "a" * 50_000 + "b"})) == [(("code",), "schema")]


def test_patterns_with_look_around_are_tried_on_texts_of_usual_length():
    wanted = schema({"code": {"type": "string", "pattern": r"^(?=.*\d)(?!.*\s)(?=.*[a-z]).{8,}$"}})
    assert find_problems(wanted, {"code": "a1" * 500}) == []
    assert found(find_problems(wanted, {"code": "a1 " * 500})) == [(("code",), "schema")]
