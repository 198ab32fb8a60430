"""`extractor export`: the records of the store as CSV, Excel, JSON Lines or Parquet, or as an eval set."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.run import who


def add(commands: Any) -> None:
    command = given.command(
        commands, "export", _export, "write the store's records to CSV, Excel, JSON Lines or Parquet, or an eval set"
    )
    command.add_argument(
        "--output",
        "-o",
        required=True,
        metavar="FILE|FOLDER",
        help="where to; a folder for CSV and gold",
    )
    command.add_argument(
        "--format", "-f", choices=("csv", "xlsx", "jsonl", "parquet", "gold"), help="(default: by the end of the name)"
    )
    command.add_argument("--schema", "-s", metavar="NAME|ID", help="only records of this schema")
    command.add_argument("--job", "-j", metavar="NAME", help="only records of this job's documents")
    command.add_argument(
        "--status", choices=("new", "needs_review", "approved", "rejected"), help="only records of this status"
    )
    command.add_argument("--evidence", action="store_true", help="with the text and the page each value was taken from")
    command.add_argument("--confidence", action="store_true", help="with how sure each value is")
    command.add_argument("--bom", action="store_true", help="CSV with a byte order mark, by which Excel knows UTF-8")
    command.add_argument("--store", metavar="PLACE", help=given.STORE)


def _export(arguments: argparse.Namespace) -> int:
    from extractor.exports import export

    names = ("format", "schema", "status", "job", "evidence", "confidence", "bom")
    with given.store(arguments.store) as store:
        warnings = export(store, arguments.output, **{name: getattr(arguments, name) for name in names}, who=who())
    for sentence in warnings:
        console.say(f"warning: {sentence}")
    console.say(f"{warnings.records:,} records are in {arguments.output}")
    return 0
