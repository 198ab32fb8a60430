"""`extractor learn`: learn from approved records or a gold set, and show, export, import or delete what was learnt."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import current_user
from extractor.errors import ExtractorError, InputError, UsageError
from extractor.types import Document

_DELETABLE = ("lesson", "layout", "document", "schema")


def add(commands: Any) -> None:
    """Add the `learn` command to the command line."""
    command = options.add_command(
        commands,
        "learn",
        _learn,
        "learn from approved records or a gold set, and show, export, import or delete what was learnt",
    )
    command.add_argument(
        "set", nargs="?", metavar="SET", help="a folder as for eval; without it, the approved records of the store"
    )
    command.add_argument(
        "--schema", "-s", metavar="NAME|FILE", help="the schema (default: that of SET; all of a store)"
    )
    command.add_argument("--store", metavar="PLACE", help=options.STORE)
    command.add_argument("--show", action="store_true", help="print what was learnt, and learn nothing")
    command.add_argument("--export", type=Path, metavar="FILE", help="write the lessons of the store to FILE")
    command.add_argument(
        "--import", type=Path, metavar="FILE", dest="import_", help="add the lessons of FILE to the store"
    )
    command.add_argument(
        "--delete",
        metavar="KIND=ID",
        help="delete lessons: lesson=N, layout=N, document=SHA-256, or schema=NAME (--show prints them)",
    )
    command.add_argument(
        "--refit",
        action="store_true",
        help="refit confidences to the approved records, with the fit in force as prior, and keep it if it is better",
    )
    command.add_argument(
        "--switch-on", metavar="RULE", help="apply a rule that --show offers to the values of its field"
    )
    command.add_argument("--switch-off", metavar="RULE", help="apply a rule no longer")
    command.add_argument(
        "--adapter",
        action="store_true",
        help="train an adapter (LoRA) of a model on SET or the approved records, and keep it if it helps",
    )
    command.add_argument("--model", "-m", metavar="NAME", help="with --adapter: " + options.MODEL)
    command.add_argument("--device", choices=("cpu", "cuda"), help="with --adapter (default: a GPU where there is one)")
    command.add_argument("--threads", type=options.positive_integer, metavar="N", help=options.THREADS)


def _learn(arguments: argparse.Namespace) -> int:
    switched = arguments.switch_on or arguments.switch_off
    chosen = [arguments.show, arguments.export, arguments.import_, arguments.delete, switched, arguments.refit]
    if sum(map(bool, [*chosen, arguments.adapter])) > 1 or (arguments.set and any(chosen)):
        raise UsageError(
            "Only one of SET, --adapter, --refit, --show, --export, --import, --delete and --switch-… can be done.",
            "Choose one; --adapter alone may be given with SET.",
        )
    with options.open_store(arguments.store) as store:
        if arguments.show:
            console.print_result(_show(store, _schema_ids(store, arguments.schema)))
        elif arguments.export:
            _export(store, _schema_ids(store, arguments.schema), arguments.export)
        elif arguments.import_:
            _import(store, arguments.import_)
        elif arguments.delete:
            _delete(store, arguments.delete)
        elif arguments.refit:
            _refit(store, _schema_ids(store, arguments.schema))
        elif switched:
            _switch(store, _schema_ids(store, arguments.schema), switched, bool(arguments.switch_on))
        elif arguments.adapter:
            return _learn_adapter(store, arguments)
        elif arguments.set:
            return _learn_set(store, arguments)
        else:
            return _learn_records(store, _schema_ids(store, arguments.schema))
    return 0


def _schema_ids(store: Any, wanted: str | None) -> list[str]:
    """Return the ids of the store's schemas: all, or those of a name, an id, or a file; raises InputError."""
    stored = store.schemas()
    if wanted is None:
        return list(stored)
    found = [id_ for id_, (name, _) in stored.items() if wanted in (id_, name)]
    if not found and Path(wanted).is_file():
        found = [id_ for id_ in (options.load_checked_schema(wanted).id,) if id_ in stored]
    if not found:
        names = ", ".join(sorted({name for name, _ in stored.values()})) or "none"
        raise InputError(f"The store has no schema {wanted}.", f"It has: {names}.")
    return found


