"""`extractor run`: extract a record from every document in folders and archives, and keep it in the store."""

from __future__ import annotations

import argparse
import contextlib
import functools
import getpass
import sys
from collections.abc import Iterable
from typing import Any

from extractor.cli import console, options
from extractor.errors import ExtractorError, InputError

STOPPED = 130


def add(commands: Any) -> None:
    """Add the `run` command to the command line."""
    command = options.add_command(
        commands, "run", _run, "extract a record from every document in folders and archives, and keep it in the store"
    )
    command.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="documents, folders with subfolders, patterns, zip and tar archives",
    )
    add_extraction_options(command)
    command.add_argument("--job", "-j", metavar="NAME", help="the job's name (default: from schema, model and PATHs)")
    add_job_options(command)


def add_extraction_options(command: argparse.ArgumentParser) -> None:
    """Add the options for schema, kinds, model and passages."""
    options.add_schema_options(command)
    options.add_model_options(command)
    command.add_argument("--split", action="store_true", help=options.SPLIT)
    command.add_argument("--passage-tokens", type=options.positive_integer, metavar="N", help=options.PASSAGES)


def add_job_options(command: argparse.ArgumentParser) -> None:
    """Add the options for the resources of a job, and for its store."""
    n, s = options.positive_integer, "SECONDS"
    command.add_argument("--workers", type=n, metavar="N", help="documents read in parallel (default: one per core)")
    command.add_argument(
        "--models", type=n, default=1, metavar="N", help="copies of the model in parallel (default: 1)"
    )
    command.add_argument(
        "--batch", type=n, default=4, metavar="N", help="documents put to a model at a time (default: 4)"
    )
    command.add_argument("--threads", type=n, metavar="N", help=options.THREADS)
    command.add_argument(
        "--timeout", type=n, default=300, metavar=s, help="limit for reading a document (default: 300)"
    )
    command.add_argument(
        "--model-timeout",
        type=n,
        default=1800,
        metavar=s,
        help="limit for the model's answers to a document (default: 1800)",
    )
    command.add_argument(
        "--memory", type=n, default=4096, metavar="MB", help="limit for reading a document (default: 4096)"
    )
    command.add_argument(
        "--engine", choices=("local", "ray"), default="local", help="what distributes the work (default: local)"
    )
    command.add_argument(
        "--ray-address", metavar="ADDRESS", help="the Ray cluster to use (default: one on this machine)"
    )
    command.add_argument("--no-lessons", action="store_true", help=options.NO_LESSONS)
    command.add_argument("--store", metavar="PLACE", help=options.STORE)


def _run(arguments: argparse.Namespace) -> int:
    from extractor import jobs

    schema = options.load_chosen_schema(arguments, with_saved=True)
    model = options.chosen_model(arguments)
    tokens = arguments.passage_tokens
    name = arguments.job or jobs.default_job_name(schema, model, arguments.paths, tokens, arguments.split)
    with options.open_store(arguments.store) as store:
        job = jobs.start_job(
            store, schema, name, model=model, who=current_user(), passage_tokens=tokens, split=arguments.split
        )
        store.jobs.add(job, jobs.find_files(arguments.paths, store.files()))
        if not store.jobs.counts(job).found:
            store.jobs.end(job, "finished", who=current_user())
            raise InputError("No documents were found.", "Check the paths; hidden files in folders are skipped.")
        if junk := jobs.count_junk(arguments.paths):
            console.print_message(f"{junk:,} files are no documents and were left out: hidden ones, Thumbs.db, ~$")
        return run_job(store, job, schema, arguments)


