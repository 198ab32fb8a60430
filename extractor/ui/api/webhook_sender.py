"""Tells webhooks of events, in a thread: signed, in order, and again for a while where nobody answers.

Events are signed as Standard Webhooks has it (https://www.standardwebhooks.com): the headers `webhook-id`,
`webhook-timestamp` and `webhook-signature`, which is `v1,` and the Base64 of the HMAC-SHA256 of
`ID.TIMESTAMP.BODY` with the webhook's secret as it was shown.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import threading
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from extractor import __version__
from extractor.errors import ExtractorError

if TYPE_CHECKING:
    from extractor.store import Store, Webhook

POLL_SECONDS = 2.0
"""How often the audit log is looked at."""
ANSWER_SECONDS = 10.0
RETRY_SECONDS = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
"""How long after each failure an event is sent again; after the last, the next event is sent instead."""
STOP_SECONDS = 12.0


class WebhookSender:
    """The thread; it begins with `start` and ends with `close`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what has not been sent is sent after the next start."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            with contextlib.suppress(ExtractorError):  # the store cannot be read just now
                self.send_due()
            self._stop.wait(POLL_SECONDS)

    def send_due(self) -> int:
        """Send every event that is due, and return how many arrived."""
        arrived = 0
        for webhook in self._store.webhooks.all():
            while not self._stop.is_set() and webhook.due <= time.time():
                event = self._store.webhooks.next_event(webhook)
                if event is None:
                    break
                failure = send(webhook, event)
                if failure and webhook.tries < len(RETRY_SECONDS):
                    due = time.time() + RETRY_SECONDS[webhook.tries]
                    self._store.webhooks.note_failure(webhook, failure, due)
                    break
                arrived += not failure
                self._store.webhooks.note_delivery(webhook, event["seq"])
                webhook = next((hook for hook in self._store.webhooks.all() if hook.id == webhook.id), webhook)
        return arrived


def send(webhook: Webhook, event: dict[str, Any]) -> str:
    """Send an event and return why it did not arrive, empty where it did: any answer of 200 to 299."""
    name = f"evt_{webhook.id}_{event['seq']}"
    body = json.dumps({"id": name, **event}).encode()
    at = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"extractor/{__version__}",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": sign(webhook.secret, name, at, body),
    }
    request = urllib.request.Request(webhook.url, body, headers, method="POST")
    try:
        with _OPENER.open(request, timeout=ANSWER_SECONDS) as answer:
            return "" if 200 <= answer.status < 300 else f"It answered {answer.status}."
    except urllib.error.HTTPError as error:
        error.close()
        return f"It answered {error.code}."
    except (OSError, ValueError) as error:
        return f"It cannot be reached: {type(error).__name__}."


def sign(secret: str, name: str, at: str, body: bytes) -> str:
    """Return the signature of an event: what its receiver computes as well and compares."""
    signed = hmac.new(secret.encode(), f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the address that was given is the one that is told."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)
