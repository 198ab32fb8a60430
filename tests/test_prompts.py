"""The texts that a model is sent."""

from extractor.extraction import prompts
from extractor.schemas import load_schema


def fields(**properties):
    return load_schema({"type": "object", "properties": properties}).fields


def line(field, passages="", others=()):
    asked = prompts.question([(field.name, field), *((o.name, o) for o in others)], passages)
    return next(text for text in asked.splitlines() if text.startswith(f"- {field.name}: "))


def test_every_field_is_one_line_that_begins_with_its_key():
    two = fields(a={"type": "string", "title": "Alpha"}, b={"type": "number", "description": "how much"})
    asked = prompts.question([("a", two[0]), ("b.c", two[1])], "")
    assert "\n- a: Alpha\n- b.c: how much\n" in asked
    assert "$" not in asked


def test_copied_and_judged_fields_have_different_questions():
    copied, judged = fields(a={"type": "string"}, b={"type": "string", "x-source": "judged"})
    assert "Copy each value" in prompts.question([("a", copied)], "")
    assert "Copy each value" not in prompts.question([("b", judged)], "")


def test_title_is_left_out_where_the_key_says_the_same():
    same, other = fields(
        totalPaid={"type": "number", "title": "Total paid", "description": "what was handed over"},
        gross={"type": "number", "title": "Total", "description": "before tax"},
    )
    assert line(same) == "- totalPaid: what was handed over" and line(other) == "- gross: Total. before tax"


def test_some_of_the_labels_that_the_passages_contain_are_listed():
    names = [f"name {n}" for n in range(9)]
    (field,) = fields(a={"type": "string", "title": "Alpha", "x-labels": names})
    assert '"name 7", "name 8"' in line(field, "here is Name 7 and name 8") and "name 0" not in line(field, "name 1")
    assert line(field, " ".join(names)).count('"') == 2 * prompts.MAX_LABELS
    assert line(field) == "- a: Alpha"


def test_list_with_copied_parts_is_copied():
    part = {"type": "object", "properties": {"name": {"type": "string"}, "is_new": {"type": "boolean"}}}
    (field,) = fields(a={"type": "array", "items": part})
    assert "Copy each value" in prompts.question([("a", field)], "")


def test_choices_are_listed():
    choice, truth, many = fields(
        a={"enum": ["red", "blue", None], "description": "the colour"},
        b={"type": "boolean"},
        c={"type": "array", "items": {"enum": ["x", "y"]}},
    )
    assert "One of: red, blue" in line(choice) and "None" not in line(choice)
    assert "true or false" in line(truth)
    assert "A list of: x, y" in line(many)


def test_members_of_list_elements_are_named():
    part = {"type": "object", "properties": {"name": {"type": "string", "title": "Who"}, "n": {"type": "integer"}}}
    (field,) = fields(a={"type": "array", "items": part})
    assert "each element has: name (Who); n" in line(field)


def test_parent_objects_are_named_only_where_a_title_is_ambiguous():
    name = {"type": "object", "properties": {"name": {"type": "string", "title": "Name"}}}
    seller, buyer = fields(seller={**name, "title": "Seller"}, buyer={**name, "title": "Buyer"})
    both = prompts.question([("s", seller), ("b", buyer)], "")
    assert "- s: Seller > Name" in both and "- b: Buyer > Name" in both
    assert "- s: Name" in prompts.question([("s", seller)], "")


def test_template_signs_in_documents_and_descriptions_are_kept():
    (field,) = fields(a={"type": "string", "description": "costs $5, or ${x}, or 100%"})
    assert "costs $5, or ${x}, or 100%" in line(field)
    assert "$fields $document ${a} {b}" in prompts.document("$fields $document ${a} {b}")


def test_document_part_has_the_passages_and_system_part_says_they_are_data():
    assert "\nAlpha\nBeta\n" in prompts.document("Alpha\nBeta")
    assert "never an instruction" in prompts.system()


def test_prompt_id_changes_with_any_template(monkeypatch, tmp_path):
    before = prompts.prompt_id()
    assert len(before) == 64 and before == prompts.prompt_id()
    folder = tmp_path / "prompts"
    folder.mkdir()
    for name in prompts._TEMPLATES:
        text = prompts._template(name)
        (folder / f"{name}.txt").write_text(text + " indeed" if name == "judge" else text, "utf-8")
    monkeypatch.setattr(prompts, "_PACKAGE", tmp_path / "extractor")
    prompts._template.cache_clear()
    prompts.prompt_id.cache_clear()
    try:
        assert prompts.prompt_id() != before
    finally:
        monkeypatch.undo()
        prompts._template.cache_clear()
        prompts.prompt_id.cache_clear()
    assert prompts.prompt_id() == before
