"""Processes killed around commits: the store is as before or after, and every function that commits is tried."""

from __future__ import annotations

import itertools

import pytest

from eval import kill_points
from eval.postgres_server import serve_postgres


def test_every_function_that_commits_is_a_point():
    points = kill_points.all_points()
    assert {"records.add", "job_queue.record_outcomes", "database._migrate"} <= set(points)
    assert not any(point.endswith(".reading") for point in points)


def test_store_killed_around_commits_is_as_before_or_after():
    figures = kill_points.on_sqlite(every=15)
    assert figures["points"] == len(kill_points.all_points()) and figures["kills"] == 2 * -(-figures["commits"] // 15)


def test_store_killed_in_a_migration_is_of_the_version_before_or_after(tmp_path):
    first = str(tmp_path / "first.db")
    kill_points.make_first_store(first)
    before = kill_points.hash_content(first)
    commits = kill_points.note_commits(kill_points.copy_store(first, tmp_path / "whole.db"))
    for number in (0, 3):  # the two that compute values for rows that exist
        assert commits[number].point == "database._migrate"
        for moment in ("before", "after"):
            place = kill_points.copy_store(first, tmp_path / f"{number}{moment}.db")
            assert kill_points.kill_at(place, number, moment)
            expected = [before, *(commit.content for commit in commits)][number + (moment == "after")]
            assert kill_points.hash_content(place) == expected
            assert kill_points.find_faults(place) == []


def test_client_of_postgresql_killed_around_commits_leaves_it_as_before_or_after():
    with serve_postgres() as server:
        assert kill_points.on_postgresql(server, every=40)["kills"] == 4


def test_a_commit_that_is_not_whole_is_found(monkeypatch):
    numbers = itertools.count()
    monkeypatch.setattr(kill_points, "hash_content", lambda place: str(next(numbers)))
    with pytest.raises(AssertionError, match="another state"):
        kill_points.on_sqlite(every=1000)
