"""Where a model's tensors come from: a GGUF file, or a folder with safetensors. One tensor at a time, never a pickle.

A source has `config`, `tokenizer`, `digest` and `tensors(model)`, which yields (name in the model, float tensor).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

from extractor.errors import ModelError
from extractor.models.weights import sha256, sha256_of

CHUNK = 1 << 22  # weights dequantised in one go: keeps what numpy makes on the way small

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


class GGUFSource:
    """A GGUF file; architectures are those that transformers can read.

    The names, and what llama.cpp changed in some tensors, are undone by transformers' own tables, but tensor by tensor:
    transformers itself would hold the whole model in float32.
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
        return self.path.stem

    @cached_property
    def digest(self) -> str:
        return sha256(self.path)

    @cached_property
    def _read(self) -> dict[str, Any]:
        """The file's settings, as transformers reads them."""
        from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

        try:
            return load_gguf_checkpoint(str(self.path), return_tensors=False)
        except Exception as error:  # a parser that trusts its file stumbles over a bad one in many ways
            raise ModelError(
                f"{self.path.name} cannot be read: {first_line(error)}", "Is the file whole, and of a known family?"
            ) from error

    @cached_property
    def config(self) -> Any:
        from transformers import AutoConfig

        settings = dict(self._read["config"])
        return AutoConfig.for_model(settings.pop("model_type"), **settings)

    @cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        return AutoTokenizer.from_pretrained(str(self.path.parent), gguf_file=self.path.name, local_files_only=True)

    def tensors(self, model: Any) -> Iterator[tuple[str, Any]]:
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
        parsed = {**self._read, "tensors": {}}
        processor = TENSOR_PROCESSORS.get(architecture, TensorProcessor)(config=parsed["config"])
        names = get_gguf_hf_weights_map(model, processor)

        def whole(tensor: Any) -> Any:
            data = tensor.data
            if data.ndim < 2 or tensor.n_elements <= CHUNK:
                return np.array(dequantize(data, tensor.tensor_type), dtype=np.float32)
            out = np.empty(tuple(int(n) for n in reversed(tensor.shape)), dtype=np.float32)
            rows = max(1, CHUNK * data.shape[0] // tensor.n_elements)

            def part(at: int) -> None:
                out[at : at + rows] = dequantize(data[at : at + rows], tensor.tensor_type)

            list(pool.map(part, range(0, data.shape[0], rows)))
            return out

        with ThreadPoolExecutor(2) as pool:
            for tensor in reader.tensors:
                done = processor.process(
                    weights=whole(tensor), name=tensor.name, tensor_key_mapping=names, parsed_parameters=parsed
                )
                if done.name in names:
                    yield names[done.name], torch.from_numpy(np.ascontiguousarray(done.weights))
        yield from parsed["tensors"].items()


class FolderSource:
    """A folder with config.json, a tokenizer and safetensors; nothing in it is run."""

    def __init__(self, folder: Path, name: str | None = None) -> None:
        folder = folder.expanduser()
        if not folder.is_dir():
            raise ModelError(
                f"there is no folder {folder}", "Give a folder with config.json, a tokenizer and .safetensors."
            )
        self.folder = folder.resolve()
        self.name = name or self.folder.name
        self.files = sorted(self.folder.glob("*.safetensors"))
        if not self.files:
            pickled = any(file.suffix in PICKLES for file in self.folder.iterdir())
            raise ModelError(
                f"{folder} has its weights in a format that can run code" if pickled else f"{folder} has no weights",
                "Only .safetensors files are read: convert the weights, or use another model.",
            )
        settings = self.folder / "config.json"
        if not settings.is_file():
            raise ModelError(f"{folder} has no config.json", "Give the folder as it was downloaded or saved.")
        for file in (settings, self.folder / "tokenizer_config.json"):
            if file.is_file() and "auto_map" in json.loads(file.read_text(encoding="utf-8")):
                raise ModelError(
                    f"{folder} brings its own program ({file.name}: auto_map)",
                    "Code out of a model's folder is never run: use a model of a family that transformers knows.",
                )

    @cached_property
    def digest(self) -> str:
        extra = [self.folder / name for name in ("config.json", "tokenizer.json") if (self.folder / name).is_file()]
        return sha256_of([*self.files, *extra])

    @cached_property
    def config(self) -> Any:
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(str(self.folder), local_files_only=True, trust_remote_code=False)
        except (ValueError, KeyError, OSError) as error:
            raise ModelError(
                f"{self.name}: its config.json cannot be used: {first_line(error)}", "Use another model."
            ) from error
        return config.get_text_config(decoder=True)

    @cached_property
    def tokenizer(self) -> Any:
        from transformers import AutoTokenizer

        try:
            return AutoTokenizer.from_pretrained(str(self.folder), local_files_only=True, trust_remote_code=False)
        except (ValueError, KeyError, OSError) as error:
            raise ModelError(
                f"{self.name}: its tokenizer cannot be used: {first_line(error)}", "Use another model."
            ) from error

    def tensors(self, model: Any) -> Iterator[tuple[str, Any]]:
        """Straight out of the files where these use the model's own names, else by way of transformers' loading."""
        from safetensors import safe_open

        wanted = {name for name, _ in model.named_parameters()}
        held: dict[str, Path] = {}
        for file in self.files:
            with safe_open(str(file), framework="pt") as opened:
                held.update(dict.fromkeys(opened.keys(), file))
        missing = wanted - held.keys() - {"lm_head.weight"}
        if missing:
            yield from self._loaded()
            return
        for file in self.files:
            with safe_open(str(file), framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118
                    if name in wanted:
                        yield name, opened.get_tensor(name).float()

    def _loaded(self) -> Iterator[tuple[str, Any]]:
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(
            str(self.folder), config=self.config, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
        for name, tensor in model.state_dict().items():
            yield name, tensor.float()


def hub_folder(name: str) -> Path:
    """The folder of a hub repository, fetched first where it is not here; safetensors and settings only."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError

    wanted = ["*.safetensors", "*.json", "*.jinja", "tokenizer.model", "merges.txt", "vocab.txt"]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, ignore_patterns=["*/*"]))
    except GatedRepoError as error:
        raise ModelError(
            f"{name} asks for its terms to be accepted", "Accept them on its page, then `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(f"there is no {name} on the hub", "Check the owner and the name.") from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError, ValueError) as error:
        raise ModelError(
            f"{name} cannot be had from the hub: {first_line(error)}",
            "Is this machine online (and HF_HUB_OFFLINE unset)? Or give the path of a folder or of a .gguf file.",
        ) from error


def first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
