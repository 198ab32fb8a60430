"""Connections that say nothing, and too many of them."""

import contextlib
import socket
import threading

import pytest
import uvicorn

from extractor.ui import connections


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port():
    """Return the port of a server with the limits."""
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(hello, http=connections.LimitedProtocol, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    yield sock.getsockname()[1]
    server.should_exit = True
    thread.join(60)


def connect(port, sent=b""):
    client = socket.create_connection(("127.0.0.1", port), timeout=60)
    client.sendall(sent)
    return client


def received(client):
    """Return what the server sends until it closes the connection, or has answered."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while not data.endswith(b"ok") and (chunk := client.recv(1000)):
            data += chunk
    return data


REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def test_request_whose_head_never_ends_is_closed(port, monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.2)
    for sent in (b"", b"GET / HTTP/1.1\r\n", REQUEST[:-2]):
        with connect(port, sent) as client:
            assert received(client) == b"", sent


def test_second_request_on_a_connection_has_its_own_time(port, monkeypatch):
    monkeypatch.setattr(connections, "HEADER_SECONDS", 1.0)
    with connect(port, REQUEST) as client:
        assert received(client).endswith(b"ok")
        client.sendall(REQUEST)
        assert received(client).endswith(b"ok")
        client.sendall(REQUEST[:-2])
        assert received(client) == b""


def test_client_with_too_many_connections_gets_no_more(port, monkeypatch):
    monkeypatch.setattr(connections, "MAX_FROM_THIS_MACHINE", 3)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            client = stack.enter_context(connect(port, REQUEST))
            assert received(client).endswith(b"ok")
        with connect(port) as one_more:
            assert received(one_more) == b""