def _learn_set(store: Any, arguments: argparse.Namespace) -> int:
    from extractor.evaluation.samples import load_set, load_set_schema
    from extractor.learning import learn_gold

    samples = load_set(arguments.set)
    schema = options.check_rules(load_set_schema(samples, arguments.schema))
    store.add_schema(schema)
    codes: list[int] = []
    learnt = 0
    for n, sample in enumerate(samples.samples, 1):
        try:
            document = options.read_document(str(samples.folder / sample.document))
        except Exception as error:
            if arguments.debug:
                raise
            codes.append(console.report_document_error(sample.document, error))
            continue
        lesson = learn_gold(document, schema, sample.gold, store.lessons.find(document, schema.id))
        stored = store.lessons.add(lesson, who=current_user())
        learnt += 1
        located = sum(each.place is not None for each in lesson.fields)
        present = sum(each.present and not each.choice for each in lesson.fields)
        console.print_message(
            f"[{n}/{len(samples.samples)}] {sample.document}: layout {stored.layout}, "
            f"{located} of {present} values found in the document"
        )
    console.print_message(
        f"{learnt} documents taught {schema.name}; {store.lessons.count(schema.id)} lessons in {store.name}"
    )
    return codes[0] if codes else 0


def _learn_records(store: Any, schemas: list[str]) -> int:
    from extractor.learning import learn_record
    from extractor.store.corrections import load_stored_schema

    stored = store.schemas()
    codes: list[int] = []
    learnt = unseen = 0
    for id_ in schemas:
        schema = load_stored_schema(stored[id_][1])
        if schema is None:
            console.print_message(f"left out: this version cannot use the schema {stored[id_][0]} any more")
            continue
        for record in store.records.select(schema=id_, status="approved"):
            try:
                document = _read_source(record)
            except ExtractorError as error:
                codes.append(console.report_document_error(", ".join(record.sources) or record.document, error))
                continue
            if learn_record(store, schema, record, document, who=current_user()) is None:
                unseen += 1
            else:
                learnt += 1
    console.print_message(f"{learnt} approved records taught; in {unseen} nobody had looked at a value")
    return codes[0] if codes else 0


def _learn_adapter(store: Any, arguments: argparse.Namespace) -> int:
    from extractor.evaluation.extraction_f1 import measure_f1
    from extractor.learning.adapters import learn_adapter
    from extractor.models import DEFAULT

    codes: list[int] = []
    found = _gold_documents(arguments, codes) if arguments.set else _approved_documents(store, arguments, codes)
    result = learn_adapter(
        list(found),
        arguments.model or os.environ.get("EXTRACTOR_MODEL") or DEFAULT,
        measure_f1,
        device=arguments.device,
        threads=arguments.threads,
        report=console.print_message,
    )
    if result.hash is None:
        console.print_message("not kept: on the documents held out it does no better than the model alone")
    else:
        console.print_result(f"{result.hash}\n")
        console.print_message(
            f"kept in {result.folder}: use it with --adapter {result.hash}; it may repeat text of the documents that "
            "it was trained on"
        )
    return codes[0] if codes else 0


def _gold_documents(arguments: argparse.Namespace, codes: list[int]) -> Iterator[Any]:
    """Yield the documents of a set with their gold; those that cannot be read are reported."""
    from extractor.evaluation.samples import load_set, load_set_schema
    from extractor.learning.adapters import ApprovedDocument

    samples = load_set(arguments.set)
    schema = options.check_rules(load_set_schema(samples, arguments.schema))
    for sample in samples.samples:
        try:
            document = options.read_document(str(samples.folder / sample.document))
        except ExtractorError as error:
            codes.append(console.report_document_error(sample.document, error))
            continue
        yield ApprovedDocument(document, schema, sample.gold)


