"""Sources of a model's tensors: a GGUF file, or a folder with safetensors.

A source has `name`, `config`, `tokenizer`, `digest` (a SHA-256) and `tensors(model)`, which yields (name in the model,
float32 tensor) one at a time. Pickles are never read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.file_hashes import sha256, sha256_of_files

DEQUANTISED_AT_ONCE = 1 << 22
"""Weights that are dequantised at once, which bounds numpy's intermediate arrays."""
PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


class GGUFSource:
    """A GGUF file of an architecture that transformers can read.

    The names of tensors, and llama.cpp's changes to some of them, are converted by transformers' own tables, but one
    tensor at a time, where transformers itself would hold the whole model in float32.
    """

    def __init__(self, path: Path) -> None:
        path = path.expanduser()
        if not path.is_file():
            raise ModelError(f"there is no file {path}", "Give the path of a .gguf file.")
        with path.open("rb") as file:
            if file.read(4) != b"GGUF":
                raise ModelError(
                    f"{path} is not a GGUF file", "Only .gguf files and folders with safetensors are read."
                )
        self.path = path.resolve()

    @property
    def name(self) -> str:
        """Return the file's name without its suffix."""
        return self.path.stem

    @cached_property
    def digest(self) -> str:
        """Return the SHA-256 of the file."""
        return sha256(self.path)

    @cached_property
    def _settings(self) -> dict[str, Any]:
        """Return the file's settings, as transformers reads them."""
        from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

        try:
            return load_gguf_checkpoint(str(self.path), return_tensors=False)
        except Exception as error:  # the parser trusts its file and raises anything for a bad one
            raise ModelError(
                f"{self.path.name} cannot be read: {_first_line(error)}",
                "Check that the file is complete, and that transformers supports its architecture.",
            ) from error

    @cached_property
    def config(self) -> Any:
        """Return the model's configuration."""
        from transformers import AutoConfig

        settings = dict(self._settings["config"])
        return AutoConfig.for_model(settings.pop("model_type"), **settings)

    @cached_property
    def tokenizer(self) -> Any:
        """Return the tokenizer that the file contains."""
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(self.path.parent), gguf_file=self.path.name, local_files_only=True)

    def tensors(self, model: Any) -> Iterator[tuple[str, Any]]:
        """Yield the tensors by their names in `model`, dequantised by two threads."""
        import numpy as np
        import torch
        from gguf import GGUFReader, dequantize
        from transformers.modeling_gguf_pytorch_utils import (
            TENSOR_PROCESSORS,
            TensorProcessor,
            get_gguf_hf_weights_map,
        )

        reader = GGUFReader(str(self.path))
        architecture = str(reader.fields["general.architecture"].contents())
        parsed = {**self._settings, "tensors": {}}
        processor = TENSOR_PROCESSORS.get(architecture, TensorProcessor)(config=parsed["config"])
        names = get_gguf_hf_weights_map(model, processor)

        def dequantise(tensor: Any) -> Any:
            data = tensor.data
            if data.ndim < 2 or tensor.n_elements <= DEQUANTISED_AT_ONCE:
                return np.array(dequantize(data, tensor.tensor_type), dtype=np.float32)
            out = np.empty(tuple(int(n) for n in reversed(tensor.shape)), dtype=np.float32)
            rows = max(1, DEQUANTISED_AT_ONCE * data.shape[0] // tensor.n_elements)

            def dequantise_rows(at: int) -> None:
                out[at : at + rows] = dequantize(data[at : at + rows], tensor.tensor_type)

            list(pool.map(dequantise_rows, range(0, data.shape[0], rows)))
            return out

        with ThreadPoolExecutor(2) as pool:
            for tensor in reader.tensors:
                done = processor.process(
                    weights=dequantise(tensor), name=tensor.name, tensor_key_mapping=names, parsed_parameters=parsed
                )
                if done.name in names:
                    yield names[done.name], torch.from_numpy(np.ascontiguousarray(done.weights))
        yield from parsed["tensors"].items()


class FolderSource:
    """A folder with config.json, a tokenizer and safetensors; no code in it is ever run."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        folder = folder.expanduser()
        if not folder.is_dir():
            raise ModelError(
                f"there is no folder {folder}", "Give a folder with config.json, a tokenizer and .safetensors files."
            )
        self.folder = folder.resolve()
        self.name = name or self.folder.name
        self.files = sorted(self.folder.glob("*.safetensors"))
        if not self.files:
            has_pickles = any(file.suffix in PICKLE_SUFFIXES for file in self.folder.iterdir())
            raise ModelError(
                f"{folder} has its weights in a format that can run code"
                if has_pickles
                else f"{folder} has no weights",
                "Only .safetensors files are read: convert the weights to that format, or use another model.",
            )
        settings = self.folder / "config.json"
        if not settings.is_file():
            raise ModelError(f"{folder} has no config.json", "Give the complete folder, as it was downloaded or saved.")
        for file in (settings, self.folder / "tokenizer_config.json"):
            if file.is_file() and "auto_map" in json.loads(file.read_text(encoding="utf-8")):
                raise ModelError(
                    f"{folder} needs its own program to be run ({file.name}: auto_map)",
                    "Code from a model's folder is never run: use a model whose architecture transformers supports.",
                )

    @cached_property
    def digest(self) -> str:
        """Return one SHA-256 for weights, configuration and tokenizer."""
        extra = [self.folder / name for name in ("config.json", "tokenizer.json") if (self.folder / name).is_file()]
        return sha256_of_files([*self.files, *extra])

    @cached_property
    def config(self) -> Any:
        """Return the configuration of the text model; raise `ModelError` where transformers does not know it."""
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(str(self.folder), local_files_only=True, trust_remote_code=False)
        except (ValueError, KeyError, OSError) as error:
            raise ModelError(
                f"the config.json of {self.name} cannot be used: {_first_line(error)}", "Use another model."
            ) from error
        return config.get_text_config(decoder=True)

    @cached_property
    def tokenizer(self) -> Any:
        """Return the tokenizer; raise `ModelError` where transformers cannot load it."""
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(str(self.folder), local_files_only=True, trust_remote_code=False)
        except (ValueError, KeyError, OSError) as error:
            raise ModelError(
                f"the tokenizer of {self.name} cannot be used: {_first_line(error)}", "Use another model."
            ) from error

    def tensors(self, model: Any) -> Iterator[tuple[str, Any]]:
        """Yield the tensors from the files if they use the model's own names, else as transformers loads them."""
        from safetensors import safe_open

        wanted = {name for name, _ in model.named_parameters()}
        stored: set[str] = set()
        for file in self.files:
            with safe_open(str(file), framework="pt") as opened:
                stored.update(opened.keys())
        if wanted - stored - {"lm_head.weight"}:
            yield from self._load_with_transformers()
            return
        for file in self.files:
            with safe_open(str(file), framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118
                    if name in wanted:
                        yield name, opened.get_tensor(name).float()

    def _load_with_transformers(self) -> Iterator[tuple[str, Any]]:
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(
            str(self.folder), config=self.config, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
        for name, tensor in model.state_dict().items():
            yield name, tensor.float()


def hub_folder(name: str) -> Path:
    """Return the folder of a hub repository; download it first if it is missing, without anything that can run.

    Raises `ModelError` where it cannot be downloaded.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    wanted = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, ignore_patterns=["*/*"]))
    except GatedRepoError as error:
        raise ModelError(
            f"the terms of {name} have to be accepted first", "Accept them on its page, then run `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"there is no model {name} on the hub", "Check the owner and the name.") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"{name} cannot be downloaded from the hub: {_first_line(error)}",
            "Is this machine online (and HF_HUB_OFFLINE unset)? Or give the path of a folder or of a .gguf file.",
        ) from error


def _first_line(error: BaseException) -> str:
    """Return the first line of an error's message, or its type where it has none."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