def run_job(store: Any, job: Any, schema: Any, arguments: argparse.Namespace) -> int:
    """Work on a job until nothing is left or it is stopped, show progress, and return the exit code."""
    from extractor import jobs

    counts = store.jobs.counts(job)
    console.print_message(f"job {job.name}: {counts.found:,} documents, {counts.left:,} of them left to do")
    report = jobs.JobReport("finished", counts, 0.0, {})
    if counts.left:
        try:
            with (
                jobs.stop_on_signals() as stop,
                ProgressBar(counts) as bar,
                start_runner(store, job, schema, arguments, stop, bar) as workers,
            ):
                report = workers.drain()
        except ExtractorError:
            with contextlib.suppress(ExtractorError):  # the store itself may be what cannot be written
                store.jobs.end(job, "stopped", who=current_user())
            raise
    store.jobs.end(job, report.state, who=current_user())
    console.print_result(format_job_summary(job.name, report.state, report.counts))
    if counts.left:
        dropped = report.counts.cancelled - counts.cancelled
        console.print_message(format_timing(report, counts.left - report.counts.left - dropped))
    return exit_code(report)


def start_runner(store: Any, job: Any, schema: Any, arguments: argparse.Namespace, stop: Any, on_progress: Any) -> Any:
    """Return a runner of the job, with the limits that were given."""
    from extractor import jobs

    limits = {"models": arguments.models, "timeout": arguments.timeout, "model_timeout": arguments.model_timeout}
    limits |= {"memory": arguments.memory, "batch": arguments.batch} | (
        {"workers": arguments.workers} if arguments.workers else {}
    )
    runner: Any = jobs.JobRunner
    if arguments.engine == "ray":
        from extractor.jobs.ray_runner import RayRunner

        runner = functools.partial(RayRunner, address=arguments.ray_address)
    return runner(
        store,
        job,
        schema,
        jobs.model_loader(job.settings["model"], arguments.threads),
        who=current_user(),
        passage_tokens=job.settings["passage_tokens"],
        use_lessons=not arguments.no_lessons,
        limits=jobs.JobLimits(**limits),
        on_progress=on_progress,
        stop=stop,
    )


class ProgressBar:
    """A progress bar on stderr: documents, their rate, the time left, and failures by kind."""

    def __init__(self, counts: Any) -> None:
        from tqdm import tqdm

        bar_options = {"initial": counts.found - counts.left, "unit": "doc", "file": sys.stderr, "dynamic_ncols": True}
        seconds = 0.5 if sys.stderr.isatty() else 30
        self._bar = tqdm(total=counts.found, mininterval=seconds, **bar_options)

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, counts: Any) -> None:
        """Show how far the job is."""
        self._bar.total = counts.found
        if counts.failures:
            self._bar.set_postfix_str("failed: " + _format_failures(counts.failures), refresh=False)
        self._bar.update(counts.found - counts.left - self._bar.n)


def format_job_summary(name: str, state: str, counts: Any) -> str:
    """Return the state of a job's documents, in numbers that add up."""
    parts = [f"{counts.done:,} done", f"{counts.reused:,} reused", f"{counts.failed:,} failed"]
    parts += [f"{counts.set_aside:,} set aside"] + ([f"{counts.cancelled:,} cancelled"] if counts.cancelled else [])
    text = f"job {name} {state}: {counts.found:,} found = {' + '.join(parts)} + {counts.left:,} left\n"
    if counts.failures:
        text += f"  failed: {_format_failures(counts.failures)}\n"
        text += f"  `extractor status {name}` lists them, `extractor retry {name}` tries them again\n"
    return text


def format_timing(report: Any, documents: int) -> str:
    """Return how fast a job went, and which stages took the time."""
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in report.stages.items() if seconds >= 0.05)
    return f"{documents:,} documents in {report.seconds:.1f} s ({documents / report.seconds:.2f} a second): {stages}"


def _format_failures(failures: Any) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in failures.items())


def exit_code(report: Any) -> int:
    """Return 0 when all is done, 3 when documents failed, 130 when the job was stopped or cancelled."""
    if report.state != "finished":
        return STOPPED
    return InputError.code if report.counts.failed or report.counts.set_aside else 0


def current_user() -> str:
    """Return the name of the user, for the audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def failure_lines(tasks: Iterable[Any]) -> Iterable[str]:
    """Yield failed tasks, one on a line."""
    return (f"{task.name}: {task.kind}: {' '.join(task.message.split())}\n" for task in tasks)
