"""`extractor schemas`: list the shipped schemas, show the fields of one, or make a new one from samples or names."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractor.cli import console, options
from extractor.errors import InputError, UsageError

if TYPE_CHECKING:
    from extractor.schema_design import SchemaDraft
    from extractor.types import Document

NEW = "new"
"""What stands in the place of a schema's name for making one."""


def add(commands: Any) -> None:
    """Add the `schemas` command to the command line."""
    command = options.add_command(
        commands, "schemas", _schemas, "list the shipped schemas, show the fields of one, or make a new one"
    )
    command.set_defaults(parser=command)
    command.add_argument("schema", nargs="?", metavar="NAME|FILE|new", help=f"{options.SCHEMA}; `new` makes one")
    command.add_argument("paths", nargs="*", metavar="SAMPLE", help=f"with `new`: {options.PATH}")
    command.add_argument("--names", metavar="FILE", help="with `new`: names of fields, one a line, or a spreadsheet")
    command.add_argument("--from", dest="base", metavar="NAME|FILE", help=f"with `new`: fields of {options.SCHEMA}")
    command.add_argument("--title", metavar="TEXT", help="with `new`: what the kind of report is called")
    command.add_argument("--output", "-o", metavar="FILE", help="with `new`: where the schema is written (else stdout)")


def _schemas(arguments: argparse.Namespace) -> int:
    from extractor.cli import tables
    from extractor.schemas import load_schema, shipped_schemas
    from extractor.validation import find_rule_errors

    if arguments.schema == NEW:
        return _make(arguments)
    if arguments.paths:
        arguments.parser.error(f"unrecognized arguments: {' '.join(arguments.paths)}")
    if arguments.names or arguments.base or arguments.title or arguments.output:
        raise UsageError("These options are for making a schema.", "Write `extractor schemas new SAMPLE...`.")
    if not arguments.schema:
        console.print_result("".join(f"{name:28} {title}\n" for name, title in shipped_schemas()))
        return 0
    schema = load_schema(arguments.schema)
    problems = find_rule_errors(schema)
    console.print_result(tables.format_schema(schema) + "".join(f"{tables.format_problem(p)}\n" for p in problems))
    return 4 if problems else 0


def _make(arguments: argparse.Namespace) -> int:
    """Write a schema with the fields that samples suggest, that are named, or that another schema has."""
    import json

    from extractor.cli import tables
    from extractor.files.atomic_files import check_writable, write_text_atomically
    from extractor.schema_design import draft_to_schema

    if not (arguments.paths or arguments.names or arguments.base):
        raise UsageError(
            "There is nothing to make a schema from.", "Name a sample document, or give --names or --from."
        )
    if arguments.names and arguments.base:
        raise UsageError("--names and --from cannot be used together.", "Give one of them.")
    if arguments.output:
        check_writable(arguments.output)
    documents = [options.read_document(path) for path in arguments.paths]
    draft = _draft(arguments, documents)
    text = json.dumps(draft_to_schema(draft), ensure_ascii=False, indent=2) + "\n"
    if arguments.output:
        write_text_atomically(arguments.output, text)
    else:
        console.print_result(text)
    found = _found_values(text, documents[0]) if documents else {}
    console.print_message(tables.format_draft(draft, found).rstrip("\n"))
    if arguments.output:
        console.print_message(f"Wrote {arguments.output}. Try it: extractor extract FILE --schema {arguments.output}")
    return 0


def _draft(arguments: argparse.Namespace, documents: list[Document]) -> SchemaDraft:
    from dataclasses import replace

    from extractor.schema_design import draft_from_header, draft_from_names, draft_from_schema, propose_draft

    title = arguments.title or ""
    if arguments.base:
        base = draft_from_schema(options.load_checked_schema(arguments.base).document)
        return replace(base, title=title or base.title)
    suggested = propose_draft(documents, title) if documents else None
    if not arguments.names:
        if suggested is None or not suggested.fields:
            hint = "Give the names of the fields with --names, or start from another schema with --from."
            raise InputError("No field was found: the samples have neither labels with values nor tables.", hint)
        return suggested
    names = options.read_document(arguments.names)
    if names.tables:
        return draft_from_header(names, title)
    return draft_from_names(Path(arguments.names).read_text("utf-8-sig", "replace"), suggested, title)


def _found_values(schema: str, document: Document) -> dict[str, Any]:
    """Return what structure alone finds for each field of the new schema in the first sample."""
    import json

    from extractor.extraction.pipeline import extract
    from extractor.schemas import load_schema

    data = extract(document, load_schema(json.loads(schema)), None).data
    return data if isinstance(data, dict) else {}
