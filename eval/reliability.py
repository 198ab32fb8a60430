"""Nothing breaks it: every fault test, one after the other, and a table of verdicts. `python -m eval.reliability`.

    python -m eval.reliability                            all, in short form
    python -m eval.reliability --only kill,disk           some
    python -m eval.reliability --full                     with the numbers that RESULTS.md gives, for hours
    python -m eval.reliability --model default            instructions in documents are put to that model too
    python -m eval.reliability --list                     what is tested, and by what

Each row promises something. It is kept by tests of the test suite, or by one of the other commands in this folder, and
has a figure: what was done, and how often. Exits with 1 where a promise was not kept.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import editors, endurance, fuzz, injection, kill_points, long_run
from eval.postgres_server import PostgresNotFound, serve_postgres

ROOT = Path(__file__).resolve().parent.parent
PASS, FAIL = "PASS", "FAIL"
CANARY = "Xanthippe Quillfeather"
"""A name that stands in documents, and must stand nowhere else."""
_LAST_LINES = 4
"""Lines of a failed test's output that the table quotes."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is done: in short form or in full; and the model that instructions in documents are put to."""

    full: bool = False
    model: str = "none"

    def choose(self, short: int, full: int) -> int:
        """Return the number for this effort."""
        return full if self.full else short


@dataclass(frozen=True, slots=True)
class Check:
    """A promise: its name, what is promised, and what is run: tests of the suite, or a function with figures."""

    name: str
    promise: str
    tests: tuple[str, ...] = ()
    run: Callable[[Effort], Any] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a check ended."""

    check: Check
    passed: bool
    figure: str
    seconds: float


# Checks that are functions.


def kill(effort: Effort) -> Any:
    """Kill jobs at random moments."""
    return endurance.kill(effort.choose(100, 500), effort.choose(5, 200), seed=1, longest=6.0)


def commits(effort: Effort) -> Any:
    """Kill at the commits of a store in SQLite."""
    return kill_points.on_sqlite(every=effort.choose(5, 1))


def commits_postgresql(effort: Effort) -> Any:
    """Kill at the commits of a store in PostgreSQL."""
    with serve_postgres(fsync=effort.full) as server:
        return kill_points.on_postgresql(server, every=effort.choose(11, 1), crash=effort.full)


def disk(effort: Effort) -> Any:
    """Fill the disk under a job."""
    return endurance.full(effort.choose(100, 500), 1_500_000)


def writers(effort: Effort) -> Any:
    """Have editors save at the same time."""
    return editors.many(editors=8, saves=effort.choose(10, 100))


def clock(effort: Effort) -> Any:
    """Have the system clock jump while two processes share a job."""
    return endurance.clock(effort.choose(100, 1000))


def instructions(effort: Effort) -> Any:
    """Put forty documents with instructions to the model."""
    loader = injection.find_loader(effort.model)
    figures, changes = injection.measure(loader() if loader else None)
    assert injection.is_withstood(figures), f"{figures}, first {changes[:1]}"
    return {"model": effort.model, **figures}


def damaged_input(effort: Effort) -> Any:
    """Give damaged input to everything that takes input."""
    limits: dict[str, Any] = {"cpu": fuzz.CPU_SECONDS, "memory": fuzz.MEMORY_MEGABYTES, "seeds": None}
    names = list(fuzz.TARGETS)
    seconds, cases = (600.0, None) if effort.full else (None, 6)
    found = list(fuzz.fuzz(names, 1, seconds=seconds, cases=cases, **limits))
    bad = [f"{target} case {n}: {o.kind} {o.what}" for target, n, _, _, o in found if o.kind not in ("ok", "named")]
    assert not bad, "; ".join(bad)
    return {"cases": len(found), "slowest, s": round(max(each[-1].seconds for each in found), 1)}


def memory(effort: Effort) -> Any:
    """Run a job on many documents and see whether the main process grows."""
    return endurance.many(effort.choose(1000, 10_000))


def office(effort: Effort) -> Any:
    """Work for a while as an office does."""
    return long_run.run(hours=effort.choose(1, 24), speed=20.0)


def texts_elsewhere(effort: Effort) -> Any:
    """Look for the text of documents in the output of commands, and in what they leave in the temporary folder."""
    documents = {
        "note.txt": f"Customer: {CANARY}\nTotal: 12.50\n".encode(),
        "page.html": f"<html><p>Customer: {CANARY}</p><table><tr><td>{CANARY}".encode(),
        "broken.pdf": f"%PDF-1.7\n1 0 obj ({CANARY}) endobj trailer".encode(),
        "broken.json": f'{{"customer": "{CANARY}", '.encode(),
        "broken.xml": f"<?xml version='1.0'?><a><b>{CANARY}</b>".encode(),
        "table.csv": f'customer;total\n"{CANARY};1\n'.encode(),
        "mail.eml": f"From: a@b.example\nSubject: {CANARY}\n\n{CANARY}".encode(),
        "binary.bin": CANARY.encode() + bytes(range(256)),
    }
    places = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder, scratch, own = (Path(temporary, name) for name in ("in", "tmp", "own"))
        for each in (folder, scratch, own):
            each.mkdir()
        for name, data in documents.items():
            (folder / name).write_bytes(data)
        environment = os.environ | {"TMPDIR": str(scratch), "EXTRACTOR_CACHE": str(own), "EXTRACTOR_OCR_CACHE": "off"}
        store = str(own / "store.db")
        job = ["run", str(folder), "--schema", "receipt", "--model", "none", "--job", "j", "--store", store]
        extract = ["extract", *map(str, sorted(folder.iterdir())), "--schema", "receipt", "--model", "none"]
        extract += ["--output", str(own / "out.jsonl")]
        for command in (job, ["status", "j", "--store", store], extract, ["store", "verify", "--store", store]):
            made = subprocess.run(
                [sys.executable, "-m", "extractor.cli", *command], env=environment, capture_output=True, check=False
            )
            assert CANARY.encode() not in made.stdout + made.stderr, (
                f"`extractor {command[0]}` prints text of a document"
            )
            assert b"Traceback" not in made.stderr, made.stderr.decode()[-500:]
            places += 2
        left = [file for file in scratch.rglob("*") if file.is_file()]
        assert not left, f"{len(left)} temporary files are left, such as {left[0].name}"
    return {"documents": len(documents), "outputs searched": places, "temporary files left": 0}


CHECKS = (
    Check("kill", "kill -9 in the middle of a job loses nothing and does nothing twice", run=kill),
    Check("commits", "killed around any commit, a store in SQLite is what it was before or after", run=commits),
    Check("commits-postgresql", "the same in PostgreSQL (--full: its server is killed too)", run=commits_postgresql),
    Check(
        "migration",
        "a migration that fails or is killed leaves the old store or the new one",
        (
            "tests/test_store.py::test_failed_migration_leaves_nothing",
            "tests/test_store.py::test_store_of_the_first_version_is_migrated_with_its_queue",
            "tests/test_kill_points.py::test_store_killed_in_a_migration_is_of_the_version_before_or_after",
        ),
    ),
    Check("disk", "a full disk loses nothing that was reported as done", run=disk),
    Check(
        "disk-files",
        "a full disk leaves no half file",
        (
            "tests/test_bad_input.py::test_full_disk_leaves_the_old_file",
            "tests/test_bad_input.py::test_stdout_on_a_full_disk",
            "tests/test_exports.py::test_failed_export_leaves_the_old_file",
        ),
    ),
    Check("writers", "of people who save at the same time nobody loses anything unseen", run=writers),
    Check(
        "two-processes",
        "two processes share a job, and each document is done once",
        (
            "tests/test_jobs.py::test_two_processes_share_one_job",
            "tests/test_store.py::test_eight_editors_never_overwrite_each_other",
        ),
    ),
    Check(
        "special-files",
        "pipes, sockets, devices, links in circles and unreadable files hold nothing up",
        (
            "tests/test_jobs.py::test_special_files_are_reported_once_and_never_opened",
            "tests/test_jobs.py::test_file_that_became_a_pipe_is_refused_without_waiting",
            "tests/test_jobs.py::test_vanished_empty_unknown_and_huge_files_fail_with_their_kind",
            "tests/test_jobs.py::test_name_is_one_printable_line_and_leads_back_to_its_file",
            "tests/test_bad_input.py::test_pipe_is_refused_without_waiting",
        ),
    ),
    Check("clock", "a system clock that jumps by days neither stops a job nor makes it do things twice", run=clock),
    Check(
        "clock-leases",
        "leases of a clock that was wrong end",
        (
            "tests/test_jobs.py::test_owner_lives_on_when_the_system_clock_is_set",
            "tests/test_store.py::test_lease_of_a_clock_that_was_wrong_does_not_last_for_years",
            "tests/test_store.py::test_time_of_leases_is_that_of_the_server",
        ),
    ),
    Check(
        "workers",
        "a crash, an endless loop and lack of memory in a worker are errors of one document",
        (
            "tests/test_jobs.py::test_crash_hang_and_memory_are_errors_of_that_file_alone",
            "tests/test_jobs.py::test_worker_killed_while_idle_or_while_sending_ends_no_other_call",
            "tests/test_jobs.py::test_timeout_of_one_call_spares_those_beside_it",
            "tests/test_jobs.py::test_crash_and_failure_of_the_model_are_errors_of_that_document",
        ),
    ),
    Check(
        "ocr",
        "OCR that fails, hangs or dies costs its page, or its document",
        (
            "tests/test_jobs.py::test_ocr_engine_that_dies_costs_only_the_documents_that_need_it",
            "tests/test_readers_image.py::test_ocr_failure_or_timeout_costs_only_its_page",
            "tests/test_readers_image.py::test_pages_that_ocr_has_no_time_for_are_left_empty_and_named",
            "tests/test_readers_scanned.py::test_without_time_for_ocr_the_text_of_the_file_is_read_and_scans_are_named",
        ),
    ),
    Check(
        "bombs",
        "small files that unpack to huge ones are refused",
        (
            "tests/test_jobs.py::test_decompression_bomb_exceeds_the_limits",
            "tests/test_readers_office.py::test_zip_bombs_are_refused_by_their_directory",
            "tests/test_readers_office.py::test_xml_entities_are_refused",
            "tests/test_readers_image.py::test_picture_over_the_limits_is_refused_before_it_is_decoded",
            "tests/test_bad_input.py::test_fifty_megabytes_of_text_are_refused_in_little_memory",
            "tests/test_readers_data.py::test_entities_are_refused",
        ),
    ),
    Check(
        "schemas",
        "hostile schemas and patterns neither hang nor fetch anything",
        (
            "tests/test_schemas.py::test_references_that_multiply_are_refused",
            "tests/test_schemas.py::test_choices_that_multiply_through_properties_are_refused",
            "tests/test_schemas.py::test_nothing_is_fetched_for_a_reference",
            "tests/test_validation.py::test_hostile_patterns_and_long_lists_do_not_hang",
            "tests/test_validation.py::test_pattern_with_look_around_is_not_tried_on_a_very_long_text",
            "tests/test_validation.py::test_choice_that_contains_itself_is_checked_as_far_as_its_steps_can_be_taken",
        ),
    ),
    Check(
        "batch",
        "one bad file ends no batch",
        (
            "tests/test_cli.py::test_parser_that_fails_unforeseen_is_an_error_of_that_document_alone",
            "tests/test_cli.py::test_bad_document_does_not_stop_the_others_but_sets_the_exit_code",
            "tests/test_cli.py::test_error_of_the_tool_in_one_document_does_not_stop_the_others",
            "tests/test_readers_office.py::test_cell_at_a_place_that_no_sheet_has_is_named_and_the_others_are_read",
        ),
    ),
    Check("fuzz", "damaged input ends well or in a named error, within 20 s of CPU time", run=damaged_input),
    Check(
        "damage",
        "a damaged store is called damaged, and a backup restores it",
        (
            "tests/test_store.py::test_damaged_index_is_found_by_verify_and_a_backup_restores_the_store",
            "tests/test_store.py::test_store_that_cannot_be_opened_for_damage_is_not_called_safe",
            "tests/test_store.py::test_only_a_whole_store_is_restored",
        ),
    ),
    Check(
        "backup",
        "a backup that is made while others write is whole",
        (
            "tests/test_store.py::test_backup_is_whole_while_others_write",
            "tests/test_deployment.py::test_a_backup_brings_back_the_store_and_the_files",
            "tests/test_deployment.py::test_a_backup_that_cannot_be_made_or_used_changes_nothing",
        ),
    ),
    Check(
        "read-only",
        "a store on a write-protected disk can be read",
        (
            "tests/test_store.py::test_store_on_a_write_protected_disk_is_read_and_left_as_it_is",
            "tests/test_store.py::test_write_protection_is_noticed",
            "tests/test_store.py::test_log_that_a_write_protected_disk_hides_is_named",
        ),
    ),
    Check(
        "audit",
        "what is changed behind the store's back is found",
        (
            "tests/test_store.py::test_any_single_change_of_the_audit_log_is_found",
            "tests/test_store.py::test_changes_that_bypass_the_audit_log_are_found",
            "tests/test_store.py::test_lines_cut_off_the_end_are_found_with_a_head",
            "tests/test_store.py::test_append_only_tables_refuse_changes",
        ),
    ),
    Check(
        "uploads",
        "uploads that were broken off are swept away, and exports are private",
        (
            "tests/test_ui_gradio.py::test_files_of_uploads_that_were_broken_off_are_deleted_in_time",
            "tests/test_ui_gradio.py::test_files_that_an_earlier_server_received_are_deleted_at_start",
            "tests/test_exports.py::test_exported_files_are_for_their_owner_alone_or_less",
        ),
    ),
    Check(
        "model-server",
        "a model server that quotes, drips, floods or answers nonsense ends in a named error",
        (
            "tests/test_models_openai.py::test_server_that_quotes_the_prompt_puts_nothing_of_it_into_messages",
            "tests/test_models_openai.py::test_response_of_another_shape_is_an_error_of_the_model",
            "tests/test_models_openai.py::test_server_that_drips_is_given_up_after_the_timeout",
            "tests/test_models_openai.py::test_response_without_end_is_cut_off",
            "tests/test_models_openai.py::test_response_that_is_no_http_is_not_quoted",
        ),
    ),
    Check(
        "weights",
        "weights that could run code are refused unopened",
        (
            "tests/test_models.py::test_pickled_weights_are_refused",
            "tests/test_models.py::test_folder_with_its_own_program_is_refused",
            "tests/test_bad_input.py::test_pickled_weights_are_refused_unopened",
        ),
    ),
    Check("texts", "commands print no text of documents, and leave no temporary files", run=texts_elsewhere),
    Check(
        "texts-server",
        "the server prints nothing that was submitted",
        (
            "tests/test_ui_gradio.py::test_gradio_prints_no_submitted_values",
            "tests/test_ui_security.py::test_an_internal_error_reveals_nothing_of_the_document",
            "tests/test_jobs.py::test_unforeseen_error_names_its_place_and_quotes_no_document",
        ),
    ),
    Check(
        "web",
        "nobody gets in, nothing gets out, and slow clients hold nobody up",
        ("tests/test_ui_security.py", "tests/test_ui_requests.py", "tests/test_ui_connections.py"),
    ),
    Check("scripts", "a hundred script injections are text in a browser", ("tests/test_screen_safety.py",)),
    Check("instructions", "instructions in forty documents change no value", run=instructions),
    Check("memory", "the main process of a job does not grow", run=memory),
    Check("office", "a day of uploads, reviews, jobs and exports leaves memory and handles as they were", run=office),
    Check("ray", "on Ray, the same records are made, and nothing is done twice", ("tests/test_ray.py",)),
)


def missing_tests(checks: Iterable[Check] = CHECKS) -> list[str]:
    """Return the tests that are named and do not exist."""
    missing = []
    for test in (test for check in checks for test in check.tests):
        file, _, name = test.partition("::")
        path = ROOT / file
        names = {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}
        if name and name not in names:
            missing.append(test)
    return missing


def run_tests(tests: Iterable[str]) -> str:
    """Run tests of the suite and return how many passed; raise AssertionError with the last lines where one did not."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    lines = [line for line in made.stdout.splitlines() if line.strip()]
    assert made.returncode == 0, " / ".join(lines[-_LAST_LINES:])
    found = re.search(r"(\d+) passed", lines[-1])
    assert found and "skipped" not in lines[-1], lines[-1]
    return f"{found[1]} tests"


