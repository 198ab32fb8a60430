"""Jobs: every file is found once, and ends as a result or as a named error, whatever it does to its process."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from PIL import Image
from waiting import TIMEOUT, wait_until

from eval import endurance
from extractor import cli, jobs
from extractor.errors import ModelError, UsageError
from extractor.jobs import archives, lease_owner, runner, sources, worker_tasks, workers
from extractor.jobs.settings import JobSettings
from extractor.models.scripted import ScriptedModel
from extractor.readers import read_bytes
from extractor.readers.page_pool import ReadingTimeSettings
from extractor.schemas import load_schema
from extractor.store import Store

SCHEMA = load_schema(endurance.SCHEMA)
ODD = [
    "two\nlines.txt",
    "back\\slash\\x41.txt",
    "a!",
    "非.txt",
    b"\xff\xfe.txt".decode("utf-8", "surrogateescape"),
    "é" * 100,
]


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "store.db") as opened:
        yield opened


def write_texts(folder: Path, **texts: str) -> None:
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)


def run_job(store, *paths, load_model=None, name="j", stop=None, **limits):
    """Run a job on those paths to its end and return the report."""
    model = "none" if load_model is None else "scripted"
    job = jobs.start_job(store, SCHEMA, name, model=model, who="ann")
    store.jobs.add(job, jobs.find_files([str(p) for p in paths], store.files()))
    own = jobs.JobLimits(**{"workers": 2, "timeout": TIMEOUT} | limits)
    with jobs.JobRunner(store, job, SCHEMA, load_model, who="ann", limits=own, stop=stop) as runner:
        report = runner.drain()
    store.jobs.end(job, report.state, who="ann")
    return report


def failures(store, name="j"):
    """Return file name -> kind of failure, of the files that failed."""
    tasks = store.jobs.tasks(store.jobs.get(name), "failed", "set_aside")
    return {task.name.rpartition("/")[2]: task.kind for task in tasks}


# Finding files.


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_name_is_one_printable_line_and_leads_back_to_its_file(name, folder):
    path = folder / name
    path.write_text("x")
    (found,) = jobs.find_files([str(folder)])
    assert found.name.isprintable() and found.name.encode() and sources.split_name(found.name) == (str(path), None)
    member = sources.member_name(found.name, "in/" + name)
    assert sources.split_name(member) == (str(path), "in/" + name)


def test_folder_that_ends_in_an_exclamation_mark_is_no_archive(folder):
    (folder / "wow!").mkdir()
    (folder / "wow!" / "a.txt").write_text("x")
    (found,) = jobs.find_files([str(folder)])
    assert sources.split_name(found.name) == (str(folder / "wow!" / "a.txt"), None)


def test_special_files_are_reported_once_and_never_opened(folder, tmp_path):
    write_texts(folder, good="Total: 1\n", empty="")
    os.mkfifo(folder / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "outside.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "inside.txt").symlink_to(folder / "good.txt")
    (folder / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder / "self")
    (folder / "device").symlink_to("/dev/zero")
    (folder / ".hidden").write_text("x")
    found = list(jobs.find_files([str(folder)]))  # opening the pipe would never return
    assert len({f.name for f in found}) == len(found)
    assert {f.name.rpartition("/")[2]: f.kind for f in found} == {
        "good.txt": None,
        "empty.txt": None,
        "inside.txt": None,
        "pipe.txt": "not_a_file",
        "socket": "not_a_file",
        "outside.txt": "link",
        "loop": "link",
        "self": "unreadable",
        "device": "link",
    }


def test_store_inside_the_folder_is_not_a_document(folder):
    write_texts(folder, good="Total: 1\n")
    with Store(folder / "store.db") as store:
        assert run_job(store, folder).counts.found == 1
        assert run_job(store, folder).counts.found == 1


def test_missing_files_and_patterns_without_a_match_are_reported(folder):
    write_texts(folder, a="x", b="y")
    found = list(jobs.find_files([str(folder / "*.txt"), str(folder / "*.pdf"), str(folder / "no.txt")]))
    assert [f.kind for f in found] == [None, None, "missing", "missing"]


def test_file_that_became_a_pipe_is_refused_without_waiting(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(sources.UnusableFile, match="no regular file"):
        sources.fingerprint(str(folder / "pipe"))
    with pytest.raises(sources.UnusableFile, match="gone"):
        sources.fingerprint(str(folder / "gone"))


def test_vanished_empty_unknown_and_huge_files_fail_with_their_kind(store, folder):
    write_texts(folder, good="Total: 1\n", gone="Total: 2\n", empty="")
    (folder / "program").write_bytes(b"\x7fELF\x00\x01")
    with open(folder / "huge.txt", "wb") as huge:
        huge.truncate(101 * 2**20)
    job = jobs.start_job(store, SCHEMA, "j", model="none", who="ann")
    store.jobs.add(job, jobs.find_files([str(folder)]))
    (folder / "gone.txt").unlink()
    report = run_job(store, folder / "good.txt")
    assert failures(store) == {
        "gone.txt": "missing",
        "empty.txt": "unreadable",
        "program": "unreadable",
        "huge.txt": "too_large",
    }
    assert report.counts.done == 1 and report.counts.found == 5


# Archives.


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
    else:
        with tarfile.open(path, "w:gz") as archive:
            for name, data in files.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
    return path


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_members_of_an_archive_become_documents(end, store, folder):
    files = {
        "a.txt": b"Total: 1\n",
        "sub/b.txt": b"Total: 2\n",
        "sub/.c": b"x",
        "d.zip": b"PK",
        "../up.txt": b"Total: 3\n",
    }
    write_archive(folder / f"all.{end}", files)
    report = run_job(store, folder)
    assert report.counts.done == 3 and failures(store) == {"d.zip": "archive_in_archive"}
    names = [source.name.partition("all.")[2] for source in store.sources()]
    assert sorted(names) == [f"{end}!/../up.txt", f"{end}!/a.txt", f"{end}!/sub/b.txt"]
    assert list(folder.iterdir()) == [folder / f"all.{end}"]
    assert run_job(store, folder).counts == report.counts


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_decompression_bomb_exceeds_the_limits(end, folder, monkeypatch):
    monkeypatch.setattr(archives, "MAX_TOTAL", 3 * 2**20)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    bomb = write_archive(folder / f"bomb.{end}", {"a.txt": bytes(4 * 2**20)})
    if end == "zip":
        (found,) = archives.list_members(str(bomb), "bomb", "s")
        assert found.kind == "too_large"
        with pytest.raises(sources.UnusableFile, match="100 times"):
            archives.read_member(str(bomb), "a.txt")
    else:
        with pytest.raises(sources.UnusableFile, match="unpacks to more"):
            archives.list_members(str(bomb), "bomb", "s")
    crowd = write_archive(folder / f"crowd.{end}", {f"{n}.txt": b"x" for n in range(6)})
    with pytest.raises(sources.UnusableFile, match="more than 5 files"):
        archives.list_members(str(crowd), "crowd", "s")


@pytest.mark.parametrize("end", ["zip", "tar.gz"])
def test_broken_archive_fails_with_its_kind(end, store, folder):
    whole = write_archive(folder / f"a.{end}", {"a.txt": os.urandom(5000)}).read_bytes()
    (folder / f"a.{end}").write_bytes(whole[:2000])
    assert run_job(store, folder).counts.failed == 1
    assert failures(store) == {f"a.{end}": "broken_archive"}


# Identity.


def test_known_content_is_not_extracted_again(store, folder):
    for n in range(6):
        write_texts(folder, **{f"f{n}": f"Total: {n}\n"})
    assert run_job(store, folder).counts.done == 6
    run_job(store, folder)
    actions = [entry.action for entry in store.audit.entries()]
    assert len(actions) == 6 + 4 and actions.count("extracted") == 6  # the second run only begins and ends
    for n in range(6):
        (folder / f"f{n}.txt").rename(folder / f"g{n}.txt")
    write_texts(folder, g0="Total: 9\n")
    for n in range(5):
        (folder / f"copy{n}.txt").write_bytes((folder / "g1.txt").read_bytes())
    counts = run_job(store, folder, name="again").counts
    assert (counts.done, counts.reused, counts.found) == (1, 10, 11)
    same = store.sources(store.records.get(2).document) + store.sources(store.records.get(1).document)
    assert len(list(store.records)) == 7 and len(same) >= 2


def test_changed_file_is_extracted_again(store, folder):
    write_texts(folder, a="Total: 1\n", b="Total: 2\n")
    run_job(store, folder)
    write_texts(folder, b="Total: 3\n")
    assert run_job(store, folder).counts.done == 2
    assert len(list(store.records)) == 3


# Files that harm the process that reads them.


def misbehave(name, sha, schema, lessons=None):
    """Do what the file says, then read it as ever."""
    text = Path(name).read_text()
    if "crash" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "leave" in text:
        os._exit(7)
    if "hang" in text:
        time.sleep(1000)
    if "memory" in text:
        worker_tasks.read_bytes = lambda data, source: bytearray(1 << 40)
    if "loud" in text and not os.path.samestat(os.fstat(2), os.stat(os.devnull)):
        os._exit(8)  # what parsers print would be seen
    try:
        return worker_tasks.read_and_extract(name, sha, schema)
    finally:
        worker_tasks.read_bytes = read_bytes


def read_with_dying_ocr(name, sha, schema, lessons=None):
    """Read a document with an OCR engine that ends its process on every picture."""
    from extractor import ocr

    ocr.read_page = lambda picture, dpi: os.kill(os.getpid(), signal.SIGSEGV)
    return worker_tasks.read_and_extract(name, sha, schema, lessons)


def test_ocr_engine_that_dies_costs_only_the_documents_that_need_it(store, folder, monkeypatch):
    write_texts(folder, a="Total: 1\n", b="Total: 2\n")
    Image.new("L", (80, 80), 90).save(folder / "scan.png")
    monkeypatch.setattr(runner.worker_tasks, "read_and_extract", read_with_dying_ocr)
    report = run_job(store, folder)
    assert failures(store) == {"scan.png": "crashed"} and report.counts.done == 2


def raising(text, source):
    if "deep" in text.decode():
        return raising(text, source)
    if "wrong" in text.decode():
        raise ValueError(f"the document says {text!r}")
    return None


def test_crash_hang_and_memory_are_errors_of_that_file_alone(store, folder, monkeypatch):
    plain = {f"ok{n}": f"Total: {n}\n" for n in range(6)}
    write_texts(folder, **plain, crash="crash", leave="leave", hang="hang", memory="memory", loud="Total: 7, loud")
    real = worker_tasks.read_and_extract
    monkeypatch.setattr(runner.worker_tasks, "read_and_extract", misbehave)
    report = run_job(store, folder, timeout=6)
    monkeypatch.setattr(runner.worker_tasks, "read_and_extract", real)
    assert failures(store) == {
        "crash.txt": "crashed",
        "leave.txt": "crashed",
        "hang.txt": "time_limit",
        "memory.txt": "out_of_memory",
    }
    counts = report.counts
    assert (counts.done, counts.set_aside, counts.failed, counts.left) == (7, 2, 2, 0)
    deaths = {task.name.rpartition("/")[2]: task.deaths for task in store.jobs.tasks(store.jobs.get("j"), "set_aside")}
    assert deaths == {"crash.txt": 3, "leave.txt": 3}
    with Store(folder.parent / "other.db") as other:
        run_job(other, *(folder / f"{name}.txt" for name in (*plain, "loud")))
        assert sorted(r.data["total"] for r in other.records) == sorted(r.data["total"] for r in store.records)


class Fatal:
    """A result that kills the process that sends it."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)


