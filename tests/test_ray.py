"""Ray: the same records as the local engine makes, nothing done twice, and a file that dies takes only itself."""

from __future__ import annotations

import pytest

from eval import endurance
from extractor import jobs
from extractor.jobs import ray as on_ray
from extractor.schemas import load_schema
from extractor.store import Store

SCHEMA = load_schema(endurance.SCHEMA)


def worked(store, folder, kind, name="j"):
    job = jobs.start_job(store, SCHEMA, name, model="scripted", who="ann")
    store.jobs.add(job, jobs.find_files([str(folder)]))
    with kind(store, job, SCHEMA, endurance.scripted, who="ann", limits=jobs.JobLimits(workers=1)) as at:
        report = at.drain()
    store.jobs.end(job, report.state, who="ann")
    return report


def records(store):
    said = {}
    for record in store.records:
        said[record.document] = dict(record.result) | {"run": dict(record.result["run"]) | {"seconds": None}}
    return said


@pytest.fixture
def folder(tmp_path):
    endurance.make_documents(tmp_path / "in", 5)
    (tmp_path / "in" / "empty.txt").write_text("")
    return tmp_path / "in"


def test_ray_makes_the_same_records_and_does_nothing_twice(folder, tmp_path):
    with Store(tmp_path / "local.db") as store:
        here = worked(store, folder, jobs.JobRunner)
        expected = records(store)
    with Store(tmp_path / "ray.db") as store:
        there = worked(store, folder, on_ray.RayRunner)
        assert (there.state, there.counts.done, there.counts.failures) == ("finished", 5, {"unreadable": 1})
        assert there.counts == here.counts and records(store) == expected
        entries = sum(1 for _ in store.audit.entries())
        again = jobs.start_job(store, SCHEMA, "j", model="scripted", who="ann")
        assert store.jobs.add(again, jobs.find_files([str(folder)])) == 0 and store.jobs.counts(again).left == 0
        assert sum(entry.action == "extracted" for entry in store.audit.entries()) == 5 and entries > 5
