"""The command line: parses, calls, prints. Results go to stdout, talk to stderr; exit codes are those of `errors`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from extractor import __version__
from extractor.cli import console

_JOBS = ("run", "watch", "status", "retry", "cancel", "store", "export", "serve")
COMMANDS = ("extract", "read", "prompt", "schemas", "models", "check", "eval", "calibrate", *_JOBS)
"""One module in this folder each, in the order of the help; its `add` tells argparse of it."""

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
  6    `check`: the record breaks its schema or its rules; `eval --fail-under`: the figure is below
  7    the result cannot be written
  130  stopped by Ctrl-C or SIGTERM, or cancelled
With several documents those that fail are named on stderr, the others are done, and the code is the first failure's;
of a job it is 3.
`extractor COMMAND --help` tells more about a command."""


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
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        console.say("extractor: stopped; nothing unfinished was written")
        return 130
    except Exception as error:
        if arguments.debug:
            raise
        return console.told(error)
