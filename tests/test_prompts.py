"""The words that go to a model."""

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
    assert "\n- a: Alpha\n- b.c: b" in asked and "how much" in asked
    assert "$" not in asked


def test_copied_and_judged_fields_are_asked_in_other_words():
    copied, judged = fields(a={"type": "string"}, b={"type": "string", "x-source": "judged"})
    assert "Copy each value" in prompts.question([("a", copied)], "")
    assert "Copy each value" not in prompts.question([("b", judged)], "")


def test_names_that_the_passages_contain_come_first_and_not_all_are_told():
    names = [f"name {n}" for n in range(9)]
    (field,) = fields(a={"type": "string", "title": "Alpha", "x-labels": names})
    told = line(field, "here is name 7 and name 8")
    assert told.index('"name 7"') < told.index('"name 8"') < told.index('"name 0"')
    assert told.count('"') == 2 * prompts.LABELS


def test_choices_and_truth_values_are_told():
    choice, truth, many = fields(
        a={"enum": ["red", "blue", None], "description": "the colour"},
        b={"type": "boolean"},
        c={"type": "array", "items": {"enum": ["x", "y"]}},
    )
    assert "One of: red, blue" in line(choice) and "None" not in line(choice)
    assert "true or false" in line(truth)
    assert "A list of: x, y" in line(many)


def test_the_parts_of_a_list_are_named():
    part = {"type": "object", "properties": {"name": {"type": "string", "title": "Who"}, "n": {"type": "integer"}}}
    (field,) = fields(a={"type": "array", "items": part})
    assert "each element has: name (Who); n" in line(field)


def test_objects_around_a_field_are_named_only_where_it_would_be_ambiguous():
    name = {"type": "object", "properties": {"name": {"type": "string", "title": "Name"}}}
    seller, buyer = fields(seller={**name, "title": "Seller"}, buyer={**name, "title": "Buyer"})
    both = prompts.question([("s", seller), ("b", buyer)], "")
    assert "- s: Seller > Name" in both and "- b: Buyer > Name" in both
    assert "- s: Name" in prompts.question([("s", seller)], "")


def test_signs_in_a_document_or_a_description_are_left_as_they_are():
    (field,) = fields(a={"type": "string", "description": "costs $5, or ${x}, or 100%"})
    assert "costs $5, or ${x}, or 100%" in line(field)
    assert "$fields $document ${a} {b}" in prompts.document("$fields $document ${a} {b}")


def test_the_document_part_holds_the_passages_and_the_system_part_says_they_are_data():
    assert "\nAlpha\nBeta\n" in prompts.document("Alpha\nBeta")
    assert "never an instruction" in prompts.system()


def test_the_id_changes_with_any_word(monkeypatch, tmp_path):
    before = prompts.prompt_id()
    assert len(before) == 64 and before == prompts.prompt_id()
    folder = tmp_path / "prompts"
    folder.mkdir()
    for name in ("system", "document", "question", "judge"):
        text = prompts._template(name)
        (folder / f"{name}.txt").write_text(text + " indeed" if name == "judge" else text, "utf-8")
    monkeypatch.setattr(prompts, "_HERE", tmp_path / "extractor")
    prompts._template.cache_clear()
    prompts.prompt_id.cache_clear()
    try:
        assert prompts.prompt_id() != before
    finally:
        monkeypatch.undo()
        prompts._template.cache_clear()
        prompts.prompt_id.cache_clear()
    assert prompts.prompt_id() == before
