"""`extractor run`: a record from every document in folders and archives, kept in the store."""

from __future__ import annotations

import argparse
import contextlib
import functools
import getpass
import sys
from collections.abc import Iterable
from typing import Any

from extractor.cli import arguments as given
from extractor.cli import console
from extractor.errors import ExtractorError, InputError

STOPPED = 130


def add(commands: Any) -> None:
    command = given.command(
        commands, "run", _run, "extract a record from every document in folders and archives, and keep it in the store"
    )
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="documents, folders with all below them, patterns, zip and tar archives",
    )
    add_what(command)
    command.add_argument(
        "--job", "-j", metavar="NAME", help="the job's name (default: made of schema, model and PATHs)"
    )
    add_limits(command)


def add_what(command: argparse.ArgumentParser) -> None:
    """Options that say what is extracted, and with what."""
    command.add_argument("--schema", "-s", required=True, metavar="NAME|FILE", help=given.SCHEMA)
    command.add_argument("--model", "-m", metavar="NAME", help=given.MODEL)
    command.add_argument("--passage-tokens", type=given.positive, metavar="N", help=given.PASSAGES)


def add_limits(command: argparse.ArgumentParser) -> None:
    """Options that say what a job may use, and where its store is."""
    n, s = given.positive, "SECONDS"
    command.add_argument("--workers", type=n, metavar="N", help="documents read side by side (default: one a core)")
    command.add_argument("--models", type=n, default=1, metavar="N", help="models side by side (default: 1)")
    command.add_argument(
        "--batch", type=n, default=4, metavar="N", help="documents that a model answers at a time (default: 4)"
    )
    command.add_argument("--threads", type=n, metavar="N", help=given.THREADS)
    command.add_argument("--timeout", type=n, default=300, metavar=s, help="to read a document in (default: 300)")
    command.add_argument(
        "--model-timeout", type=n, default=1800, metavar=s, help="for the model to answer in (default: 1800)"
    )
    command.add_argument("--memory", type=n, default=4096, metavar="MB", help="to read a document in (default: 4096)")
    command.add_argument(
        "--engine", choices=("local", "ray"), default="local", help="what hands the work out (default: local)"
    )
    command.add_argument(
        "--ray-address", metavar="ADDRESS", help="the cluster that Ray is to use (default: one on this machine)"
    )
    command.add_argument("--store", metavar="PLACE", help=given.STORE)


def _run(arguments: argparse.Namespace) -> int:
    from extractor import jobs

    schema = given.schema(arguments.schema)
    model = jobs.resolve_model_name(arguments.model)
    tokens = arguments.passage_tokens
    name = arguments.job or jobs.default_job_name(schema, model, arguments.paths, tokens)
    with given.store(arguments.store) as store:
        job = jobs.start_job(store, schema, name, model=model, who=who(), passage_tokens=tokens)
        store.jobs.add(job, jobs.find_files(arguments.paths, store.files()))
        if not store.jobs.counts(job).found:
            store.jobs.end(job, "finished", who=who())
            raise InputError("There are no documents in what was given.", "Hidden files in folders are left out.")
        return carry_on(store, job, schema, arguments)


def carry_on(store: Any, job: Any, schema: Any, arguments: argparse.Namespace) -> int:
    """The exit code once the job has nothing left, or was stopped; how far it is, is shown meanwhile and told then."""
    from extractor import jobs

    counts = store.jobs.counts(job)
    console.say(f"job {job.name}: {counts.found:,} documents, {counts.left:,} of them left to do")
    report = jobs.JobReport("finished", counts, 0.0, {})
    if counts.left:
        try:
            with (
                jobs.stop_on_signals() as stop,
                Bar(counts) as bar,
                work(store, job, schema, arguments, stop, bar) as workers,
            ):
                report = workers.drain()
        except ExtractorError:
            with contextlib.suppress(ExtractorError):  # it may be the store itself that cannot be written
                store.jobs.end(job, "stopped", who=who())
            raise
    store.jobs.end(job, report.state, who=who())
    console.out(summary(job.name, report.state, report.counts))
    if counts.left:
        dropped = report.counts.cancelled - counts.cancelled
        console.say(times(report, counts.left - report.counts.left - dropped))
    return exit_code(report)


def work(store: Any, job: Any, schema: Any, arguments: argparse.Namespace, stop: Any, tell: Any) -> Any:
    """The work on a job with the limits that were given."""
    from extractor import jobs

    limits = {"models": arguments.models, "timeout": arguments.timeout, "model_timeout": arguments.model_timeout}
    limits |= {"memory": arguments.memory, "batch": arguments.batch} | (
        {"workers": arguments.workers} if arguments.workers else {}
    )
    begin: Any = jobs.JobRunner
    if arguments.engine == "ray":
        from extractor.jobs.ray import RayRunner

        begin = functools.partial(RayRunner, address=arguments.ray_address)
    return begin(
        store,
        job,
        schema,
        jobs.model_loader(job.settings["model"], arguments.threads),
        who=who(),
        passage_tokens=job.settings["passage_tokens"],
        limits=jobs.JobLimits(**limits),
        on_progress=tell,
        stop=stop,
    )


class Bar:
    """A progress bar on stderr: documents, their rate, the time left, and failures by kind."""

    def __init__(self, counts: Any) -> None:
        from tqdm import tqdm

        shown = {"initial": counts.found - counts.left, "unit": "doc", "file": sys.stderr, "dynamic_ncols": True}
        seconds = 0.5 if sys.stderr.isatty() else 30
        self._bar = tqdm(total=counts.found, mininterval=seconds, **shown)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, counts: Any) -> None:
        self._bar.total = counts.found
        if counts.failures:
            self._bar.set_postfix_str("failed: " + _listed(counts.failures), refresh=False)
        self._bar.update(counts.found - counts.left - self._bar.n)


def summary(name: str, state: str, counts: Any) -> str:
    """What became of a job's documents, in numbers that add up."""
    parts = [f"{counts.done:,} done", f"{counts.reused:,} reused", f"{counts.failed:,} failed"]
    parts += [f"{counts.set_aside:,} set aside"] + ([f"{counts.cancelled:,} cancelled"] if counts.cancelled else [])
    text = f"job {name} {state}: {counts.found:,} found = {' + '.join(parts)} + {counts.left:,} left\n"
    if counts.failures:
        text += f"  failed: {_listed(counts.failures)}\n"
        text += f"  `extractor status {name}` names them, `extractor retry {name}` tries them again\n"
    return text


def times(report: Any, documents: int) -> str:
    """How fast it went, and where the time went."""
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.stages.items() if seconds >= 0.05)
    return f"{documents:,} documents in {report.seconds:.1f} s ({documents / report.seconds:.2f} a second): {stages}"


def _listed(failures: Any) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in failures.items())


def exit_code(report: Any) -> int:
    """0 when all is fine, 3 when documents failed, 130 when it was stopped or cancelled."""
    if report.state != "finished":
        return STOPPED
    return InputError.code if report.counts.failed or report.counts.set_aside else 0


def who() -> str:
    """The person at work, for the audit."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def lines(tasks: Iterable[Any]) -> Iterable[str]:
    """Tasks that failed, a line each."""
    return (f"{task.name}: {task.kind}: {' '.join(task.message.split())}\n" for task in tasks)
