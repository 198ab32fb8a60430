"""Every figure of the shipped sets, and the calibrations that ship, in one go: `python -m eval.figures`.

Each set is measured (`extractor eval`, kept in `eval/runs`, gone on with where it was stopped) and a calibration made
of it, which learns from the others too; last comes a general one of all sets. Where a set's `kind` tells its templates
apart they are kept whole, and the same is printed for documents of known templates. Sets with fewer documents than a
calibration needs have none of their own.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from extractor.cli import main as extractor
from extractor.score.calibration import LEAST
from extractor.score.samples import load_set

HERE = Path(__file__).resolve().parent
SETS = HERE / "sets"
SHIPPED = HERE.parent / "calibrations"
TEMPLATES = {"receipts-and-invoices": "kind", "laboratory-and-inspection": "kind"}
"""Sets whose documents come from several templates, and the key of `gold.jsonl` that tells them apart."""


def main(arguments: list[str] | None = None) -> int:
    """Measures and calibrates; the first exit code that is not 0."""
    parser = argparse.ArgumentParser(prog="python -m eval.figures", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="", help="instead of the default model")
    parser.add_argument("--again", action="store_true", help="measure anew what is kept already")
    chosen = parser.parse_args(arguments)
    model = ["--model", chosen.model] if chosen.model else []
    sets = [load_set(gold.parent) for gold in sorted(SETS.glob("*/gold.jsonl"))]
    codes = [_said("eval", s.folder, *model, *(["--again"] if chosen.again else [])) for s in sets]
    for s in sets:
        if len(s.samples) >= LEAST:
            others = [word for other in sets if other is not s for word in ("--with", other.folder)]
            calibrate = ("calibrate", s.folder, *others, *model)
            if s.name in TEMPLATES:
                codes.append(_said(*calibrate, "--dry-run"))
            codes.append(_said(*calibrate, "--apart", TEMPLATES.get(s.name, "layout"), "--to", SHIPPED))
    codes.append(_said("calibrate", *(s.folder for s in sets), *model, "--to", SHIPPED))
    return next((code for code in codes if code), 0)


def _said(*words: object) -> int:
    line = [str(word) for word in words]
    print(f"\n$ extractor {' '.join(line)}\n", flush=True)
    return extractor(line)


if __name__ == "__main__":
    raise SystemExit(main())
