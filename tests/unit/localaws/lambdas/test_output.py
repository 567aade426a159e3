from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import pytest

from pytest_rollbacklab.localaws.lambdas.output import EventSplitter, OutputPipe

TEXT, ERROR, JSON_INFO = b"\xa5\x5a\x00\x03", b"\xa5\x5a\x00\x17", b"\xa5\x5a\x00\x0e"


def frame(message: bytes, kind: bytes = TEXT) -> bytes:
    return kind + len(message).to_bytes(4, "big") + (1_700_000_000_000_000).to_bytes(8, "big") + message


def split(*pieces: bytes) -> list[bytes]:
    splitter = EventSplitter()
    return [event for piece in pieces for event in splitter.feed(piece)] + splitter.flush()


def test_each_line_is_an_event_with_its_newline():
    assert split(b"multi\nline\nstring\n") == [b"multi\n", b"line\n", b"string\n"]


def test_a_carriage_return_does_not_split():
    assert split(b"another\rline\nwindows\r\n") == [b"another\rline\n", b"windows\r\n"]


def test_an_empty_line_is_an_event():
    assert split(b"\n\nx\n") == [b"\n", b"\n", b"x\n"]


def test_a_line_comes_in_pieces():
    assert split(b"he", b"llo\nwor", b"ld") == [b"hello\n", b"world"]


@pytest.mark.parametrize("kind", [TEXT, ERROR, JSON_INFO])
def test_a_frame_is_one_event_whatever_is_in_it(kind):
    traceback = b"[ERROR] NameError\nTraceback:\n  line\n"
    assert split(frame(traceback, kind)) == [traceback]


def test_lines_and_frames_keep_their_order():
    mixed = b"before\n" + frame(b"one\ntwo") + b"between\n" + frame(b"three") + b"after"
    assert split(mixed) == [b"before\n", b"one\ntwo", b"between\n", b"three", b"after"]


def test_an_unfinished_line_is_an_event_of_its_own_before_a_frame():
    assert split(b"no newline" + frame(b"framed\n")) == [b"no newline", b"framed\n"]


@pytest.mark.parametrize("cut", range(1, 40))
def test_it_does_not_matter_where_the_bytes_are_cut(cut):
    stream = b"line\nrest" + frame(b"framed\nmessage") + b"end\n"
    assert split(stream[:cut], stream[cut:]) == [b"line\n", b"rest", b"framed\nmessage", b"end\n"]


def test_a_frame_that_never_becomes_whole_is_not_lost():
    assert split(b"line\n" + frame(b"long message")[:-4]) == [b"line\n", frame(b"long message")[:-4]]


def test_binary_output_that_looks_like_a_frame_is_let_through():
    binary = b"\xa5\x5a\x00\xff" + bytes(20) + b"\n"
    assert b"".join(split(binary + b"next\n")) == binary + b"next\n"
    endless = TEXT + b"\xff\xff\xff\xff" + bytes(8) + b"x\n"
    assert b"".join(split(endless + b"next\n")) == endless + b"next\n"
    assert split(endless + b"next\n")[-1] == b"next\n"


def test_a_text_of_the_same_letters_is_text():
    text = "¥Z is no frame\n".encode()
    assert split(text) == [text]


def test_a_line_without_end_is_cut_at_the_limit_of_an_event():
    splitter = EventSplitter()
    events = splitter.feed(b"x" * (256 * 1024 + 10))
    assert [len(event) for event in events] == [256 * 1024]
    assert splitter.flush() == [b"x" * 10]


class Events(list):
    """The events that have come out of a pipe."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def extend(self, events) -> None:
        super().extend(events)
        self._more.set()

    async def more(self) -> None:
        await asyncio.wait_for(self._more.wait(), timeout=5)


def collect(scenario):
    """Run a scenario with a pipe and the events that come out of it."""

    async def run():
        events = Events()
        pipe = OutputPipe(events.extend)
        try:
            await scenario(pipe, events)
        finally:
            pipe.close()

    asyncio.run(run())


def test_what_has_been_written_is_there_at_once_when_drained():
    async def scenario(pipe, events):
        os.write(pipe.write_end, b"line\nunfinished")
        assert events == []
        pipe.drain()
        assert events == [b"line\n", b"unfinished"]

    collect(scenario)


def test_output_is_handed_on_as_it_comes():
    async def scenario(pipe, events):
        os.write(pipe.write_end, b"line\n")
        await events.more()
        assert events == [b"line\n"]

    collect(scenario)


def test_draining_does_not_wait_for_a_writer_that_never_stops():
    async def scenario(pipe, events):
        stop, full = threading.Event(), threading.Event()

        def write():
            while not stop.is_set():
                os.write(pipe.write_end, b"again and again\n" * 100)
                full.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert full.wait(5)
        for _ in range(20):
            pipe.drain()
        assert b"again and again\n" in events
        stop.set()
        while writer.is_alive():
            pipe.drain()
        writer.join()

    collect(scenario)


def test_the_end_of_all_writers_ends_the_pipe_with_what_is_left():
    async def scenario(pipe, events):
        os.write(pipe.write_end, b"last words")
        pipe.close_write_end()
        await events.more()
        assert events == [b"last words"]
        pipe.drain()

    collect(scenario)


def test_closing_hands_on_what_is_left_and_leaves_no_descriptor():
    before = len(list(Path("/dev/fd").iterdir()))

    async def scenario(pipe, events):
        os.write(pipe.write_end, b"left")
        pipe.close()
        assert events == [b"left"]

    collect(scenario)
    assert len(list(Path("/dev/fd").iterdir())) == before
