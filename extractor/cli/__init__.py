"""The command line: parse arguments, call the library, print results.

Results go to stdout, messages to stderr; exit codes are those of `extractor.errors`. Each command is a module of its
name; `options` holds what commands share, `console` prints, and `tables` formats records for people.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from extractor import __version__
from extractor.cli import console

_JOBS = ("run", "watch", "status", "retry", "cancel", "store", "export", "serve", "tokens", "backup", "restore")
COMMANDS = ("extract", "read", "prompt", "schemas", "models", "check", "eval", "calibrate", "learn", "mcp", *_JOBS)
"""The commands in the order of the help, each a module in this folder whose `add` adds it to the parser."""

EPILOG = """examples:
  extractor extract report.pdf --schema order-or-invoice
  extractor extract *.html --schema my-schema.json --output records.jsonl
  extractor extract report.txt --schema receipt --model none --format table

exit codes:
  0    success
  1    an internal error of the tool
  2    the command line is invalid
  3    a document or record cannot be used: missing, empty, a folder, of unknown format, too large, locked
  4    a schema cannot be used
  5    a model cannot be loaded: unknown name, no weights, a format that could run code, no connection
  6    `check`: a record violates its schema or rules; `eval --fail-under`: micro-F1 is below
  7    the result cannot be written
  130  stopped by Ctrl-C or SIGTERM, or cancelled
With several documents, failures are reported on stderr, the others are done, and the code is that of the first failure;
for a job it is 3.
`extractor COMMAND --help` describes a command."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line; `docs/cli.md` documents every command and option in it."""
    top = argparse.ArgumentParser(
        prog="extractor",
        description="Extract structured fields from messy reports on your own machine, each value with its evidence.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"extractor {__version__}")
    top.add_argument("--debug", action="store_true", help="show the full traceback of an error")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        import_module(f"extractor.cli.{name}").add(commands)
    return top


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
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        console.print_message("extractor: stopped; nothing unfinished was written")
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        return console.report_error(error)
