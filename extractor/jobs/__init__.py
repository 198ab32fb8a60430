"""Many documents: every file of a folder read and extracted, each in a process that may die, with nothing lost.

with Store() as store:
    job = start_job(store, schema, "invoices", model="none", who="ann")
    store.jobs.add(job, find_files(["reports/"]))
    with JobRunner(store, job, schema, maker("none"), who="ann") as work:
        print(work.drain())
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Sequence

from extractor import __version__
from extractor.errors import UsageError
from extractor.extraction import prompts
from extractor.models import DEFAULT, load_model
from extractor.schemas import Schema
from extractor.store import Job, Store

try:
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
    "default_job_name",
    "find_files",
    "model_loader",
    "resolve_model_name",
    "start_job",
    "stop_on_signals",
    "watch_folder",
]


def resolve_model_name(given: str | None) -> str:
    """The model that is meant: the one given, which may be `none`, else that of `EXTRACTOR_MODEL`, else the default."""
    return given or os.environ.get("EXTRACTOR_MODEL") or DEFAULT


def model_loader(model: str, threads: int | None = None) -> ModelLoader | None:
    """What loads the model in a process of its own; None for `none`."""
    return None if model == "none" else functools.partial(load_model, model, threads=threads)


def default_job_name(schema: Schema, model: str, paths: Sequence[str], passage_tokens: int | None = None) -> str:
    """The name of a job that was given none: the same for the same command, until the tool or a prompt changes."""
    same = [schema.id, model, [name_of(path) for path in paths], passage_tokens, __version__, prompts.prompt_id()]
    return f"{schema.name}-{hashlib.sha256(json.dumps(same).encode()).hexdigest()[:8]}"


def start_job(
    store: Store, schema: Schema, name: str, *, model: str, who: str, passage_tokens: int | None = None
) -> Job:
    """The job of that name, new or gone on with; UsageError where it belongs to another schema or model."""
    store.add_schema(schema)
    settings = {"model": model, "passage_tokens": passage_tokens}
    return store.jobs.start(name, schema.id, settings, who=who)
