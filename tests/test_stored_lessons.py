"""Lessons in a store: found by layout, taken back with their record, deleted with their document."""

import pytest
from test_lessons import SCHEMA, lessons_from, permit, read_text, ticket

from extractor.errors import InputError
from extractor.extraction.pipeline import extract
from extractor.extraction.serialization import as_dict
from extractor.lessons import Lesson, ValueRule
from extractor.schemas import load_schema
from extractor.store import Store, Version
from extractor.store.lessons import LessonStoreSettings
from extractor.types import Document

WHO = "ann"


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.db") as opened:
        opened.add_schema(SCHEMA)
        yield opened


def stored(store, forms):
    return [store.lessons.add(lesson, who=WHO) for lesson in lessons_from(forms)]


def record_of(store, text):
    """Store the extraction of a text, and return its record."""
    result = as_dict(extract(read_text(text), SCHEMA, None))
    return store.records.add(result, Version("extractor", "p"), who=WHO)


def test_lessons_of_a_layout_are_kept_together_and_found(store):
    kept = stored(store, [form(n) for n in range(3) for form in (permit, ticket)])
    assert len({each.layout for each in kept[::2]}) == len({each.layout for each in kept[1::2]}) == 1
    assert [(layout.lessons, layout.schema) for layout in store.lessons.layouts()] == [(3, SCHEMA.id)] * 2
    text, gold = permit(6)
    document = read_text(text)
    found = store.lessons.find(document, SCHEMA.id)
    assert len(found) == 6
    assert dict(extract(document, SCHEMA, None, lessons=found).data) == gold
    assert store.lessons.find(document, "another schema") == []


def test_a_document_teaches_once(store):
    stored(store, [permit(0), permit(1)])
    stored(store, [permit(0)])
    assert store.lessons.count(SCHEMA.id) == 2


def test_a_record_that_is_opened_again_teaches_nothing_any_more(store):
    text, gold = permit(0)
    [lesson] = lessons_from([(text, gold)])
    record = record_of(store, text)
    assert store.lessons.add(lesson, who=WHO, record=record.id) is None  # nobody has approved it
    decisions = (store.records.reopen, store.records.reject, store.records.flag)
    for decide in decisions:
        record = store.records.approve(record.id, who=WHO, revision=record.revision)
        assert store.lessons.add(lesson, who=WHO, record=record.id).record == record.id
        record = decide(record.id, who=WHO, revision=record.revision, note="wrong")
        assert store.lessons.count() == 0
    record = store.records.approve(record.id, who=WHO, revision=record.revision)
    store.lessons.add(lesson, who=WHO, record=record.id)
    store.records.correct(record.id, ("keeper",), "Ida Wolf", who=WHO, revision=record.revision)
    assert store.lessons.count() == 0
    assert store.lessons.layouts() == []


def test_lessons_are_deleted_by_document_layout_and_schema(store):
    kept = stored(store, [form(n) for n in range(3) for form in (permit, ticket)])
    assert store.lessons.delete(who=WHO, document=kept[0].lesson.document) == 1
    assert store.lessons.delete(who=WHO, layout=kept[1].layout) == 3
    assert [each.lesson.name for each in store.lessons.select(SCHEMA.id)] == ["form.txt"] * 2
    assert store.lessons.delete(who=WHO, schema=SCHEMA.id) == 2
    assert store.lessons.find(read_text(permit(6)[0]), SCHEMA.id) == []
    with pytest.raises(InputError):
        store.lessons.delete(who=WHO)
    actions = [entry.action for entry in store.audit.entries()]
    assert actions.count("learnt") == 6
    assert actions.count("forgot") == 3


def test_a_lesson_that_is_switched_off_does_not_count(store):
    kept = stored(store, map(permit, range(3)))
    for each in kept:
        store.lessons.enable(each.id, False, who=WHO)
    document = read_text(permit(6)[0])
    assert store.lessons.find(document, SCHEMA.id) == []
    store.lessons.enable(kept[0].id, True, who=WHO)
    assert [lesson.document for lesson in store.lessons.find(document, SCHEMA.id)] == [kept[0].lesson.document]
    with pytest.raises(InputError):
        store.lessons.enable(99, True, who=WHO)


def test_a_look_up_reads_the_same_few_lessons_however_many_there_are(store):
    settings = LessonStoreSettings.current()
    lessons = lessons_from(map(permit, range(4)))
    for n in range(60):
        like = lessons[n % 4]
        store.lessons.add(Lesson(f"{n:064}", SCHEMA.id, like.fingerprint, like.fields), who=WHO)
    with store._database.reading() as connection:
        count = "SELECT COUNT(*), COUNT(DISTINCT lesson) FROM lesson_hashes"
        rows, indexed = connection.exec_driver_sql(count).one()
    assert indexed == settings.index_lessons
    assert rows <= settings.index_lessons * settings.index_hashes
    assert len(store.lessons.find(read_text(permit(6)[0]), SCHEMA.id)) <= settings.other_lessons
    newest = [each.id for each in store.lessons.select(SCHEMA.id)][-settings.index_lessons :]
    for number in newest:
        store.lessons.delete(who=WHO, lesson=number)
    assert len(store.lessons.find(read_text(permit(6)[0]), SCHEMA.id)) >= settings.lessons_per_layout


def test_a_document_without_words_is_no_error(store):
    stored(store, [permit(0)])
    empty = Document("0" * 64, "empty.txt", "")
    assert len(store.lessons.find(empty, SCHEMA.id)) == 1
    assert store.lessons.add(Lesson(empty.id, SCHEMA.id, (), ()), who=WHO).layout


def test_lessons_and_rules_of_one_kind_change_no_record_of_another(store):
    other = load_schema({**SCHEMA.document, "title": "Permit of another harbour"})
    store.add_schema(other)
    forms = [permit(n) for n in range(6, 9)]
    before = [
        extract(read_text(text), other, None, lessons=store.lessons.find(read_text(text), other.id))
        for text, _ in forms
    ]
    stored(store, [permit(n) for n in range(6)])
    store.lessons.switch_rule(SCHEMA.id, ValueRule(("keeper",), "upper"), True, who=WHO)
    after = [
        extract(read_text(text), other, None, lessons=store.lessons.find(read_text(text), other.id))
        for text, _ in forms
    ]
    assert [(each.data, each.values) for each in after] == [(each.data, each.values) for each in before]
    text, gold = forms[0]
    own = extract(read_text(text), SCHEMA, None, lessons=store.lessons.find(read_text(text), SCHEMA.id))
    assert own.data["keeper"] == gold["keeper"].upper()