def collect(pool: workers.ProcessPool) -> dict[object, object]:
    """Return ticket -> result of all calls."""
    results = {}
    while pool.running or pool.queued:
        workers.wait_for_results([pool], 1.0)
        results |= {ticket: result for ticket, result, _ in pool.results()}
    return results


def test_worker_killed_while_idle_is_given_no_call_although_its_end_is_not_reported_yet(monkeypatch):
    pool = workers.ProcessPool(1, worker_tasks.init_model_worker, (os.getpid(),))
    try:
        pool.submit(workers.Call("process", os.getpid, ()))
        idle = psutil.Process(collect(pool)["process"])
        monkeypatch.setattr("multiprocessing.process.BaseProcess.is_alive", lambda process: True)
        idle.kill()
        idle.wait(TIMEOUT)
        pool.submit(workers.Call("next", abs, (-1,), timeout=TIMEOUT))
        assert collect(pool) == {"next": 1}
    finally:
        pool.stop()


def test_worker_killed_while_idle_or_while_sending_ends_no_other_call():
    pool = workers.ProcessPool(2, worker_tasks.init_model_worker, (os.getpid(),))
    try:
        pool.submit(workers.Call("process", os.getpid, ()))
        idle = psutil.Process(collect(pool)["process"])
        idle.kill()
        idle.wait(TIMEOUT)
        for n in range(3):
            pool.submit(workers.Call(n, abs, (-n,), timeout=TIMEOUT))
        assert collect(pool) == {n: n for n in range(3)}
        pool.submit(workers.Call("fatal", Fatal, ()))
        for n in range(3):
            pool.submit(workers.Call(n, abs, (-n,), timeout=TIMEOUT))
        assert collect(pool) == {"fatal": workers.WorkerDied(False, -signal.SIGKILL)} | {n: n for n in range(3)}
    finally:
        pool.stop()


