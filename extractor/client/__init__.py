"""A small client of the HTTP API, for Python programs; standard library only (`api_client`).

client = Client("http://127.0.0.1:7860", token)
submission = client.submit("invoice.pdf", kind="order-or-invoice")
for number in client.wait(submission["id"]):
    print(client.record(number)["data"])
"""

from extractor.client.api_client import ApiError, Client

__all__ = ["ApiError", "Client"]
