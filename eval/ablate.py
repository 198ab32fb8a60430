"""Measure what each rule and threshold is worth: `python -m eval.ablate`.

Every algorithm keeps the rules and numbers that decide in one settings object (`extractor.settings`). Here each of them
is changed alone (a rule switched, a number halved and raised by half, or what the setting names instead), the documents
of the sets are extracted again, and micro-F1 is compared in pairs with that of the settings as they are. A rule that
earns nothing on documents it was not made on should go.

    python -m eval.ablate                                  every rule, by structure alone, on the shipped sets
    python -m eval.ablate --thresholds                     every number too; this takes hours
    python -m eval.ablate --list                           the settings there are, with meaning, unit and origin
    python -m eval.ablate --only PostalAddressSettings     one algorithm; or one setting: DeskewSettings.finest_step
    python -m eval.ablate --sets FOLDER ... --limit 20     other sets, the first documents of each
    python -m eval.ablate --model default --answers DIR    with the model; answers are kept in DIR between runs
    python -m eval.ablate --output ablation.md             the table as a file as well

Worth is the micro-F1 of the settings as they are less that of the changed ones, so a rule that helps is positive; the
interval is of a paired bootstrap over documents. `changed` counts fields that came out better or worse by the change.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from eval.answer_cache import CachedModel
from extractor import settings
from extractor.evaluation.judging import judge_document
from extractor.evaluation.matching import ABSENT, CORRECT
from extractor.evaluation.metrics import Estimate, micro_f1, paired_difference
from extractor.evaluation.run_identity import ROOMS_WITHOUT_EFFECT
from extractor.evaluation.runs import DocumentResult
from extractor.evaluation.samples import EvalSet, Sample, load_set, load_set_schema
from extractor.models import Model, load_model
from extractor.readers import read
from extractor.schemas import Schema
from extractor.settings import Settings
from extractor.types import Document

HERE = Path(__file__).resolve().parent
READING_ROOMS = frozenset({"layout", "ocr", "readers", "tables", "values", "geometry"})
"""Rooms whose settings change how a document is read; for the others it is read once."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One setting with another value than usual."""

    settings: type[Settings]
    name: str
    usual: Any
    other: Any

    @property
    def room(self) -> str:
        """Return the room that the settings belong to."""
        return _room(self.settings.__module__)

    @property
    def changed(self) -> Settings:
        """Return the settings with the other value."""
        return replace(self.settings.current(), **{self.name: self.other})  # type: ignore[type-var]

    def __str__(self) -> str:
        return f"{self.settings.__name__}.{self.name}"


@dataclass(frozen=True, slots=True)
class Worth:
    """The worth of a setting: `gain` is micro-F1 with its usual value less micro-F1 with the variant.

    `better` and `worse` count fields that came out better and worse with the variant.
    """

    variant: Variant
    gain: Estimate
    better: int
    worse: int

    @property
    def verdict(self) -> str:
        """Decide whether the setting as it is helps, harms, or makes no difference beyond noise."""
        low, high = self.gain.low, self.gain.high
        if not self.better and not self.worse and not self.gain.value:
            return "changes nothing"
        if low is None or high is None or low <= 0 <= high:
            return "within noise"
        return "helps" if low > 0 else "harms"


def all_settings() -> list[type[Settings]]:
    """Return the settings classes of all rooms that records depend on, after importing their modules."""
    import extractor

    for module in pkgutil.walk_packages(extractor.__path__, "extractor."):
        if _room(module.name) not in ROOMS_WITHOUT_EFFECT:
            importlib.import_module(module.name)
    classes = [cls for cls in Settings.classes if _room(cls.__module__) not in ROOMS_WITHOUT_EFFECT]
    return sorted(classes, key=lambda cls: (cls.__module__, cls.__name__))


def _room(module: str) -> str:
    """Return the room of a module: `ocr` of `extractor.ocr.deskew`."""
    return module.removeprefix("extractor.").split(".")[0]


def list_variants(classes: Sequence[type[Settings]], only: Sequence[str], thresholds: bool) -> Iterator[Variant]:
    """Yield the variants of each setting: the values that it names, else half and one and a half times a number."""
    for cls in classes:
        for field in fields(cls):  # type: ignore[arg-type]
            name = f"{cls.__name__}.{field.name}"
            usual = getattr(cls.current(), field.name)
            is_rule = isinstance(usual, bool)
            if only and not {name, cls.__name__} & set(only):
                continue
            if not is_rule and not thresholds and name not in only:
                continue
            for other in _other_values(usual, field.metadata.get("others", ())):
                yield Variant(cls, field.name, usual, other)


