"""`extractor models`: list the known models, download weights, or show one model."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.errors import UsageError


def add(commands: Any) -> None:
    """Add the `models` command to the command line."""
    command = options.add_command(
        commands, "models", _models, "list the known models, download the weights of one, or show one"
    )
    command.add_argument("action", nargs="?", choices=("list", "pull", "show"), default="list")
    command.add_argument("name", nargs="?", metavar="NAME", help="a model's name (default: the default model)")


def _models(arguments: argparse.Namespace) -> int:
    from extractor.models import catalogue, weights

    if arguments.action == "list":
        if arguments.name:
            raise UsageError("`models list` takes no name.", f"Try `extractor models show {arguments.name}`.")
        for known in catalogue.CATALOGUE.values():
            state = "here" if weights.is_present(known) else "not here"
            default = " (default)" if known.name == catalogue.DEFAULT else ""
            console.print_result(f"{known.name:24} {known.size / 1e9:5.1f} GB  {known.licence:12} {state}{default}\n")
        return 0
    known = catalogue.find(arguments.name or catalogue.DEFAULT)
    if arguments.action == "pull":
        console.print_result(f"{weights.pull(known)}\n")
    else:
        state = "here" if weights.is_present(known) else f"not here: extractor models pull {known.name}"
        console.print_result(f"{catalogue.describe(known)}\nweights: {weights.file_path(known)} ({state})\n")
    return 0