def hang(place: Path) -> None:
    """Write down the process, and never return."""
    place.write_text(str(os.getpid()))
    time.sleep(1000)


def return_from_another_process(place: Path) -> str:
    """Return only where the process is not the one that `hang` wrote down."""
    while not place.exists() or int(place.read_text() or os.getpid()) == os.getpid():
        time.sleep(0.05)
    return "returned"


def test_timeout_of_one_call_spares_those_beside_it(tmp_path):
    pool = workers.ProcessPool(1, worker_tasks.init_model_worker, (os.getpid(),), concurrency=2)
    try:
        pool.submit(workers.Call("hangs", hang, (tmp_path / "process",), timeout=1))
        for n in range(3):
            pool.submit(workers.Call(n, return_from_another_process, (tmp_path / "process",), timeout=TIMEOUT))
        assert collect(pool) == {"hangs": workers.WorkerDied(True)} | dict.fromkeys(range(3), "returned")
    finally:
        pool.stop()


def test_readers_give_way_to_the_model():
    niceness = JobSettings.current().reader_niceness
    readers = workers.ProcessPool(1, worker_tasks.init_reader, (4096, os.getpid(), niceness))
    readers.submit(workers.Call(None, os.nice, (0,)))
    while readers.running:
        workers.wait_for_results([readers], 0.1)
        [found] = [result for _, result, _ in readers.results()] or [None]
    readers.stop()
    assert found == min(19, os.nice(0) + niceness)