def _approved_documents(store: Any, arguments: argparse.Namespace, codes: list[int]) -> Iterator[Any]:
    """Yield the documents of approved records with what people have seen of them."""
    from extractor.evaluation.gold import record_as_gold, unseen_fields
    from extractor.learning.adapters import ApprovedDocument
    from extractor.store.corrections import load_stored_schema

    stored = store.schemas()
    for id_ in _schema_ids(store, arguments.schema):
        schema = load_stored_schema(stored[id_][1])
        if schema is None:
            console.print_message(f"left out: this version cannot use the schema {stored[id_][0]} any more")
            continue
        for record in store.records.select(schema=id_, status="approved"):
            actions = store.records.review_actions(record.id)
            hidden = unseen_fields(schema, record, actions, store.review_rules(record.schema_name))
            gold = record_as_gold(schema, record.data, hidden)
            try:
                document = _read_source(record)
            except ExtractorError as error:
                codes.append(console.report_document_error(", ".join(record.sources) or record.document, error))
                continue
            yield ApprovedDocument(document, schema, gold)


def _read_source(record: Any) -> Document:
    """Return the document of a record from the first of its sources that is unchanged; raises InputError."""
    from extractor.jobs.archives import read_document_bytes
    from extractor.readers import read_bytes

    for name in record.sources:
        try:
            data, found = read_document_bytes(name)
        except (OSError, InputError):
            continue
        if found == record.document:
            return replace(read_bytes(data, name), id=found)  # a part of a file has an id of its own
    raise InputError("The document was moved, deleted or changed since it was read.", "Put it back and learn again.")


def _show(store: Any, schemas: list[str]) -> str:
    from extractor.lessons import correction_curve, summarise_lessons

    names = {id_: name for id_, (name, _) in store.schemas().items()}
    parts = []
    for id_ in schemas:
        layouts = store.lessons.layouts(id_)
        if not layouts:
            continue
        parts.append(
            f"{names[id_]} (schema {id_[:12]}): {store.lessons.count(id_)} documents, {len(layouts)} layouts\n"
        )
        for layout in layouts:
            parts.append(
                f"  layout {layout.id}: {layout.lessons} documents like {layout.name}, newest {layout.newest}\n"
            )
        if curve := correction_curve(store.records.correction_counts(id_)):
            means = " ".join(f"{group.mean:.3g}" for group in curve)
            parts.append(f"  fields changed in a document, over time: {means}\n")
        for each in summarise_lessons(kept.lesson for kept in store.lessons.select(id_) if kept.enabled):
            parts += (f"  {line}\n" for line in _field_lines(each))
        parts += (f"  {line}\n" for line in _rule_lines(store, id_))
        parts += (f"  {line}\n" for line in _calibration_lines(id_))
    return "".join(parts) or "nothing was learnt yet: approve records, or run `extractor learn SET`\n"


def _field_lines(summary: Any) -> Iterator[str]:
    if summary.is_never_there:
        yield f"{summary.field}: never there in {summary.seen} documents"
        return
    yield (
        f"{summary.field}: there in {summary.present} of {summary.seen} documents, place known in {summary.located}, "
        f"corrected in {summary.corrected}"
    )
    for what, counted in (
        ("printed beside or above it (x-labels)", summary.labels),
        ("form", summary.shapes),
        ("not to be taken for it", summary.instead),
    ):
        if counted:
            yield f"  {what}: " + ", ".join(f"{each.text!r} ({each.count})" for each in counted)


def _refit(store: Any, schemas: list[str]) -> None:
    from extractor.cli.eval import require_eval_extra
    from extractor.confidence.calibration import file_name, user_folder
    from extractor.evaluation.refit import refit_from_records
    from extractor.files.atomic_files import write_text_atomically
    from extractor.store.corrections import load_stored_schema

    require_eval_extra()
    stored = store.schemas()
    for id_ in schemas:
        schema = load_stored_schema(stored[id_][1])
        if schema is None:
            continue
        try:
            refits = refit_from_records(store, replace(schema, name=stored[id_][0]))
        except InputError as error:
            if len(schemas) == 1:
                raise
            console.print_message(f"left out: {error.message}")
            continue
        for each in refits:
            said = (
                f"{stored[id_][0]}, {each.calibration.model}: {each.values} values of {each.documents} documents, log "
                f"loss {each.loss_before:.4f} before, {each.loss_after:.4f} by cross-validation"
            )
            if not each.is_improvement:
                console.print_message(f"{said}; not kept: it is no better by more than a standard error")
                continue
            file = user_folder() / file_name(each.calibration, "approved")
            user_folder().mkdir(parents=True, exist_ok=True)
            write_text_atomically(file, each.calibration.as_json())
            console.print_message(f"{said}; kept as {file} ({each.calibration.hash})")


