"""The command line: parses, calls, prints. Results go to stdout, talk to stderr; exit codes are those of `errors`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from extractor import __version__
from extractor.errors import CheckFailed, ExtractorError, InputError, OutputError, UsageError
from extractor.types import Document, Extraction

EPILOG = """examples:
  extractor extract report.pdf --schema order-or-invoice
  extractor extract *.html --schema my-schema.json --output records.jsonl
  extractor extract report.txt --schema receipt --model none --format table

exit codes:
  0    fine
  1    an error of the tool itself
  2    the command line is wrong
  3    a document or a record cannot be used: missing, empty, a folder, of an unknown kind, too large, locked
  4    a schema cannot be used
  5    a model cannot be had: unknown name, no weights, a format that could run code, a server out of reach
  6    `check`: the record breaks its schema or its rules
  7    the result cannot be written
  130  stopped by Ctrl-C
With several documents those that fail are named on stderr, the others are done, and the code is the first failure's.
`extractor COMMAND --help` tells more about a command."""

PATH = "a document: text, HTML or PDF; - is stdin"
SCHEMA = "the name of a shipped schema, or a JSON Schema file"
PASSAGES = "how many tokens of the document a prompt carries at most"


def parser() -> argparse.ArgumentParser:
    """The whole command line; `docs/cli.md` tells of every command and option in it."""
    top = argparse.ArgumentParser(
        prog="extractor",
        description="Pull structured fields out of messy reports on your own machine, every value with its place.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"extractor {__version__}")
    top.add_argument("--debug", action="store_true", help="show the full traceback of an error")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = _command(commands, "extract", _extract, "extract a record from each document")
    command.add_argument("paths", nargs="+", metavar="PATH", help=PATH)
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=SCHEMA)
    names = "a known model, a hub id, a folder, a .gguf file, openai:URL, or none (structure alone answers)"
    command.add_argument("--model", "-m", metavar="NAME", help=names)
    command.add_argument("--output", "-o", metavar="FILE", help="write there, whole or not at all, instead of stdout")
    forms = (
        "json: one document; jsonl: a document a line; table: for people (default: json for one document, else jsonl)"
    )
    command.add_argument("--format", "-f", choices=("table", "json", "jsonl"), help=forms)
    command.add_argument("--passage-tokens", type=_positive, metavar="N", help=PASSAGES)
    threads = "threads for the model (default: one for each physical core)"
    command.add_argument("--threads", type=_positive, metavar="N", help=threads)

    command = _command(commands, "read", _read, "show what the machine sees of a document: text, blocks, tables")
    command.add_argument("paths", nargs="+", metavar="PATH", help=PATH)
    whole = "everything as JSON, a document a line: words and their boxes on the page too"
    command.add_argument("--json", action="store_true", help=whole)

    command = _command(
        commands, "prompt", _prompt, "print the very words a model is sent for a document; needs no model"
    )
    command.add_argument("path", metavar="PATH", help=PATH)
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=SCHEMA)
    command.add_argument("--passage-tokens", type=_positive, metavar="N", help=PASSAGES)
    command.add_argument("--grammar", action="store_true", help="print the grammar of each answer too")

    command = _command(commands, "schemas", _schemas, "list the shipped schemas, or show the fields of one")
    command.add_argument("schema", nargs="?", metavar="NAME|FILE", help=SCHEMA)

    command = _command(commands, "models", _models, "list the known models, get the weights of one, or show one")
    command.add_argument("action", nargs="?", choices=("list", "pull", "show"), default="list")
    command.add_argument("name", nargs="?", metavar="NAME", help="default: the default model")

    command = _command(commands, "check", _check, "check records against a schema and its rules")
    command.add_argument(
        "record", metavar="RECORD", help="records, or what `extract` wrote; JSON, JSON Lines, or - for stdin"
    )
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=SCHEMA)
    return top


def _command(commands: Any, name: str, run: Any, help_text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help_text, description=help_text[0].upper() + help_text[1:] + ".")
    command.set_defaults(run=run)
    return command


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; errors end as a message on stderr, never as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # a lone surrogate becomes its JSON escape
    top = parser()
    arguments, rest = top.parse_known_args(argv)
    if rest and (not hasattr(arguments, "paths") or any(len(r) > 1 and r.startswith("-") for r in rest)):
        top.error(f"unrecognized arguments: {' '.join(rest)}")
    if rest:
        arguments.paths += rest  # argparse takes no documents after an option
    try:
        code = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        _say("extractor: stopped; nothing unfinished was written")
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        return _told(error)


def _told(error: Exception) -> int:
    """The exit code of an error that has been told on stderr."""
    if isinstance(error, ExtractorError):
        _say(f"extractor: {error}")
        return error.code
    if isinstance(error, MemoryError):
        _say("extractor: out of memory\n  Split the document, or close other programs, and try again.")
        return InputError.code
    name = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    _say(f"extractor: an error of the tool itself: {name}\n  Run `extractor --debug ...` and report what it prints.")
    return ExtractorError.code


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _out(text: str) -> None:
    """Print a result; OutputError when stdout takes no more, as on a full disk."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries again at exit
        raise OutputError(
            f"Cannot write to stdout: {error.strerror}", "Free some space, or name --output FILE."
        ) from error