def test_unforeseen_error_names_its_place_and_quotes_no_document(monkeypatch, folder):
    write_texts(folder, a="wrong 4111 1111 1111 1111", b="deep")
    monkeypatch.setattr(worker_tasks, "read_bytes", raising)
    for name, kind in (("a", "error"), ("b", "too_deep")):
        file = folder / f"{name}.txt"
        failure = worker_tasks.read_document(str(file), hashlib.sha256(file.read_bytes()).hexdigest())
        assert failure.kind == kind and "4111" not in failure.message
        assert kind != "error" or "ValueError" in failure.message


def test_time_limit_of_a_job_leaves_the_reader_time_to_end(monkeypatch, folder):
    seen = []
    monkeypatch.setattr(worker_tasks, "_time_limit", 100.0)
    monkeypatch.setattr(
        worker_tasks,
        "read_bytes",
        lambda data, name: seen.append(ReadingTimeSettings.current()) or read_bytes(data, name),
    )
    (folder / "a.txt").write_text("Total: 1\n")
    sha = hashlib.sha256(b"Total: 1\n").hexdigest()
    assert isinstance(worker_tasks.read_document(str(folder / "a.txt"), sha), worker_tasks.ReadResult)
    assert seen[0].seconds == worker_tasks.SHARE_FOR_READING * 100 and ReadingTimeSettings.current().seconds > 100


def test_file_that_changes_while_it_is_read_fails_as_changed(folder):
    write_texts(folder, a="Total: 1\n")
    assert worker_tasks.read_document(str(folder / "a.txt"), "0" * 64).kind == "changed"


# Models.


def partly_failing_model():
    """Return a model that dies at one document, fails at another, and answers the rest."""

    def answer(row, request):
        if "poison" in request.prompt:
            os._exit(3)
        if "too long" in request.prompt:
            raise ModelError("The prompt is too long.", "Cut it.")
        keys = re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE)
        return json.dumps(dict.fromkeys(keys, "fine"))

    return ScriptedModel(answer)


def unknown_model():
    raise ModelError("there is no model called x", "Give another name.")


def failing_model():
    def answer(row, request):
        raise ModelError("The server is gone.", "Start it.")

    return ScriptedModel(answer)


def pairwise_model():
    """Return a model that answers only when two documents are put to it at a time."""
    both = threading.Barrier(2)

    def answer(row, request):
        both.wait(TIMEOUT)
        return json.dumps(dict.fromkeys(re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE), "fine"))

    return ScriptedModel(answer)


