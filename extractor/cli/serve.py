"""`extractor serve`: the web app."""

from __future__ import annotations

import argparse
import getpass
import sys
import webbrowser
from pathlib import Path
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.cli.run import who
from extractor.errors import UsageError


def add(commands: Any) -> None:
    command = given.command(commands, "serve", _serve, "open the web app: upload, review and export on this machine")
    n = given.positive
    command.add_argument("--store", metavar="PLACE", help=given.STORE)
    command.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="(default: this machine alone)")
    command.add_argument("--port", type=n, metavar="N", help="(default: 7860, or the next that is free)")
    command.add_argument(
        "--name", action="append", default=[], metavar="HOST", help="a name that people reach it by, such as a proxy's"
    )
    command.add_argument("--password-file", type=Path, metavar="FILE", help="who may log in; needed with --host")
    command.add_argument("--add-user", metavar="NAME", help="ask for a password, write it to the file, and end")
    command.add_argument("--second-review", action="store_true", help="a record is done when two people approved it")
    command.add_argument("--model", "-m", metavar="NAME", help=given.MODEL)
    command.add_argument("--schema-folder", type=Path, metavar="DIR", help="schemas to offer beside the shipped ones")
    command.add_argument("--max-upload", type=n, default=100, metavar="MB", help="of a file (default, and most: 100)")
    command.add_argument(
        "--keep-uploads", type=n, default=30, metavar="DAYS", help="then an upload that is done with goes (default: 30)"
    )
    command.add_argument("--runs", type=Path, metavar="FOLDER", help="kept runs to show (default: as for eval)")
    command.add_argument("--open", action="store_true", help="open a browser")


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.add_user is not None:
        return _add_user(arguments.password_file, arguments.add_user)
    from extractor.readers import MAX_BYTES
    from extractor.ui import ServerSettings, serve

    if arguments.port is not None and arguments.port > 65535:
        raise UsageError("Ports end at 65535.", "Leave --port out: a free one is found.")
    most = MAX_BYTES >> 20
    if arguments.max_upload > most:
        raise UsageError(f"Files of more than {most} MB cannot be read.", f"Give --max-upload up to {most}.")
    settings = ServerSettings(
        owner=who(),
        store=arguments.store,
        host=arguments.host,
        port=arguments.port,
        names=tuple(arguments.name),
        password_file=arguments.password_file,
        second_review=arguments.second_review,
        model=arguments.model,
        schema_folder=arguments.schema_folder,
        max_upload=arguments.max_upload,
        keep_uploads=arguments.keep_uploads,
        runs=arguments.runs,
    )
    serve(settings, console.say, webbrowser.open if arguments.open else lambda address: None)
    console.say("extractor: the server has stopped; everything that was saved is kept")
    return 0


def _add_user(file: Path | None, name: str) -> int:
    """Write a new user into the password file; the password is asked for twice, or read from a pipe."""
    from extractor.ui import add_user

    if file is None:
        raise UsageError("There is no file to add a user to.", "Name one: --password-file FILE --add-user NAME.")
    if sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("The same again: ") != password:
            raise UsageError("The two passwords are not the same.", "Try again.")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    add_user(file, name, password)
    console.say(f"{name} may log in with --password-file {file}")
    return 0
