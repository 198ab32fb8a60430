"""The command line: parses, calls, prints. Results go to stdout, talk to stderr; exit codes are those of `errors`."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from extractor import __version__
from extractor.errors import CheckFailed, ExtractorError, InputError, UsageError
from extractor.types import Document, Extraction, Table, path_text

EXIT_CODES = """exit codes:
  0  fine
  1  an error of ours, with its message
  2  the command line is wrong
  3  a document cannot be used (missing, empty, a folder, an unknown kind, too large, locked)
  4  a schema cannot be used
  5  a model cannot be had (unknown name, no weights, refused format, server out of reach)
  6  `check`: the record breaks its schema or its checks
  7  the result cannot be written
  130  stopped by Ctrl-C
With several documents, those that fail are named on stderr, the others are done, and the code is that of the first failure."""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="extractor",
        description="Pull structured fields out of messy reports, on your own machine, every value traced to its source.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"extractor {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the full traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    extract = _command(commands, "extract", _extract, "extract a record from each document")
    extract.add_argument("paths", nargs="+", metavar="PATH", help="a document: text, HTML or PDF")
    extract.add_argument(
        "--schema", "-s", required=True, metavar="NAME|FILE", help="a shipped schema or a JSON Schema file"
    )
    extract.add_argument(
        "--model",
        "-m",
        metavar="NAME",
        help="a known model, hub id, folder, .gguf file, openai:URL, or none (structure only)",
    )
    extract.add_argument("--output", "-o", metavar="FILE", help="write there instead of stdout, whole or not at all")
    extract.add_argument(
        "--format", "-f", choices=("table", "json", "jsonl"), help="default: json for one document, jsonl for more"
    )
    extract.add_argument(
        "--passage-tokens", type=int, metavar="N", help="tokens of each document that a prompt carries at most"
    )
    extract.add_argument(
        "--threads", type=int, metavar="N", help="threads for the model (default: one per physical core)"
    )

    read = _command(commands, "read", _read, "show what the machine sees: text, blocks, tables")
    read.add_argument("paths", nargs="+", metavar="PATH")
    read.add_argument("--json", action="store_true", help="everything as JSON, words and boxes included")

    prompt = _command(commands, "prompt", _prompt, "print the exact prompts for a document; needs no model")
    prompt.add_argument("path", metavar="PATH")
    prompt.add_argument("--schema", "-s", required=True, metavar="NAME|FILE")
    prompt.add_argument("--passage-tokens", type=int, metavar="N")
    prompt.add_argument("--grammar", action="store_true", help="print the grammars too")

    schemas = _command(commands, "schemas", _schemas, "list the shipped schemas, or show the fields of one")
    schemas.add_argument("schema", nargs="?", metavar="NAME|FILE")

    models = _command(commands, "models", _models, "list the known models, get their weights, or show one")
    models.add_argument("action", nargs="?", choices=("list", "pull", "show"), default="list")
    models.add_argument("name", nargs="?", metavar="NAME", help="default: the default model")

    check = _command(commands, "check", _check, "check a record (or an extraction) against a schema and its rules")
    check.add_argument("record", metavar="RECORD", help="a JSON file, or - for stdin")
    check.add_argument("--schema", "-s", required=True, metavar="NAME|FILE")
    return parser


def _command(commands: Any, name: str, run: Any, help_text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    command.set_defaults(run=run)
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except ExtractorError as error:
        if arguments.debug:
            raise
        _say(f"extractor: {error}")
        return error.code
    except KeyboardInterrupt:
        _say("extractor: stopped")
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# extract


def _extract(arguments: argparse.Namespace) -> int:
    from extractor.export import as_dict, write_whole
    from extractor.models import load_model
    from extractor.pipeline import extract
    from extractor.readers import read
    from extractor.schemas import load_schema

    several = len(arguments.paths) > 1
    form = arguments.format or ("jsonl" if several else "json")
    if form == "json" and several:
        raise UsageError(
            "--format json holds one document, and several were given.", "Use --format jsonl, a record a line."
        )
    schema = load_schema(arguments.schema)
    code = 0
    documents: list[Document] = []
    if not several:
        documents = [read(arguments.paths[0])]  # fail before the model is loaded
    model = None
    if arguments.model != "none":
        start = time.perf_counter()
        model = load_model(arguments.model, threads=arguments.threads)
        _say(f"model {model.name} ready in {time.perf_counter() - start:.1f} s")
    parts: list[str] = []
    for n, path in enumerate(arguments.paths, 1):
        start = time.perf_counter()
        try:
            document = documents[0] if documents else read(path)
            read_seconds = time.perf_counter() - start
            result = extract(document, schema, model, passage_tokens=arguments.passage_tokens)
        except InputError as error:
            if not several:
                raise
            _say(f"extractor: {error}")
            code = code or error.code
            continue
        result.run["seconds"].setdefault("read", round(read_seconds, 3))
        doubtful = sum(bool(v.problems) for v in result.values)
        counted = f"[{n}/{len(arguments.paths)}] " if several else ""
        _say(f"{counted}{path}: {time.perf_counter() - start:.1f} s, {doubtful} values with problems")
        if form == "table":
            parts.append(_table(result))
        elif form == "jsonl":
            parts.append(json.dumps(as_dict(result), ensure_ascii=False) + "\n")
        else:
            parts.append(json.dumps(as_dict(result), ensure_ascii=False, indent=2) + "\n")
        if not arguments.output:
            sys.stdout.write(parts.pop())
            sys.stdout.flush()
    if arguments.output and parts:
        write_whole(arguments.output, "".join(parts))
    return code


def _table(result: Extraction) -> str:
    """The record as a table for people: field, value, evidence in its line, confidence, problems."""
    from io import StringIO

    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    colour = sys.stdout.isatty()
    out = StringIO()
    console = Console(file=out, width=_width(), force_terminal=colour, color_system="auto" if colour else None)
    grid = RichTable(title=Text(result.document.source), show_lines=False, expand=True)
    grid.add_column("field", ratio=3, overflow="fold")
    grid.add_column("value", ratio=2, overflow="fold")
    grid.add_column("evidence", ratio=4, overflow="ellipsis", no_wrap=True)
    grid.add_column("sure", justify="right", width=5)
    grid.add_column("problems", ratio=3, overflow="fold")
    for v in result.values:
        value = (
            "—" if v.value is None else v.value if isinstance(v.value, str) else json.dumps(v.value, ensure_ascii=False)
        )
        sure = "" if v.confidence is None else f"{v.confidence:.2f}"
        style = "red" if v.problems else "dim" if v.value is None else ""
        problems = "; ".join(f"{p.kind}: {p.message}" for p in v.problems)
        grid.add_row(
            Text(path_text(v.path)), Text(str(value)), _in_line(result, v.evidence), sure, Text(problems), style=style
        )
    console.print(grid)
    for p in result.problems:
        console.print(Text(f"! {path_text(p.path)}: {p.kind}: {p.message}"))
    seconds = ", ".join(f"{stage} {s} s" for stage, s in result.run["seconds"].items())
    console.print(Text(f"confidence is {result.run['confidence']}; {seconds}"), style="dim")
    return out.getvalue()


def _width() -> int:
    import shutil

    return max(100, shutil.get_terminal_size((140, 40)).columns)


def _in_line(result: Extraction, evidence: Any) -> Any:
    """The evidence underlined, with a little of its own line around it and its offsets before it."""
    from rich.text import Text

    if evidence is None:
        return Text("")
    text = result.document.text
    before = text[max(0, evidence.start - 12) : evidence.start].split("\n")[-1].replace("\t", " ")
    after = text[evidence.end : evidence.end + 12].split("\n")[0].replace("\t", " ")
    line = Text(f"{evidence.start}: ", style="dim")
    line.append(before)
    line.append(" ".join(evidence.text.split()), style="underline bold")
    line.append(after)
    return line


# read


def _read(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from extractor.readers import read

    for path in arguments.paths:
        document = read(path)
        if arguments.json:
            sys.stdout.write(json.dumps(asdict(document), ensure_ascii=False) + "\n")
        else:
            sys.stdout.write(_seen(document))
    return 0


def _seen(document: Document) -> str:
    """What was read, for people: the blocks in order with their kind, then every table as a grid with its paths."""
    lines = [
        f"{document.source}  sha256 {document.id}",
        f"{len(document.text)} characters, {len(document.pages)} pages, {len(document.blocks)} blocks, {len(document.tables)} tables",
    ]
    lines += [f"! {path_text(p.path)}: {p.kind}: {p.message}" for p in document.problems]
    for block in document.blocks:
        where = f" p{block.page}" if block.page else ""
        lines.append(f"--- {block.kind}{where} [{block.start}:{block.end}]")
        if block.kind != "table":
            lines.append(document.text[block.start : block.end])
    lines += [line for n, table in enumerate(document.tables, 1) for line in _grid(n, table)]
    return "\n".join(lines) + "\n"


def _grid(n: int, table: Table) -> list[str]:
    lines = [
        f"=== table {n}: {' > '.join(table.caption) or '(no caption)'} [{table.start}:{table.end}], {table.rows} x {table.columns}"
    ]
    lines += [f"! {p.kind}: {p.message}" for p in table.problems]
    for cell in table.cells:
        span = f" spans {cell.row_span}x{cell.column_span}" if cell.row_span > 1 or cell.column_span > 1 else ""
        if cell.header:
            lines.append(f"  [{cell.row},{cell.column}] # {cell.text}{span}")
        else:
            paths = f"{' > '.join(cell.row_path)} | {' > '.join(cell.column_path)}"
            lines.append(f"  [{cell.row},{cell.column}] {cell.text or '(blank)'}{span}   <- {paths}")
    return lines


# prompt, schemas, models, check


def _prompt(arguments: argparse.Namespace) -> int:
    from extractor.pipeline import plan
    from extractor.readers import read
    from extractor.schemas import load_schema

    todo = plan(read(arguments.path), load_schema(arguments.schema), arguments.passage_tokens)
    _say(
        f"{len(todo.settled)} fields and {len(todo.rows)} lists settled by structure, {sum(map(len, todo.groups))} to ask"
    )
    print(f"=== system\n{todo.request.system}\n=== document\n{todo.request.prompt}")
    for n, row in enumerate(todo.request.rows, 1):
        print(f"=== question {n} of {len(todo.request.rows)}\n{row.question}")
        if arguments.grammar:
            print(f"=== grammar {n}\n{row.grammar}")
    return 0


def _schemas(arguments: argparse.Namespace) -> int:
    from extractor.check import syntax_problems
    from extractor.schemas import load_schema, shipped

    if not arguments.schema:
        for name, title in shipped():
            print(f"{name:28} {title}")
        return 0
    schema = load_schema(arguments.schema)
    print(
        f"{schema.name}: {schema.title}\n{schema.description}\nsha256 {schema.id}, {len(schema.fields)} fields, {len(schema.checks)} checks"
    )
    if schema.unheld:
        print(f"checked after decoding, not held by it: {', '.join(schema.unheld)}")
    for f in schema.fields:
        marks = [
            f.type,
            *([f.format] if f.format else []),
            *(["required"] if f.required else []),
            *([] if f.copied else ["judged"]),
        ]
        unit = f" [{f.unit}]" if f.unit else ""
        print(f"  {path_text(f.path)}: {' '.join(marks)}{unit} — {', '.join(f.labels)}")
        for item in f.items:
            print(f"      {path_text(item.path) if item.path else '(element)'}: {item.type} — {', '.join(item.labels)}")
    problems = syntax_problems(schema)
    for p in problems:
        print(f"! {path_text(p.path)}: {p.kind}: {p.message}")
    return 4 if problems else 0


def _models(arguments: argparse.Namespace) -> int:
    from extractor.models import catalogue, weights

    if arguments.action == "list":
        for known in catalogue.MODELS.values():
            state = "here" if weights.present(known) else "not here"
            default = " (default)" if known.name == catalogue.DEFAULT else ""
            print(f"{known.name:24} {known.size / 1e9:5.1f} GB  {known.licence:12} {state}{default}")
        return 0
    known = catalogue.find(arguments.name or catalogue.DEFAULT)
    if arguments.action == "pull":
        print(weights.pull(known))
    else:
        print(catalogue.describe(known))
        print(
            f"weights: {weights.path(known)} ({'here' if weights.present(known) else 'not here: extractor models pull ' + known.name})"
        )
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from extractor.check import check
    from extractor.schemas import load_schema

    schema = load_schema(arguments.schema)
    try:
        if arguments.record == "-":
            record = json.load(sys.stdin)
        else:
            with open(arguments.record, encoding="utf-8") as file:
                record = json.load(file)
    except OSError as error:
        raise InputError(
            f"Cannot read {arguments.record}: {error.strerror}", "Name a JSON file, or - for stdin."
        ) from error
    except ValueError as error:
        raise InputError(
            f"{arguments.record} is not JSON: {error}", "Give a record, or the output of `extractor extract`."
        ) from error
    if isinstance(record, dict) and {"data", "values", "run"} <= set(record):
        record = record["data"]
    problems = check(schema, record)
    for p in problems:
        print(f"{path_text(p.path)}: {p.kind}: {p.message}")
    if problems:
        raise CheckFailed(
            f"{len(problems)} problems in {arguments.record}",
            "Each line above names the field and what is wrong with it.",
        )
    print("fine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