def judge(check: Check, effort: Effort) -> Verdict:
    """Run a check and return how it ended; whatever it raises is a failure."""
    start = time.monotonic()
    try:
        if check.run is not None:
            figures = check.run(effort)
            figure = ", ".join(f"{key} {value}" for key, value in figures.items())
        else:
            figure = run_tests(check.tests)
        passed = True
    except PostgresNotFound as error:
        passed, figure = False, str(error)
    except Exception as error:  # a check that cannot be run has not passed
        passed, figure = False, f"{type(error).__name__}: {error}"
    return Verdict(check, passed, " ".join(figure.split()).replace("|", "/"), time.monotonic() - start)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.reliability", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", metavar="NAMES", help="some checks, separated by commas")
    parser.add_argument("--but", default="", metavar="NAMES", help="leave some out")
    parser.add_argument("--full", action="store_true", help="with large numbers, for hours")
    parser.add_argument("--model", default="none", help="the model for instructions in documents (default: none)")
    parser.add_argument("--list", action="store_true", help="print what is tested and by what, and run nothing")
    arguments = parser.parse_args(argv)
    named = {check.name: check for check in CHECKS}
    only, left_out = ([name for name in given.split(",") if name] for given in (arguments.only, arguments.but))
    if unknown := {*only, *left_out} - named.keys():
        parser.error(f"there is no check {', '.join(sorted(unknown))}; choose from {', '.join(named)}")
    chosen = [named[name] for name in only or named if name not in left_out]
    if arguments.list:
        for check in chosen:
            print(f"{check.name}: {check.promise}")
            print("\n".join(f"    {test}" for test in check.tests or [(check.run.__doc__ or "").strip()]))
        return 0
    effort = Effort(arguments.full, arguments.model)
    print("| test | promise | verdict | figure | seconds |\n|---|---|---|---|---|")
    passed = 0
    for check in chosen:
        verdict = judge(check, effort)
        passed += verdict.passed
        word = PASS if verdict.passed else FAIL
        print(f"| {check.name} | {check.promise} | {word} | {verdict.figure} | {verdict.seconds:.0f} |", flush=True)
    print(f"\n{passed} of {len(chosen)} passed.")
    return 0 if passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