def _other_values(usual: Any, named: tuple[Any, ...]) -> Iterator[Any]:
    if named:
        yield from named
    elif isinstance(usual, bool):
        yield not usual
    elif isinstance(usual, int) and usual:
        yield from sorted({max(1, usual // 2), usual + max(1, usual // 2)} - {usual})
    elif isinstance(usual, float) and usual:
        yield from (usual / 2, usual * 1.5)


class Ablation:
    """The documents of some sets, extracted with the settings as they are once, and again with each variant."""

    def __init__(self, sets: Sequence[tuple[EvalSet, Schema]], model: Model | None, limit: int | None) -> None:
        self.sets, self.model, self.limit = sets, model, limit
        self._read: dict[Path, Document] = {}
        self.usual = self._evaluate(reread=False)

    def measure(self, variant: Variant) -> Worth:
        """Return what the variant costs or gains over all documents."""
        with settings.replaced(variant.changed):
            results = self._evaluate(reread=variant.room in READING_ROOMS)
        gain, _ = paired_difference([d.score for d in results], [d.score for d in self.usual])
        pairs = [(_outcomes(a), _outcomes(b)) for a, b in zip(self.usual, results, strict=True)]
        better = sum(b.get(k, True) and not a.get(k, True) for a, b in pairs for k in a.keys() | b.keys())
        worse = sum(a.get(k, True) and not b.get(k, True) for a, b in pairs for k in a.keys() | b.keys())
        return Worth(variant, gain, better, worse)

    @property
    def micro_f1(self) -> float | None:
        """Return micro-F1 with the settings as they are."""
        return micro_f1([d.score for d in self.usual])

    def _evaluate(self, reread: bool) -> list[DocumentResult]:
        load = read if reread else self._read_once
        return [
            judge_document(sample, samples.folder, schema, self.model, load)
            for samples, schema in self.sets
            for sample in self._samples(samples)
        ]

    def _samples(self, samples: EvalSet) -> Sequence[Sample]:
        return samples.samples[: self.limit]

    def _read_once(self, file: Path) -> Document:
        if file not in self._read:
            self._read[file] = read(file)
        return self._read[file]


def _outcomes(result: DocumentResult) -> dict[Any, bool]:
    """Return for each place of gold or record whether it came out right; places that are not there are right."""
    return {(m.gold_path is not None, m.path): m.outcome in (CORRECT, ABSENT) for m in result.matches}


def main(arguments: list[str] | None = None) -> int:
    """Print a Markdown table, one row for each variant as soon as it is measured; return 0."""
    parser = argparse.ArgumentParser(prog="python -m eval.ablate", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sets", nargs="+", metavar="FOLDER[:SCHEMA]", help="default: the shipped sets")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="settings classes, or Class.setting")
    parser.add_argument("--thresholds", action="store_true", help="numbers too, not only rules")
    parser.add_argument("--limit", type=int, metavar="N", help="the first N documents of each set")
    parser.add_argument("--model", default="none", help="a model's name, default, or none (structure alone)")
    parser.add_argument("--answers", type=Path, metavar="FOLDER", help="keep the model's answers there")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the table to a file as well")
    parser.add_argument("--list", action="store_true", help="only list the settings")
    chosen = parser.parse_args(arguments)
    classes = all_settings()
    if chosen.list:
        print("\n".join(_describe_settings(classes)))
        return 0
    variants = list(list_variants(classes, chosen.only, chosen.thresholds))
    if not variants:
        parser.error("no such rule or setting; --list prints them, --thresholds includes numbers")
    ablation = Ablation([_set(name) for name in chosen.sets or _shipped()], _model(chosen), chosen.limit)
    lines = [
        f"{len(ablation.usual)} documents, model {chosen.model}, micro-F1 {ablation.micro_f1 or 0.0:.4f}",
        "",
        "| setting | as it is | tried | worth (95 % interval) | better, worse by the change | verdict |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for variant in variants:
        lines.append(_row(ablation.measure(variant)))
        print(lines[-1], flush=True)
        if chosen.output:
            chosen.output.write_text("\n".join(lines) + "\n", "utf-8")
    return 0


def _shipped() -> list[str]:
    return sorted(str(gold.parent) for gold in (HERE / "sets").glob("*/gold.jsonl"))


def _set(name: str) -> tuple[EvalSet, Schema]:
    folder, _, schema = name.partition(":")
    samples = load_set(folder)
    return samples, load_set_schema(samples, schema or None)


def _model(chosen: argparse.Namespace) -> Model | None:
    if chosen.model == "none":
        return None
    load: Callable[[], Model] = lambda: load_model(None if chosen.model == "default" else chosen.model)  # noqa: E731
    return CachedModel(chosen.answers, load) if chosen.answers else load()


def _describe_settings(classes: Sequence[type[Settings]]) -> Iterator[str]:
    for cls in classes:
        yield f"{cls.__module__}.{cls.__name__}: {(cls.__doc__ or '').strip().splitlines()[0]}"
        for field in fields(cls):  # type: ignore[arg-type]
            unit = f" {field.metadata['unit']}" if field.metadata.get("unit") else ""
            chosen = f" [{field.metadata['chosen']}]" if field.metadata.get("chosen") else ""
            meaning = field.metadata.get("meaning", "")
            yield f"    {field.name} = {getattr(cls.current(), field.name)}{unit}: {meaning}{chosen}"


def _row(worth: Worth) -> str:
    gain, variant = worth.gain, worth.variant
    around = f" ({gain.low:+.4f} to {gain.high:+.4f})" if gain.low is not None else ""
    value = f"{gain.value or 0.0:+.4f}{around}"
    return (
        f"| {variant} | {variant.usual} | {variant.other} | {value} | {worth.better}, {worth.worse} | {worth.verdict} |"
    )


if __name__ == "__main__":
    sys.exit(main())