def _schema(source: str) -> Any:
    """The schema, its rules compiled: a broken one is told before a document is read."""
    from extractor.check import compile_checks
    from extractor.schemas import load_schema

    schema = load_schema(source)
    compile_checks(schema)
    return schema


def _document(path: str) -> Document:
    from extractor.readers import MAX_BYTES, read, read_bytes

    return read(path) if path != "-" else read_bytes(sys.stdin.buffer.read(MAX_BYTES + 1), "stdin")


# extract


def _extract(arguments: argparse.Namespace) -> int:
    from extractor.export import refuse_unwritable, write_whole

    several = len(arguments.paths) > 1
    form = arguments.format or ("jsonl" if several else "json")
    if form == "json" and several:
        raise UsageError("--format json holds one document, and several were given.", "Use --format jsonl.")
    if arguments.paths.count("-") > 1:
        raise UsageError("stdin (-) was given more than once.", "Give each document once.")
    if arguments.output:
        refuse_unwritable(arguments.output)
        if os.path.realpath(arguments.output) in map(os.path.realpath, arguments.paths):
            raise UsageError(f"{arguments.output} is one of the documents.", "Name another file for the result.")
    schema = _schema(arguments.schema)
    codes: list[int] = []
    parts: list[str] = []
    for result in _results(arguments, schema, codes):
        parts.append(_formed(result, form, sys.stdout.isatty() and not arguments.output))
        if not arguments.output:
            _out(parts.pop())
    if parts:
        write_whole(arguments.output, "".join(parts))
    return codes[0] if codes else 0


def _results(arguments: argparse.Namespace, schema: Any, codes: list[int]) -> Iterator[Extraction]:
    """The extraction of every document that can be had; those of several that cannot are told, their codes kept."""
    from extractor.models import load_model
    from extractor.pipeline import extract

    count = len(arguments.paths)
    named = arguments.model or os.environ.get("EXTRACTOR_MODEL")
    model = None
    for n, path in enumerate(arguments.paths, 1):
        start = time.perf_counter()
        try:
            document = _document(path)
        except InputError as error:
            if count == 1:
                raise
            codes.append(_told(error))
            continue
        read_seconds = time.perf_counter() - start
        if model is None and named != "none":  # not before there is a document for it
            model = load_model(named, threads=arguments.threads)
            _say(f"model {model.name} ready in {time.perf_counter() - start - read_seconds:.1f} s")
        start = time.perf_counter()
        try:
            result = extract(document, schema, model, passage_tokens=arguments.passage_tokens)
        except Exception as error:
            if count == 1 or arguments.debug:
                raise
            _say(f"extractor: {path} could not be done:")
            codes.append(_told(error))
            continue
        result.run["seconds"].setdefault("read", round(read_seconds, 3))
        counted = f"[{n}/{count}] " if count > 1 else ""
        doubtful = sum(any(p.kind != "not_asked" for p in v.problems) for v in result.values)
        seconds = time.perf_counter() - start + read_seconds
        _say(f"{counted}{path}: {seconds:.1f} s, {doubtful} fields with problems")
        yield result


