"""`extractor serve`: the web app."""

from __future__ import annotations

import argparse
import getpass
import sys
import webbrowser
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import current_user
from extractor.errors import UsageError


def add(commands: Any) -> None:
    """Add the `serve` command to the command line."""
    command = options.add_command(
        commands, "serve", _serve, "open the web app: upload, review and export on this machine"
    )
    n = options.positive_integer
    command.add_argument("--store", metavar="PLACE", help=options.STORE)
    command.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="the address to listen on (default: this machine only)"
    )
    command.add_argument("--port", type=n, metavar="N", help="the port (default: 7860, or the next free one)")
    command.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="a host name that people use for it, such as a proxy's",
    )
    command.add_argument(
        "--password-file", type=Path, metavar="FILE", help="the users who may log in; required with --host"
    )
    command.add_argument("--add-user", metavar="NAME", help="ask for a password, add the user to the file, and exit")
    command.add_argument("--second-review", action="store_true", help="a record needs the approval of two people")
    options.add_model_options(command)
    command.add_argument(
        "--schema",
        "-s",
        default="auto",
        metavar="NAME|auto",
        help="the kind that the upload page offers first (default: auto, which finds out the kind of each document)",
    )
    command.add_argument(
        "--split",
        action="store_true",
        help="the upload page takes files of several documents apart at first",
    )
    command.add_argument(
        "--schema-folder", type=Path, metavar="DIR", help="a folder of schemas to offer besides the shipped ones"
    )
    command.add_argument(
        "--max-upload", type=n, default=100, metavar="MB", help="largest upload (default and maximum: 100)"
    )
    command.add_argument(
        "--keep-uploads",
        type=n,
        default=30,
        metavar="DAYS",
        help="days after which a finished upload is deleted (default: 30)",
    )
    command.add_argument("--runs", type=Path, metavar="FOLDER", help="evaluation runs to show (default: as for eval)")
    command.add_argument("--open", action="store_true", help="open a browser")


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.add_user is not None:
        return _add_user(arguments.password_file, arguments.add_user)
    from extractor.readers import MAX_BYTES
    from extractor.ui import ServerSettings, serve

    if arguments.port is not None and arguments.port > 65535:
        raise UsageError("Port numbers end at 65535.", "Leave --port out to use a free port.")
    limit = MAX_BYTES >> 20
    if arguments.max_upload > limit:
        raise UsageError(f"Files of more than {limit} MB cannot be read.", f"Give --max-upload up to {limit}.")
    settings = ServerSettings(
        owner=current_user(),
        store=arguments.store,
        host=arguments.host,
        port=arguments.port,
        names=tuple(arguments.name),
        password_file=arguments.password_file,
        second_review=arguments.second_review,
        model=options.chosen_model(arguments) if arguments.adapter else arguments.model,
        schema=arguments.schema,
        split=arguments.split,
        schema_folder=arguments.schema_folder,
        max_upload=arguments.max_upload,
        keep_uploads=arguments.keep_uploads,
        runs=arguments.runs,
    )
    serve(settings, console.print_message, webbrowser.open if arguments.open else lambda address: None)
    console.print_message("extractor: the server has stopped; everything that was saved is kept")
    return 0


def _add_user(file: Path | None, name: str) -> int:
    """Add a user to the password file; the password is asked for twice, or read from a pipe."""
    from extractor.ui import add_user

    if file is None:
        raise UsageError("There is no file to add a user to.", "Name one: --password-file FILE --add-user NAME.")
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Repeat the password: ") != password:
            raise UsageError("The two passwords are not the same.", "Try again.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    add_user(file, name, password)
    console.print_message(f"{name} may log in with --password-file {file}")
    return 0
