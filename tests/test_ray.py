"""Ray: the same records as the local runner makes, and nothing is done twice."""

from __future__ import annotations

import contextlib

import psutil
import pytest

from eval import endurance
from extractor import jobs
from extractor.jobs import ray_runner as on_ray
from extractor.schemas import load_schema
from extractor.store import Store

SCHEMA = load_schema(endurance.SCHEMA)


def run_job(store, folder, runner_class, name="j"):
    job = jobs.start_job(store, SCHEMA, name, model="scripted", who="ann")
    store.jobs.add(job, jobs.find_files([str(folder)]))
    with runner_class(store, job, SCHEMA, endurance.scripted, who="ann", limits=jobs.JobLimits(workers=1)) as runner:
        report = runner.drain()
    store.jobs.end(job, report.state, who="ann")
    return report


def records(store):
    """Return SHA-256 -> result of every record, without its times."""
    results = {}
    for record in store.records:
        results[record.document] = dict(record.result) | {"run": dict(record.result["run"]) | {"seconds": None}}
    return results


@pytest.fixture
def folder(tmp_path):
    endurance.make_documents(tmp_path / "in", 5)
    (tmp_path / "in" / "empty.txt").write_text("")
    return tmp_path / "in"


def test_ray_makes_the_same_records_and_does_nothing_twice(folder, tmp_path):
    with Store(tmp_path / "local.db") as store:
        local = run_job(store, folder, jobs.JobRunner)
        expected = records(store)
    with Store(tmp_path / "ray.db") as store:
        remote = run_job(store, folder, on_ray.RayRunner)
        assert (remote.state, remote.counts.done, remote.counts.failures) == ("finished", 5, {"unreadable": 1})
        assert remote.counts == local.counts and records(store) == expected
        entries = sum(1 for _ in store.audit.entries())
        again = jobs.start_job(store, SCHEMA, "j", model="scripted", who="ann")
        assert store.jobs.add(again, jobs.find_files([str(folder)])) == 0 and store.jobs.counts(again).left == 0
        assert sum(entry.action == "extracted" for entry in store.audit.entries()) == 5 and entries > 5


def actors() -> list[psutil.Process]:
    """Return the processes of Ray's actors that read or answer, the oldest first."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.cmdline() and process.cmdline()[0].startswith(("ray::Map", "ray::_Map")):
                found.append(process)
    return sorted(found, key=lambda process: process.pid)


class KillingRunner(on_ray.RayRunner):
    """A runner on Ray that kills one actor after another, each time that so many more results have come."""

    every = 8

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.killed: list[int] = []
        self._taken = 0

    def _take(self, *arguments) -> None:
        super()._take(*arguments)
        self._taken += 1
        if self._taken % self.every == 0:
            victim = next((actor for actor in actors() if actor.pid not in self.killed), None)
            if victim is not None:
                victim.kill()
                self.killed.append(victim.pid)


def test_actors_that_are_killed_one_after_another_cost_no_document(tmp_path):
    endurance.make_documents(tmp_path / "in", 40)
    with Store(tmp_path / "store.db") as store:
        job = jobs.start_job(store, SCHEMA, "j", model="scripted", who="ann")
        store.jobs.add(job, jobs.find_files([str(tmp_path / "in")]))
        limits = jobs.JobLimits(workers=2)
        with KillingRunner(store, job, SCHEMA, endurance.scripted, who="ann", limits=limits) as runner:
            report = runner.drain()
        store.jobs.end(job, report.state, who="ann")
        assert len(runner.killed) >= 2
        assert (report.state, report.counts.done, report.counts.left) == ("finished", 40, 0)
        assert sum(entry.action == "extracted" for entry in store.audit.entries()) == 40
        assert store.audit.verify() == []