def hanging_model():
    """Return a model that never answers one document, and answers the others at once."""

    def answer(row, request):
        if "for ever" in request.prompt:
            time.sleep(1000)
        return json.dumps(dict.fromkeys(re.findall(r"^- ([^:\n]+):", row.question, re.MULTILINE), "fine"))

    return ScriptedModel(answer)


def test_model_answers_several_documents_at_a_time(store, folder):
    write_texts(folder, **{f"d{n}": f"Total: {n}\n" for n in range(4)})
    assert run_job(store, folder, load_model=pairwise_model).counts.done == 4


def test_document_that_the_model_never_answers_exceeds_the_time_limit(store, folder):
    write_texts(folder, a="Take for ever.", **{f"d{n}": f"Total: {n}\n" for n in range(3)})
    report = run_job(store, folder, load_model=hanging_model, batch=2, model_timeout=8)
    assert failures(store) == {"a.txt": "time_limit"} and report.counts.done == 3
    assert all(task.deaths == 0 for task in store.jobs.tasks(store.jobs.get("j")))


def test_crash_and_failure_of_the_model_are_errors_of_that_document(store, folder):
    write_texts(folder, a="Total: 1\nIt was fine.\n", b="poison\nTotal: 2\n", c="too long\nTotal: 3\n")
    report = run_job(store, folder, load_model=partly_failing_model)
    assert failures(store) == {"b.txt": "crashed", "c.txt": "model"}
    (record,) = store.records
    assert record.data["remark"] == "fine" and record.result["run"]["model"] == "scripted"
    assert store.jobs.get("j").version.weights == "0" * 64
    assert "load" in report.stages


def test_model_that_cannot_be_loaded_ends_the_job_and_loses_nothing(store, folder):
    write_texts(folder, **{f"f{n}": f"Total: {n}\n" for n in range(12)})
    with pytest.raises(ModelError, match="no model called x"):
        run_job(store, folder, load_model=unknown_model)
    with pytest.raises(ModelError, match="fails at every document"):
        run_job(store, folder, load_model=failing_model)
    with pytest.raises(UsageError, match="other settings"):
        run_job(store, folder)
    assert run_job(store, folder, load_model=partly_failing_model).counts.done + len(failures(store)) == 12


# Stopping.


def test_killed_job_resumes_with_nothing_lost_or_done_twice():
    assert endurance.kill(60, 2, seed=3, longest=4.0)["kills"] == 2


def test_full_disk_loses_no_document_that_was_reported_done():
    assert endurance.full(60, 1_500_000)["stored"] < 60


def test_two_processes_share_one_job(tmp_path):
    endurance.make_documents(tmp_path / "in", 40)
    both = [endurance.start_work(tmp_path / "store.db", tmp_path / "in") for _ in range(2)]
    assert [p.wait(TIMEOUT) for p in both] == [0, 0]
    endurance.verify(tmp_path / "store.db", 40)
    for process in both:
        process.communicate()


@pytest.mark.parametrize(
    ("number", "engine"), [(signal.SIGTERM, "local"), (signal.SIGINT, "local"), (signal.SIGTERM, "ray")]
)
def test_signal_stops_a_job_and_leaves_no_process(number, engine, tmp_path):
    endurance.make_documents(tmp_path / "in", 1000)
    place = tmp_path / "store.db"
    command = [sys.executable, "-m", "extractor.cli", "run", str(tmp_path / "in"), "--schema", "receipt"]
    command += ["--model", "none", "--job", "j", "--store", str(place), "--engine", engine, "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: place.exists() and done(place))
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    process.send_signal(number)
    out, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert re.search(r"job j stopped: 1,000 found = [\d,]+ done \+ .* \+ [\d,]+ left", out)
    wait_until(lambda: not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in family))
    with Store(place) as store:
        assert store.jobs.lease_owners() == [] and store.jobs.get("j").state == "stopped"


def done(place: Path) -> int:
    """Return how many tasks are done, asking the database alone: to open the store again and again costs much more."""
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(place)) as connection:
        return connection.execute("SELECT COUNT(*) FROM tasks WHERE state = 'done'").fetchone()[0]
    return 0


