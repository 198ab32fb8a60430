"""Many documents: every file of a folder read and extracted, in processes that may die without anything being lost.

    with Store() as store:
        job = start_job(store, schema, "invoices", model="none", who="ann")
        store.jobs.add(job, find_files(["reports/"]))
        with JobRunner(store, job, schema, model_loader("none"), who="ann") as runner:
            print(runner.drain())

Read `sources` (files and their names), `archives`, `parts` (documents inside one file), `runner` (the loop of a job),
`worker_tasks` (what runs in its processes), `workers` (the pool of processes), `lease_owner`, `settings`, `watch`, and
`ray` for the same job on Ray.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Sequence
from typing import Any

from extractor import __version__
from extractor.errors import UsageError
from extractor.extraction import prompts
from extractor.models import DEFAULT, load_model
from extractor.schemas import Schema
from extractor.store import Job, Store

try:
    from extractor.jobs.archives import count_junk
    from extractor.jobs.runner import JobLimits, JobReport, JobRunner, ModelLoader, stop_on_signals
    from extractor.jobs.sources import find_files, name_of
    from extractor.jobs.watch import watch_folder
except ModuleNotFoundError as error:
    if (error.name or "").startswith("extractor"):
        raise
    raise UsageError(f"Jobs need {error.name}.", "Run `pip install 'extractor[jobs]'`.") from error

__all__ = [
    "JobLimits",
    "JobReport",
    "JobRunner",
    "ModelLoader",
    "count_junk",
    "default_job_name",
    "find_files",
    "model_loader",
    "resolve_model_name",
    "start_job",
    "stop_on_signals",
    "watch_folder",
]


def resolve_model_name(given: str | None) -> str:
    """Return the model to use: the given one (or `none`), else that of `EXTRACTOR_MODEL`, else the default."""
    return given or os.environ.get("EXTRACTOR_MODEL") or DEFAULT


def model_loader(model: str, threads: int | None = None) -> ModelLoader | None:
    """Return a function that loads the model in the process that calls it; None for `none`."""
    return None if model == "none" else functools.partial(load_model, model, threads=threads)


def default_job_name(
    schema: Schema, model: str, paths: Sequence[str], passage_tokens: int | None = None, split: bool = False
) -> str:
    """Name a job that was given no name: the same for the same command, until the tool or a prompt changes."""
    same = [schema.id, model, [name_of(path) for path in paths], passage_tokens, __version__, prompts.prompt_id()]
    same += ["split"] if split else []
    return f"{schema.name}-{hashlib.sha256(json.dumps(same).encode()).hexdigest()[:8]}"


def start_job(
    store: Store,
    schema: Schema,
    name: str,
    *,
    model: str,
    who: str,
    passage_tokens: int | None = None,
    split: bool = False,
) -> Job:
    """Start the job of that name, or resume it; raise UsageError if the name has another schema or model already.

    With `split`, files that hold several documents are taken apart (see `parts`).
    """
    store.add_schema(schema)
    settings: dict[str, Any] = {"model": model, "passage_tokens": passage_tokens}
    if split:
        settings["split"] = True
    return store.jobs.start(name, schema.id, settings, who=who)
