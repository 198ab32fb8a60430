"""A model that caches its answers on disk, so that a question asked before costs nothing.

Measurements that extract the same documents with small changes to settings (`eval.ablate`) put most questions to the
model again unchanged. Every field group is answered independently, so each has a file: its name is the SHA-256 of
everything that the answer depends on, its content the answer as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from extractor.models import Model
from extractor.types import Answer, FieldGroup, Request, Token

_IDENTITY = "_weights.json"


class CachedModel:
    """A model that answers from `folder` where it can, else with the model that `load` returns, which is loaded once.

    A folder is for one model, whose name and hash of weights are kept there; ValueError where `load` returns another.
    `asked` and `found` count the answers that the model gave and those that were read from the folder.
    """

    def __init__(self, folder: Path, load: Callable[[], Model]) -> None:
        self._folder, self._load = folder, load
        self._model: Model | None = None
        self._lock = threading.Lock()
        self.asked = self.found = 0
        folder.mkdir(parents=True, exist_ok=True)
        try:
            identity = json.loads((folder / _IDENTITY).read_text("utf-8"))
        except FileNotFoundError:
            identity = {"name": self._loaded().name, "weights": self._loaded().weights}
            _write(folder / _IDENTITY, identity)
        self.name: str = identity["name"]
        self.weights: str = identity["weights"]

    def count(self, text: str) -> int:
        """Return how many tokens the text takes in a prompt."""
        return self._loaded().count(text)

    def answer(self, request: Request) -> list[Answer]:
        """Return one answer for each field group; the model is asked for those that are not in the folder."""
        files = [self._answer_file(request, group) for group in request.groups]
        missing = [n for n, file in enumerate(files) if not file.exists()]
        self.found += len(files) - len(missing)
        self.asked += len(missing)
        if missing:
            groups = tuple(request.groups[n] for n in missing)
            for n, answer in zip(missing, self._loaded().answer(replace(request, groups=groups)), strict=True):
                _write(files[n], _as_json(answer))
        return [_from_json(json.loads(file.read_text("utf-8"))) for file in files]

    def _loaded(self) -> Model:
        with self._lock:
            if self._model is None:
                self._model = self._load()
                if getattr(self, "weights", self._model.weights) != self._model.weights:
                    raise ValueError(
                        f"{self._folder} holds the answers of {self.name}, not of {self._model.name}. "
                        "Name another folder."
                    )
            return self._model

    def _answer_file(self, request: Request, group: FieldGroup) -> Path:
        digest = hashlib.sha256()
        asked = (request.system, request.prompt, request.source, group.question, group.grammar, str(group.max_tokens))
        for part in asked:
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        name = digest.hexdigest()
        return self._folder / name[:2] / f"{name}.json"


def _as_json(answer: Answer) -> dict[str, Any]:
    tokens = [[t.start, t.end, t.probability, t.mass, t.margin, t.forced] for t in answer.tokens]
    return {"text": answer.text, "finished": answer.finished, "tokens": tokens}


def _from_json(stored: dict[str, Any]) -> Answer:
    return Answer(stored["text"], tuple(Token(*token) for token in stored["tokens"]), stored["finished"])


def _write(file: Path, content: dict[str, Any]) -> None:
    """Write the file atomically: another thread may be reading it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}-{os.getpid()}-{threading.get_ident()}")
    partial.write_text(json.dumps(content), "utf-8")
    os.replace(partial, file)
