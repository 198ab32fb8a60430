"""The server of the Model Context Protocol: its tools read, extract and look up, and reach no other folder."""

import asyncio
import json

import pytest
from mcp import Client
from test_classification import DELIVERY, KINDS
from web_app import fill

from extractor.cli import mcp, parser
from extractor.store import Store


@pytest.fixture
def call(tmp_path):
    """Return a function that calls a tool through a client and returns its text, and whether it is an error."""
    (tmp_path / "kinds").mkdir()
    for kind in KINDS:
        (tmp_path / "kinds" / f"{kind.name}.json").write_text(json.dumps(kind.document), "utf-8")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "note.txt").write_text(DELIVERY)
    (tmp_path / "secret.txt").write_text("secret")
    with Store(tmp_path / "store.db") as store:
        fill(store, {"a.txt": ("Ada", "1.50"), "b.txt": ("Bob", "7.50")})
    words = ["mcp", "--folder", str(tmp_path / "in"), "--kinds", str(tmp_path / "kinds")]
    server = mcp.make_server(parser().parse_args([*words, "--store", str(tmp_path / "store.db")]))

    async def call_tool(name, **arguments):
        async with Client(server) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
            assert names == {"read_document", "list_kinds", "extract_document", "find_records", "show_record"}
            result = await client.call_tool(name, arguments)
            return result.content[0].text, bool(result.is_error)

    return lambda name, **arguments: asyncio.run(call_tool(name, **arguments))


def test_documents_are_read_and_extracted(call):
    assert call("read_document", path="note.txt") == (DELIVERY, False)
    assert call("read_document", path="note.txt", start=len(DELIVERY) - 7)[0] == DELIVERY[-7:]
    kinds = json.loads(call("list_kinds")[0])
    assert kinds["delivery"]["title"] == "Delivery note" and "Carrier" in kinds["delivery"]["fields"]
    record = json.loads(call("extract_document", path="note.txt")[0])
    assert record["run"]["kind"]["ranking"][0][0] == "delivery" and record["run"]["schema"] == KINDS[0].id
    assert json.loads(call("extract_document", path="note.txt", kind="lease")[0])["run"]["schema"] == KINDS[1].id
    text, failed = call("extract_document", path="note.txt", kind="nothing")
    assert failed and "nothing" in text


def test_records_are_looked_up(call):
    found = json.loads(call("find_records", kind="letter")[0])
    assert found["total"] == 2 and {row["kind"] for row in found["records"]} == {"letter"}
    shown = json.loads(call("show_record", number=2)[0])
    assert shown["data"]["total"] == 7.5 and shown["status"] in ("new", "needs_review")
    assert call("show_record", number=99)[1]


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "in/../../secret.txt"])
def test_no_file_outside_the_folder_is_read(call, path):
    text, failed = call("read_document", path=path)
    assert failed and "secret" not in text.replace("secret.txt", "")
