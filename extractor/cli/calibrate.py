"""`extractor calibrate`: turn scores into probabilities, and measure how well they separate right from wrong values."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from extractor.cli import console, options
from extractor.cli.eval import add_run_options, evaluate_set, progress, require_eval_extra
from extractor.errors import OutputError, UsageError


def add(commands: Any) -> None:
    """Add the `calibrate` command to the command line."""
    command = options.add_command(
        commands,
        "calibrate",
        _calibrate,
        "fit confidences to a set with gold, judged on documents they were not fitted on",
    )
    command.add_argument(
        "sets", metavar="SET", nargs="+", help="a folder as for eval; several of different schemas fit a general one"
    )
    add_run_options(command)
    command.add_argument(
        "--with",
        dest="other_sets",
        metavar="SET",
        action="append",
        default=[],
        help="learn from this set of another kind of report too; may be repeated",
    )
    command.add_argument(
        "--apart",
        dest="group_key",
        metavar="KEY",
        default="layout",
        help="keep documents with the same KEY in gold.jsonl on one side of every split (default: layout)",
    )
    command.add_argument("--to", type=Path, metavar="FOLDER", help="where to write it (default: your own calibrations)")
    command.add_argument("--dry-run", action="store_true", help="print the figures and write nothing")


def _calibrate(arguments: argparse.Namespace) -> int:
    require_eval_extra()
    from extractor.confidence.calibration import file_name, user_folder
    from extractor.evaluation.calibrate import calibrate
    from extractor.evaluation.calibration_text import format_calibration
    from extractor.evaluation.samples import load_set, load_set_schema
    from extractor.files.atomic_files import write_text_atomically

    folders = [*arguments.sets, *arguments.other_sets]
    if len(folders) > 1 and (arguments.schema or arguments.named):
        raise UsageError("--schema and --run are for one set.", "Leave them out, or give one SET.")
    runs = []
    for folder in folders:
        samples = load_set(folder)
        runs.append(evaluate_set(arguments, samples, options.check_rules(load_set_schema(samples, arguments.schema))))
    count = len(arguments.sets)
    found = calibrate(runs[:count], runs[count:], arguments.group_key, progress=progress("fit"))
    console.print_result(format_calibration(found))
    if arguments.dry_run:
        return 0
    if not found.is_improvement:
        console.print_message(
            "not kept: on documents it was not fitted on, it does no better than the uncalibrated score"
        )
        return 0
    calibration = found.calibration
    folder = arguments.to or user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"Cannot create {folder}: {error.strerror}", "Name a folder with --to FOLDER.") from error
    kind = calibration.schema_name or "general"
    file = folder / file_name(calibration)
    write_text_atomically(file, calibration.as_json())
    console.print_message(
        f"kept as {file}: it is used for records of {'other kinds' if not calibration.schema else kind} from now on"
    )
    return 0