def test_owner_whose_process_is_gone_is_dead():
    me = lease_owner.new_owner()
    assert not lease_owner.is_dead(me)
    machine, _, started, nonce = me.split("|")
    assert lease_owner.is_dead("|".join((machine, "999999999", started, nonce)))
    assert lease_owner.is_dead("|".join((machine, str(os.getpid()), "1.00", nonce)))
    assert not lease_owner.is_dead("|".join(("elsewhere", "999999999", started, nonce)))


def test_owner_lives_on_when_the_system_clock_is_set(monkeypatch):
    me = lease_owner.new_owner()
    created = psutil.Process().create_time()
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: created + 86400)
    assert not lease_owner.is_dead(me)


# Memory.


def test_main_process_does_not_grow():
    found = endurance.many(300)
    assert found["memory_growth_mb"] < 20


# Watching.


def test_watched_file_is_reported_when_it_has_stopped_growing(folder, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("extractor.jobs.watch.time", SimpleNamespace(monotonic=lambda: clock[0]))
    stop = threading.Event()
    watching = jobs.watch_folder(str(folder), 10.0, stop)

    def reported(at: float, ticks: int = 1) -> list[str]:
        """Return the files that are reported while the clock stands still at that time."""
        clock[0] = at
        return [file.name.rpartition("/")[2] for _ in range(ticks) for file in next(watching)]

    write_texts(folder, there="x")
    assert reported(0) == [] and reported(10) == ["there.txt"]
    write_texts(folder, new="more\n")
    os.mkfifo(folder / "pipe")
    assert reported(20, ticks=3) == []
    write_texts(folder, new="more\nand more\n")
    assert reported(29) == [] and reported(30) == ["pipe"] and reported(38) == []
    assert reported(39) == ["new.txt"] and reported(60) == []
    write_texts(folder, there="changed")
    assert reported(70, ticks=3) == [] and reported(80) == ["there.txt"]
    stop.set()
    assert list(watching) == []


# The command line.


def test_job_from_the_command_line(folder, tmp_path, capsys):
    write_texts(folder, a="Total: 1\n", b="")
    where = ["--store", str(tmp_path / "own.db")]
    run = ["run", str(folder), "--schema", "receipt", "--model", "none", "--job", "j", *where]
    assert cli.main(run) == 3
    told = capsys.readouterr()
    assert told.out.startswith("job j finished: 2 found = 1 done + 0 reused + 1 failed + 0 set aside + 0 left\n")
    assert cli.main(["status", *where]) == 0 and "unreadable 1" in capsys.readouterr().out
    assert cli.main(["status", "j", *where]) == 0 and "b.txt: unreadable: " in capsys.readouterr().out
    assert cli.main(["status", "j", "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out)["failures"] == {"unreadable": 1}
    write_texts(folder, b="Total: 2\n")
    assert cli.main(["retry", "j", "--kind", "time_limit", *where]) == 3
    assert cli.main(["retry", "j", *where]) == 0
    assert "2 done" in capsys.readouterr().out
    assert cli.main(["cancel", "j", *where]) == 0
    assert cli.main(["store", "verify", *where]) == 0 and "as it was written" in capsys.readouterr().out
    assert cli.main(["store", "head", *where]) == 0
    head = capsys.readouterr().out.strip()
    assert cli.main(["store", "verify", head, *where]) == 0
    assert cli.main(["store", "backup", str(tmp_path / "copy.db"), *where]) == 0
    assert cli.main(["store", "verify", "--store", str(tmp_path / "copy.db")]) == 0
    assert cli.main(["store", "verify", head[:-1] + ("0" if head[-1] != "0" else "1"), *where]) == 6
    assert cli.main(["status", "no", *where]) == 3
    assert cli.main(["watch", str(folder / "no"), "--schema", "receipt", *where]) == 3


def test_empty_folder_is_an_error(folder, tmp_path, capsys):
    run = ["run", str(folder), "--schema", "receipt", "--model", "none", "--store", str(tmp_path / "own.db")]
    assert cli.main(run) == 3
    assert "No documents" in capsys.readouterr().err


def test_job_that_an_error_ended_is_stopped(folder, tmp_path, capsys):
    write_texts(folder, a="Total: 1\n")
    place = str(tmp_path / "store.db")
    run = ["run", str(folder), "-s", "receipt", "--model", "/no/such.gguf", "--store", place, "--job", "j"]
    assert cli.main(run) == 5
    assert cli.main(["status", "--store", place]) == 0
    assert "job j stopped: 1 found = 0 done" in capsys.readouterr().out