def _calibration_lines(schema: str) -> Iterator[str]:
    """Yield the fits of confidences that are from approved records of a schema (its id)."""
    from extractor.confidence.calibration import find_calibrations

    for each in find_calibrations():
        if each.schema == schema and "log_loss_of_prior" in each.held_out:
            held_out = each.held_out
            yield (
                f"confidences of {each.model}: refitted {each.made} ({each.hash}) to {held_out['documents']} records, "
                f"log loss {held_out['log_loss']} by cross-validation, {held_out['log_loss_of_prior']} before"
            )


def _rule_lines(store: Any, schema: str) -> Iterator[str]:
    """Yield the rules that are switched on, and those that are offered, each with what it would have done."""
    from extractor.lessons import offer_rules

    enabled = store.lessons.rules(schema)
    for rule in enabled:
        yield f"rule {rule.key} is applied"
    lessons = [kept.lesson for kept in store.lessons.select(schema) if kept.enabled]
    for each in offer_rules(lessons):
        if each.rule not in enabled:
            yield f"rule {each.rule.key} would have saved {each.saved} corrections, and spoilt {each.spoilt} values"
            for example in each.examples:
                wanted = "" if example.changed == example.approved else f", where {example.approved!r} was approved"
                yield f"  {example.name}: {example.machine!r} to {example.changed!r}{wanted}"


def _switch(store: Any, schemas: list[str], key: str, enabled: bool) -> None:
    from extractor.lessons import offer_rules

    known = {}
    for id_ in schemas:
        lessons = [kept.lesson for kept in store.lessons.select(id_) if kept.enabled]
        for rule in [*store.lessons.rules(id_), *(each.rule for each in offer_rules(lessons))]:
            if rule.key == key:
                known[id_] = rule
    if not known:
        raise InputError(f"There is no rule {key}.", "`extractor learn --show` prints those that there are.")
    for id_, rule in known.items():
        store.lessons.switch_rule(id_, rule, enabled, who=current_user())
    console.print_message(f"{key} is applied from now on" if enabled else f"{key} is applied no longer")


def _export(store: Any, schemas: list[str], file: Path) -> None:
    from extractor.files.atomic_files import check_writable, open_atomically
    from extractor.lessons import attach_rules, format_lessons

    check_writable(file)
    lessons = [
        lesson
        for id_ in schemas
        for lesson in attach_rules([kept.lesson for kept in store.lessons.select(id_)], store.lessons.rules(id_))
    ]
    with open_atomically(file, 0o600) as output:
        output.write(format_lessons(store.schemas(), lessons).encode())
    console.print_message(f"{len(lessons)} lessons were written to {file}; they hold text of the documents")


def _import(store: Any, file: Path) -> None:
    from extractor.schemas import load_schema

    found = options.load_lessons(file)
    for name, document in found.schemas.values():
        schema = load_schema(dict(document))
        store.add_schema(replace(schema, name=name or schema.name))
    known = set(store.schemas())
    missing = {lesson.schema for lesson in found.lessons} - known
    if missing:
        raise InputError(f"{file} lacks the schema of some of its lessons.", "Export the lessons again.")
    for lesson in found.lessons:
        store.lessons.add(lesson, who=current_user())
    console.print_message(f"{len(found.lessons)} lessons were added to {store.name}")


def _delete(store: Any, text: str) -> None:
    kind, _, id_ = text.partition("=")
    if kind not in _DELETABLE or not id_ or (kind in ("lesson", "layout") and not id_.isdecimal()):
        raise UsageError(
            f"{text} does not say what to delete.", "Give layout=3, lesson=12, document=SHA-256 or schema=NAME."
        )
    if kind == "schema":
        number = sum(store.lessons.delete(who=current_user(), schema=found) for found in _schema_ids(store, id_))
    else:
        wanted: dict[str, Any] = {kind: int(id_) if id_.isdecimal() and kind != "document" else id_}
        number = store.lessons.delete(who=current_user(), **wanted)
    console.print_message(f"{number} lessons were deleted")
