"""How fast the review is with 60 pages and 280 fields; `python -m eval.screen` measures it on a quiet machine."""

from __future__ import annotations

from eval import screen

pytest_plugins = ["browser"]
SLACK = 5.0
"""A machine that runs other tests at the same time takes so much longer."""


def test_focus_next_and_save_are_quick(page, long_report, monkeypatch):
    from screen_steps import go_to

    monkeypatch.setattr(screen, "FOCUSED", 24)
    monkeypatch.setattr(screen, "OPENED", 2)
    monkeypatch.setattr(screen, "SAVED", 6)
    records = [long_report() for _ in range(3)]
    go_to(page, records[0])
    found = screen.measure(page)
    print("\n".join(found.lines()))
    for name, limit in screen.LIMITS.items():
        assert found.medians[name] < SLACK * limit, found.lines()
    words = page.locator(".review .page *").count()
    assert words < 1000, "a page's words are no elements of their own"