def _formed(result: Extraction, form: str, colour: bool) -> str:
    from extractor import show
    from extractor.export import as_dict

    if form == "table":
        return show.record(result, _width(), colour) + "\n"
    indent = 2 if form == "json" else None
    return json.dumps(as_dict(result), ensure_ascii=False, indent=indent, allow_nan=False) + "\n"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((120, 40)).columns


# read, prompt, schemas, models


def _read(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from extractor import show

    codes = []
    for path in arguments.paths:
        try:
            document = _document(path)
        except InputError as error:
            if len(arguments.paths) == 1:
                raise
            codes.append(_told(error))
            continue
        _out(json.dumps(asdict(document), ensure_ascii=False) + "\n" if arguments.json else show.document(document))
    return codes[0] if codes else 0


def _prompt(arguments: argparse.Namespace) -> int:
    from extractor.pipeline import plan

    schema = _schema(arguments.schema)
    todo = plan(_document(arguments.path), schema, arguments.passage_tokens)
    settled, asked = len(todo.settled) + len(todo.rows), sum(map(len, todo.groups))
    _say(f"{settled} fields settled by structure, {asked} asked in {len(todo.groups)} questions")
    parts = [f"=== system\n{todo.request.system}", f"=== document\n{todo.request.prompt}"]
    for n, row in enumerate(todo.request.rows, 1):
        parts.append(f"=== question {n} of {len(todo.request.rows)}\n{row.question}")
        if arguments.grammar:
            parts.append(f"=== grammar {n}\n{row.grammar}")
    _out("\n".join(parts) + "\n" if todo.groups else "Structure settles every field: a model is sent nothing.\n")
    return 0


def _schemas(arguments: argparse.Namespace) -> int:
    from extractor import show
    from extractor.check import syntax_problems
    from extractor.schemas import load_schema, shipped

    if not arguments.schema:
        _out("".join(f"{name:28} {title}\n" for name, title in shipped()))
        return 0
    schema = load_schema(arguments.schema)
    problems = syntax_problems(schema)
    _out(show.schema(schema) + "".join(f"{show.problem(p)}\n" for p in problems))
    return 4 if problems else 0


def _models(arguments: argparse.Namespace) -> int:
    from extractor.models import catalogue, weights

    if arguments.action == "list":
        if arguments.name:
            raise UsageError("`models list` takes no name.", f"Try `extractor models show {arguments.name}`.")
        for known in catalogue.MODELS.values():
            state = "here" if weights.present(known) else "not here"
            default = " (default)" if known.name == catalogue.DEFAULT else ""
            _out(f"{known.name:24} {known.size / 1e9:5.1f} GB  {known.licence:12} {state}{default}\n")
        return 0
    known = catalogue.find(arguments.name or catalogue.DEFAULT)
    if arguments.action == "pull":
        _out(f"{weights.pull(known)}\n")
    else:
        state = "here" if weights.present(known) else f"not here: extractor models pull {known.name}"
        _out(f"{catalogue.describe(known)}\nweights: {weights.path(known)} ({state})\n")
    return 0


# check


def _check(arguments: argparse.Namespace) -> int:
    from extractor.check import check
    from extractor.export import as_records
    from extractor.types import path_text

    schema = _schema(arguments.schema)
    try:
        with open(0 if arguments.record == "-" else arguments.record, "rb", closefd=arguments.record != "-") as file:
            records = as_records(file.read(), arguments.record)
    except OSError as error:
        raise InputError(f"Cannot read {arguments.record}: {error.strerror}", "Name a JSON file, or -.") from error
    count = 0
    for n, record in enumerate(records, 1):
        where = f"record {n}: " if len(records) > 1 else ""
        for p in check(schema, record):
            count += 1
            _out(f"{where}{path_text(p.path)}: {p.kind}: {p.message}\n")
    if count:
        said = f"{count} problem{'s' if count > 1 else ''} in {arguments.record}."
        raise CheckFailed(said, "Each line above names the field and what is wrong with it.")
    _out("fine\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
