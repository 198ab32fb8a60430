"""`extractor tokens`: make, list and revoke the access tokens of other programs."""

from __future__ import annotations

import argparse
from typing import Any

from extractor.cli import console, options
from extractor.cli.run import current_user
from extractor.errors import UsageError

SCOPES = ("read", "submit", "review")


def add(commands: Any) -> None:
    """Add the `tokens` command to the command line."""
    command = options.add_command(
        commands, "tokens", _tokens, "make, list and revoke the access tokens of other programs (docs/api.md)"
    )
    command.add_argument("action", choices=("new", "list", "revoke"), help="make one, list all, or end one for good")
    command.add_argument(
        "name", nargs="?", metavar="NAME|NUMBER", help="new: the program's name; revoke: the token's number"
    )
    command.add_argument(
        "--scope", action="append", choices=SCOPES, help="new: what it may do; may be given again (default: read)"
    )
    command.add_argument("--user", metavar="NAME", help="new: the person that it acts for (default: you)")
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _tokens(arguments: argparse.Namespace) -> int:
    if arguments.action != "list" and not arguments.name:
        raise UsageError(
            f"`tokens {arguments.action}` needs a NAME or NUMBER.", "`extractor tokens --help` says which."
        )
    with options.open_store(arguments.store) as store:
        if arguments.action == "new":
            secret, token = store.tokens.add(
                arguments.name, arguments.scope or ["read"], who=arguments.user or current_user()
            )
            console.print_message(
                f"token {token.id} ({', '.join(token.scopes)}) acts for {token.who}; it is shown once:"
            )
            console.print_result(f"{secret}\n")
        elif arguments.action == "revoke":
            if not arguments.name.isdecimal():
                raise UsageError(f"{arguments.name} is not a number.", "`extractor tokens list` shows the numbers.")
            token = store.tokens.revoke(int(arguments.name), who=current_user())
            console.print_message(f"token {token.id} ({token.name}) is revoked")
        else:
            for token in store.tokens.all():
                state = f"revoked {token.revoked}" if token.revoked else f"used {token.used or 'never'}"
                line = f"{token.id}  {token.name}  {','.join(token.scopes)}  acts for {token.who}  made {token.created}"
                console.print_result(f"{line}  {state}\n")
    return 0
