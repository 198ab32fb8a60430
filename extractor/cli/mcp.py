"""`extractor mcp`: a server of the Model Context Protocol, for assistants that read and extract documents.

The tools read files below one folder, extract records by structure or with a model, and look records up in the store.
They change nothing in the store.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from extractor.cli import options
from extractor.errors import ExtractorError, UsageError

MAX_CHARACTERS = 60_000
"""Of a document's text that one call returns."""
MAX_RECORDS = 50


def add(commands: Any) -> None:
    """Add the `mcp` command to the command line."""
    command = options.add_command(
        commands, "mcp", _mcp, "serve the Model Context Protocol on stdin and stdout: read, extract and look up"
    )
    command.add_argument(
        "--folder", type=Path, default=Path(), metavar="FOLDER", help="documents below it can be read (default: here)"
    )
    command.add_argument("--kinds", action="append", metavar="NAME|FILE|FOLDER", help=options.KINDS)
    command.add_argument("--model", "-m", metavar="NAME", default="none", help=options.MODEL)
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _mcp(arguments: argparse.Namespace) -> int:
    make_server(arguments).run("stdio")
    return 0


def make_server(arguments: argparse.Namespace) -> Any:
    """Return the server with its tools; raises UsageError where the library is not installed."""
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver.exceptions import ToolError
    except ModuleNotFoundError as error:
        raise UsageError("The server needs mcp.", "Run `pip install 'extractor[mcp]'`.") from error
    from extractor import __version__
    from extractor.classification import choice_json, choose_schema, kinds_in

    folder = arguments.folder.resolve()
    kind_set = options.load_kinds(arguments.kinds)
    kinds = {kind.name: kind for kind in kinds_in(kind_set.document)}
    server = MCPServer("extractor", version=__version__, instructions="Read documents and extract records from them.")
    loaded: list[Any] = []

    def tool(function: Callable[..., str]) -> Callable[..., str]:
        """Add a tool that tells errors that somebody can act on; of others the library says nothing."""

        @functools.wraps(function)
        def call(*given: Any, **named: Any) -> str:
            try:
                return function(*given, **named)
            except ExtractorError as error:
                raise ToolError(str(error)) from error

        return server.tool()(call)

    def model() -> Any:
        from extractor.models import load_model

        if arguments.model != "none" and not loaded:
            loaded.append(load_model(arguments.model))
        return loaded[0] if loaded else None

    def open_document(path: str) -> Any:
        """Return the document at a path below the folder."""
        file = (folder / path).resolve()
        if not file.is_relative_to(folder):
            raise UsageError(f"{path} is not below {folder}.", "Name a file in the folder.")
        return options.read_document(str(file))

    @tool
    def read_document(path: str, start: int = 0) -> str:
        """Return the text of a document (PDF, picture, Word, Excel, mail, HTML, ...) from a character on."""
        return open_document(path).text[max(0, start) : max(0, start) + MAX_CHARACTERS]

    @tool
    def list_kinds() -> str:
        """Return the kinds of report that can be extracted, with the fields of each, as JSON."""
        found = {
            kind.name: {"title": kind.title, "fields": [field.title or field.name for field in kind.fields]}
            for kind in kinds.values()
        }
        return json.dumps(found, ensure_ascii=False)

    @tool
    def extract_document(path: str, kind: str = "auto") -> str:
        """Return the record in a document as JSON: data, and each value with its evidence and confidence.

        `kind` is one of list_kinds, or auto to have it found out.
        """
        from extractor.extraction.pipeline import extract
        from extractor.extraction.serialization import as_dict

        document = open_document(path)
        choice = None
        if kind == "auto":
            schema, choice = choose_schema(document, kind_set.document)
        elif kind in kinds:
            schema = kinds[kind]
        else:
            raise UsageError(f"There is no kind {kind}.", f"Choose auto, or one of {', '.join(kinds)}.")
        result = as_dict(extract(document, schema, model()))
        if choice is not None:
            result["run"]["kind"] = choice_json(choice)
        return json.dumps(result, ensure_ascii=False)

    @tool
    def find_records(search: str = "", kind: str | None = None, status: str | None = None) -> str:
        """Return the newest records in the store as JSON: by words in names or values, kind, and status."""
        from extractor.store import RecordFilter

        with options.open_store(arguments.store) as store:
            wanted = RecordFilter(status, kind, None, None, search)
            summaries, total = store.records.list_summaries(wanted, who="mcp", sort="new", after=0, limit=MAX_RECORDS)
            rows = [
                {"id": s.id, "kind": s.schema_name, "status": s.status, "names": list(s.sources), "updated": s.updated}
                for s in summaries
            ]
        return json.dumps({"records": rows, "total": total}, ensure_ascii=False)

    @tool
    def show_record(number: int) -> str:
        """Return a record of the store with people's corrections in place, as JSON."""
        with options.open_store(arguments.store) as store:
            found = store.records.get(number)
            shown = {"id": found.id, "kind": found.schema_name, "status": found.status, "data": found.data}
        return json.dumps(shown, ensure_ascii=False)

    return server
