"""`extractor export`: the records of the store as CSV, Excel, JSON Lines or Parquet, or as an eval set."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import current_user


def add(commands: Any) -> None:
    """Add the `export` command to the command line."""
    command = options.add_command(
        commands, "export", _export, "write the store's records to CSV, Excel, JSON Lines or Parquet, or an eval set"
    )
    command.add_argument(
        "--output",
        "-o",
        required=True,
        metavar="FILE|FOLDER",
        help="the output; a folder for CSV and gold",
    )
    command.add_argument(
        "--format",
        "-f",
        choices=("csv", "xlsx", "jsonl", "parquet", "gold"),
        help="(default: by the ending of the name)",
    )
    command.add_argument("--schema", "-s", metavar="NAME|ID", help="only records of this schema")
    command.add_argument("--job", "-j", metavar="NAME", help="only records of this job's documents")
    command.add_argument(
        "--status", choices=("new", "needs_review", "approved", "rejected"), help="only records of this status"
    )
    command.add_argument("--evidence", action="store_true", help="add the text and page that each value was taken from")
    command.add_argument("--confidence", action="store_true", help="add the confidence of each value")
    command.add_argument(
        "--bom", action="store_true", help="write CSV with a byte order mark, so that Excel reads it as UTF-8"
    )
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _export(arguments: argparse.Namespace) -> int:
    from extractor.exports import export

    names = ("format", "schema", "status", "job", "evidence", "confidence", "bom")
    with options.open_store(arguments.store) as store:
        warnings = export(
            store,
            arguments.output,
            **{name: getattr(arguments, name) for name in names},
            who=None if store.is_read_only else current_user(),
        )
        if store.is_read_only:
            console.print_message("warning: the store can only be read, so that it does not note this export")
    for sentence in warnings:
        console.print_message(f"warning: {sentence}")
    console.print_message(f"wrote {warnings.records:,} records to {arguments.output}")
    return 0
