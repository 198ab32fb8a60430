"""Garbage is looked for less often while documents are read, and as before afterwards."""

import gc
import threading

import pytest

from extractor.readers import read_bytes
from extractor.readers.garbage import collecting_seldom


def test_thresholds_are_put_back():
    usual = gc.get_threshold()
    with collecting_seldom():
        assert gc.get_threshold() > usual
        with pytest.raises(ValueError), collecting_seldom():
            raise ValueError
        assert gc.get_threshold() > usual
    assert gc.get_threshold() == usual


def test_the_last_of_several_threads_puts_them_back():
    usual, inside, leave = gc.get_threshold(), threading.Event(), threading.Event()

    def read():
        with collecting_seldom():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=read)
    with collecting_seldom():
        thread.start()
        assert inside.wait(10)
    assert gc.get_threshold() > usual
    leave.set()
    thread.join()
    assert gc.get_threshold() == usual


def test_reading_puts_them_back():
    usual = gc.get_threshold()
    read_bytes(b"Total: 12.00\n", "note.txt")
    assert gc.get_threshold() == usual
