"""Give damaged input to everything that takes input from outside: `python -m eval.fuzz`.

    python -m eval.fuzz --seconds 600
    python -m eval.fuzz --targets readers --seeds FOLDER --save FAILURES
    python -m eval.fuzz --targets schemas,grammars,answers,routes --cases 500 --seed 7
    python -m eval.fuzz --targets readers --only FOLDER --undamaged --slowest 20

Each case runs in a process of its own with a limit of CPU time and of memory. It should end well or in one of our named
errors; everything else is counted and listed:

    crash    an exception that is not one of ours, a status of 500, a grammar that its compiler refuses, a signal
    hang     more CPU time than --cpu
    memory   more memory than --memory

`--save` keeps the inputs, named after the case: the same --seed and --targets give the same cases. Exits with 1 where
anything was found.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import quote

from eval.mutations import mutate
from extractor.errors import ExtractorError, InputError
from extractor.readers import describe_failure

ROOT = Path(__file__).resolve().parent.parent
CPU_SECONDS = 20
MEMORY_MEGABYTES = 3000
WAIT = 10
"""How many times its CPU time a case may take on the clock."""
MAX_SEED_BYTES = 1_000_000
_TEXT = (
    b"Order 17\n\nCustomer: Ann Lee\nTotal due: 125.00\nDate: 3 March 2021\n\nArticle\tQuantity\nPen\t3\nPaper\t12\n"
)
_SCHEMA = {
    "type": "object",
    "title": "Order",
    "required": ["total", "customer"],
    "properties": {
        "customer": {"type": ["string", "null"], "title": "Customer", "pattern": "^[A-Z].*"},
        "total": {"type": ["number", "null"], "title": "Total due", "minimum": 0, "x-unit": "EUR"},
        "date": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "state": {"enum": ["open", "paid", None], "x-source": "judged", "title": "State of payment"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "$defs": {
        "item": {
            "type": "object",
            "properties": {"article": {"type": "string"}, "count": {"type": "integer", "title": "Quantity"}},
        }
    },
    "x-checks": [{"expr": "this.total >= 0"}],
}
_BODIES = (
    {"revision": 1, "path": ["total"], "how": "typed", "text": "12", "value": 12},
    {"revision": 1, "path": ["items", 0, "article"], "how": "absent"},
    {"revision": 1, "note": "x", "force": True},
    {"path": ["total"], "text": "1.234,50"},
    {"take": True},
)


class Unforeseen(Exception):
    """Something that ended neither well nor in a named error; the message says what it was, and quotes no input."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is given the input: `seeds` are whole inputs by name, `run` takes a damaged one and its name."""

    seeds: dict[str, bytes]
    run: Callable[[bytes, str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case ended: `kind` is ok, named, crash, hang or memory; `what` the error; with it CPU seconds and MB."""

    kind: str
    what: str
    seconds: float
    megabytes: int


def make_readers(folder: Path | None, only: bool = False) -> Target:
    """Return the readers of all formats; seeds are the documents of the eval sets and of `folder`, or of it `only`."""
    from extractor.readers.garbage import collecting_seldom
    from extractor.readers.registry import detect_format, find_reader

    folders = [*(ROOT / "eval" / "sets").glob("*/documents"), ROOT / "tests" / "documents", ROOT / "examples"]
    files = [] if only else [file for where in folders for file in sorted(where.iterdir())]
    files += sorted(folder.rglob("*")) if folder else []
    seeds = {
        str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file): file.read_bytes()
        for file in files
        if file.is_file() and 0 < file.stat().st_size <= MAX_SEED_BYTES
    }

    def run(data: bytes, name: str) -> None:
        # Not `read_bytes`, which turns what is unforeseen into a named error.
        with collecting_seldom():
            find_reader(detect_format(data, name)).read(data, name)

    return Target(seeds, run)


def make_schemas(_: Path | None) -> Target:
    """Return the loading of schemas and of their rules, with the shipped ones as seeds."""
    from extractor.schemas import load_schema
    from extractor.validation import compile_checks, find_problems

    def run(data: bytes, name: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "schema.json"
            file.write_bytes(data)
            schema = load_schema(file)
        compile_checks(schema)
        find_problems(schema, {"total": 5, "items": [{"article": 3}]})

    return Target(_schema_seeds(), run)


def make_grammars(_: Path | None) -> Target:
    """Return the grammars of the questions about a small document, for damaged schemas, and their compiler."""
    import llguidance

    from extractor.extraction.planning import plan
    from extractor.readers import read_bytes
    from extractor.schemas import load_schema

    document = read_bytes(_TEXT, "order.txt")

    def run(data: bytes, name: str) -> None:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            return
        if not isinstance(found, dict):
            return
        for group in plan(document, load_schema(found), None).request.groups:
            grammar = llguidance.LLMatcher.grammar_from_lark(group.grammar)
            if llguidance.LLMatcher.validate_grammar(grammar):
                raise Unforeseen("the compiler refuses a grammar")

    return Target(_schema_seeds(), run)


def make_answers(_: Path | None) -> Target:
    """Return an extraction whose model answers damaged JSON."""
    from extractor.extraction.pipeline import extract
    from extractor.extraction.serialization import as_dict
    from extractor.models.scripted import ScriptedModel
    from extractor.readers import read_bytes
    from extractor.schemas import load_schema

    document, schema = (
        read_bytes(b"Ann Lee ordered twelve pens for 125.00 on 3 March 2021.", "a.txt"),
        load_schema(_SCHEMA),
    )
    answer = {"customer": "Ann Lee", "total": "125.00", "date": "3 March 2021", "state": "open", "items": []}
    answer |= {"items": [{"article": "pens", "count": "twelve"}]}

    def run(data: bytes, name: str) -> None:
        text = data.decode("utf-8", "replace")
        json.dumps(as_dict(extract(document, schema, ScriptedModel(lambda group, request: text))), allow_nan=False)

    seeds = {"answer.json": json.dumps(answer).encode(), "number.json": b"125.00", "list.json": b'["pens"]'}
    run(seeds["answer.json"], "answer.json")  # what it loads is loaded once, and not by every case
    return Target(seeds, run)


def make_routes(_: Path | None) -> Target:
    """Return the JSON routes of the web app on a store with one record; a seed is a request as JSON."""
    from starlette.testclient import TestClient

    from extractor.extraction.pipeline import extract
    from extractor.extraction.serialization import as_dict
    from extractor.readers import read_bytes
    from extractor.review import ReviewService
    from extractor.schemas import load_schema
    from extractor.store import Store, Version
    from extractor.ui import ServerSettings
    from extractor.ui.app import create_app

    folder = Path(tempfile.mkdtemp(prefix="extractor-fuzz-"))
    (folder / "web").mkdir()
    schema = load_schema(_SCHEMA)
    with Store(folder / "store.db") as store:
        store.add_schema(schema)
        result = json.loads(json.dumps(as_dict(extract(read_bytes(_TEXT, "order.txt"), schema, None))))
        store.records.add(result, Version("fuzz", "none"), who="fuzz")
        app = create_app(
            ServerSettings(owner="owner", folder=folder / "web", runs=folder / "runs"), ReviewService(store), 7998
        )
    paths = app.app.openapi()["paths"]  # type: ignore[attr-defined]
    seeds = {
        f"{method} {path} {number}": json.dumps({"method": method, "path": path, "record": "1", "body": body}).encode()
        for path, methods in paths.items()
        for method in methods
        for number, body in enumerate(_BODIES if method == "post" else ({},))
    }

    def run(data: bytes, name: str) -> None:
        try:
            request = json.loads(data)
        except (ValueError, RecursionError):
            request = data
        method, path, record, body = name.split()[0], name.split()[1], "1", data
        if isinstance(request, dict):
            record = str(request.get("record", record)).encode("utf-8", "replace").decode()[:200]
            body = json.dumps(request.get("body")).encode()
        with Store(folder / "store.db") as store:
            app.app.state.service = ReviewService(store)  # type: ignore[attr-defined]
            address = "http://127.0.0.1:7998"
            browser = TestClient(app, base_url=address, follow_redirects=False, raise_server_exceptions=False)
            browser.get("/ui/")
            headers = {"X-Extractor": "1", "Origin": address, "Content-Type": "application/json"}
            address = path.replace("{record}", quote(record, safe="")).replace("{", "").replace("}", "")
            answer = browser.request(method, address, content=body, headers=headers)
            if answer.status_code >= 500:
                raise Unforeseen(f"status {answer.status_code} of {method} {path}")

    return Target(seeds, run)


def _schema_seeds() -> dict[str, bytes]:
    shipped = {file.name: file.read_bytes() for file in sorted((ROOT / "schemas").glob("*.json"))}
    return {"order.json": json.dumps(_SCHEMA).encode(), **shipped}


TARGETS: dict[str, Callable[[Path | None], Target]] = {
    "readers": make_readers,
    "schemas": make_schemas,
    "grammars": make_grammars,
    "answers": make_answers,
    "routes": make_routes,
}


def make_case(target: Target, seed: int, number: int) -> tuple[str, bytes]:
    """Return the name of the seed, and the damaged input, of a case; the same numbers give the same case."""
    chance = random.Random(f"{seed} {number}")
    name = chance.choice(sorted(target.seeds))
    others = tuple(target.seeds[key] for key in chance.sample(sorted(target.seeds), min(2, len(target.seeds))))
    return name, mutate(target.seeds[name], chance, others)


def run_case(target: Target, name: str, data: bytes, cpu: int, memory: int) -> Outcome:
    """Run a case in a process of its own, of at most `cpu` seconds and `memory` MB more, and say how it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        kind, what = "crash", "?"
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
            limit = _held_bytes() + (memory << 20)
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
            kind, what = _run_here(target, name, data)
        finally:
            os.write(writing, f"{kind}\n{what}".encode("utf-8", "replace")[:4000])
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        if not select.select([pipe], [], [], WAIT * cpu)[0]:  # it sleeps, which takes no CPU time
            os.kill(child, signal.SIGXCPU)
        told = pipe.read().decode("utf-8", "replace")
    _, status, used = os.wait4(child, 0)
    kind, _, what = told.partition("\n")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        kind, what = ("hang", f"more than {cpu} s") if number == signal.SIGXCPU else ("crash", f"signal {number}")
    return Outcome(kind or "crash", what, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024)


def _held_bytes() -> int:
    """Return the address space that this process has already: a limit below it would not even let the stack grow."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _run_here(target: Target, name: str, data: bytes) -> tuple[str, str]:
    try:
        target.run(data, name)
        return "ok", ""
    except InputError as error:
        cause = error.__cause__
        return (
            ("memory", describe_failure(cause)) if isinstance(cause, MemoryError) else ("named", type(error).__name__)
        )
    except ExtractorError as error:
        return "named", type(error).__name__
    except MemoryError as error:
        return "memory", describe_failure(error)
    except Unforeseen as error:
        return "crash", str(error)
    except Exception as error:
        return "crash", describe_failure(error)


def fuzz(
    names: list[str],
    seed: int,
    *,
    seconds: float | None,
    cases: int | None,
    cpu: int,
    memory: int,
    seeds: Path | None,
    only: bool = False,
) -> Iterator[tuple[str, int, str, bytes, Outcome]]:
    """Yield target, number, seed's name, input and outcome of case after case, the targets in turn.

    Ends after `cases` of each target, or after `seconds` in all. With `only`, the readers have no seeds but `seeds`.
    """
    targets = {name: make_readers(seeds, only) if name == "readers" else TARGETS[name](seeds) for name in names}
    end = time.monotonic() + seconds if seconds is not None else None
    for number in count() if cases is None else range(cases):
        for target, made in targets.items():
            if end is not None and time.monotonic() > end:
                return
            name, data = make_case(made, seed, number)
            yield target, number, name, data, run_case(made, name, data, cpu, memory)


def give_undamaged(
    names: list[str], *, cpu: int, memory: int, seeds: Path | None, only: bool = False
) -> Iterator[tuple[str, int, str, bytes, Outcome]]:
    """Yield target, number, name, input and outcome of every seed as it is."""
    for name in names:
        target = make_readers(seeds, only) if name == "readers" else TARGETS[name](seeds)
        for number, seed in enumerate(sorted(target.seeds)):
            yield name, number, seed, target.seeds[seed], run_case(target, seed, target.seeds[seed], cpu, memory)


def main(argv: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m eval.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seconds", type=float, help="how long (default: 60, unless --cases is given)")
    parser.add_argument("--cases", type=int, help="how many cases of each target")
    parser.add_argument("--seed", type=int, default=0, help="chooses the cases (default: 0)")
    parser.add_argument("--targets", default=",".join(TARGETS), help=f"some of {', '.join(TARGETS)} (default: all)")
    parser.add_argument("--seeds", type=Path, metavar="FOLDER", help="more documents for the readers")
    parser.add_argument("--only", type=Path, metavar="FOLDER", help="these documents for the readers, and no others")
    parser.add_argument("--undamaged", action="store_true", help="give every seed once, as it is")
    parser.add_argument("--slowest", type=int, default=0, metavar="N", help="list so many that took longest")
    parser.add_argument("--save", type=Path, metavar="FOLDER", help="keep the inputs that failed")
    parser.add_argument("--cpu", type=int, default=CPU_SECONDS, help="seconds of CPU time of a case (default: 20)")
    parser.add_argument("--memory", type=int, default=MEMORY_MEGABYTES, help="MB of a case (default: 3000)")
    arguments = parser.parse_args(argv)
    names = [name for name in TARGETS if name in arguments.targets.split(",")]
    if not names or len(names) != len(set(arguments.targets.split(","))):
        parser.error(f"--targets: choose from {', '.join(TARGETS)}")
    seconds = arguments.seconds if arguments.seconds is not None or arguments.cases is not None else 60.0
    os.environ.setdefault("EXTRACTOR_OCR_CACHE", "off")
    tally: dict[str, Counter[str]] = {name: Counter() for name in names}
    slowest: dict[str, Outcome] = {}
    given = {"cpu": arguments.cpu, "memory": arguments.memory, "seeds": arguments.only or arguments.seeds}
    given["only"] = arguments.only is not None
    if arguments.undamaged:
        found = give_undamaged(names, **given)
    else:
        found = fuzz(names, arguments.seed, seconds=seconds, cases=arguments.cases, **given)
    longest: list[tuple[float, str]] = []
    for target, number, name, data, outcome in found:
        tally[target][outcome.kind] += 1
        longest.append((outcome.seconds, f"{target} case {number}, from {name}, {len(data):,} bytes"))
        slowest[target] = max(slowest.get(target, outcome), outcome, key=lambda each: each.seconds)
        if outcome.kind in ("crash", "hang", "memory"):
            print(f"{target} case {number}, from {name}: {outcome.kind}: {outcome.what}", flush=True)
            if arguments.save:
                arguments.save.mkdir(parents=True, exist_ok=True)
                (arguments.save / f"{target}-{arguments.seed}-{number}-{Path(name).name[-60:]}").write_bytes(data)
    for spent, what in sorted(longest, reverse=True)[: arguments.slowest]:
        print(f"{spent:.1f} s: {what}")
    for target, counts in tally.items():
        told = ", ".join(f"{counts[kind]:,} {kind}" for kind in ("ok", "named", "crash", "hang", "memory"))
        most = f"; the slowest took {slowest[target].seconds:.1f} s" if target in slowest else ""
        print(f"{target}: {counts.total():,} cases: {told}{most}")
    return int(any(counts[kind] for counts in tally.values() for kind in ("crash", "hang", "memory")))


if __name__ == "__main__":
    sys.exit(main())
