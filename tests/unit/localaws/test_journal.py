"""The journal: what was committed is there again, whatever ended the process, and nothing else is."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pytest_rollbacklab.errors import StateError
from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.journal.answers import keep_first
from pytest_rollbacklab.localaws.journal.directory import open_directory
from pytest_rollbacklab.localaws.journal.file import JournalFile, Reading
from pytest_rollbacklab.localaws.journal.journal import Journal

HERE = Scope(account_id="1", region="r")
THERE = Scope(account_id="2", region="r")


class Things:
    """A part: numbered lists by key, which grow by events."""

    def __init__(self, journal: Journal, name: str = "things") -> None:
        self.name = name
        self.journal = journal
        self.held: dict[tuple[Scope, str], list[Any]] = {}
        self.dumps: list[str] = []
        self.restored: list[str] = []

    def put(self, key: str, *values: Any, scope: Scope = HERE) -> None:
        self.held[scope, key] = list(values)
        self.journal.changed(self, scope, key)

    def add(self, key: str, value: Any, scope: Scope = HERE) -> None:
        self.held.setdefault((scope, key), []).append(value)
        self.journal.happened(self, scope, key, value)

    def drop(self, key: str, scope: Scope = HERE) -> None:
        del self.held[scope, key]
        self.journal.changed(self, scope, key)

    def dump(self, scope: Scope, key: str) -> object | None:
        self.dumps.append(key)
        return self.held.get((scope, key))

    def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
        self.restored.append(key)
        self.held[scope, key] = [*(state or ()), *events]


class World:
    """A directory whose journal is opened again and again; a process that was killed is one that did not close."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path / "journal"
        self._stack = ExitStack()

    def open(self, *, small_bytes: int = 1 << 20, name: str = "things", fresh: bool = False) -> Things:
        self.kill()
        directory = self._stack.enter_context(open_directory(self.path, fresh=fresh))
        self.journal = Journal(directory, small_bytes=small_bytes)
        things = Things(self.journal, name)
        self.journal.restore([things])
        return things

    def kill(self) -> None:
        self._stack.close()

    def after(self) -> dict[str, list[Any]]:
        """Return what is there after a restart, but for what is somewhere else."""
        return {key: held for (scope, key), held in self.open().held.items() if scope == HERE}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "state")
    yield world
    world.kill()


def test_what_was_committed_is_there_again(world: World) -> None:
    things = world.open()
    things.put("a", 1, 2)
    things.put("a", 9, scope=THERE)
    things.add("b", 3)
    world.journal.commit()
    things.add("b", 4)
    world.journal.commit()
    things.add("b", 5)
    assert world.open().held == {(HERE, "a"): [1, 2], (THERE, "a"): [9], (HERE, "b"): [3, 4]}


def test_a_later_state_swallows_earlier_events(world: World) -> None:
    things = world.open()
    things.add("a", 1)
    world.journal.commit()
    things.put("a", 7)
    world.journal.commit()
    things.add("a", 8)
    world.journal.commit()
    assert world.after() == {"a": [7, 8]}


def test_events_and_a_state_in_one_batch_are_the_state(world: World) -> None:
    things = world.open()
    things.add("a", 1)
    things.put("a", 1, 2)
    things.add("a", 3)
    world.journal.commit()
    assert world.after() == {"a": [1, 2, 3]}


def test_what_is_gone_stays_away_with_its_events(world: World) -> None:
    things = world.open()
    things.put("a", 1)
    things.add("b", 1)
    world.journal.commit()
    things.drop("a")
    things.drop("b")
    world.journal.commit()
    assert world.after() == {}
    things = world.open()
    things.add("b", 2)
    world.journal.commit()
    assert world.after() == {"b": [2]}


def test_keys_come_back_in_the_order_in_which_they_were_first_kept(world: World) -> None:
    things = world.open()
    for key in ("z", "a", "m"):
        things.put(key, 1)
        world.journal.commit()
    things.put("z", 2)
    world.journal.commit()
    assert world.open().restored == ["z", "a", "m"]
    assert world.open().restored == ["z", "a", "m"]


def test_the_parts_come_back_in_their_order(world: World) -> None:
    restored: list[str] = []

    class Named(Things):
        def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
            restored.append(f"{self.name} {key}")

    def opened() -> tuple[Named, Named]:
        directory = world._stack.enter_context(open_directory(world.path))
        journal = Journal(directory)
        parts = Named(journal, "first"), Named(journal, "second")
        journal.restore(parts)
        world.journal = journal
        return parts

    first, second = opened()
    second.put("a", 1)
    first.put("b", 1)
    world.journal.commit()
    world.kill()
    opened()
    assert restored == ["first b", "second a"]


def test_what_has_not_changed_is_not_written_again(world: World) -> None:
    things = world.open()
    things.put("a", "x" * 1000)
    world.journal.commit()
    size = world.file.stat().st_size
    things.put("a", "x" * 1000)
    world.journal.commit()
    assert world.file.stat().st_size == size


def test_marks_while_it_is_put_back_are_not_changes(world: World) -> None:
    world.open().put("a", 1)
    world.journal.commit()

    class Marking(Things):
        def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
            self.journal.changed(self, scope, key)
            self.journal.happened(self, scope, key, 5)
            super().restore(scope, key, state, events)

    world.kill()
    directory = world._stack.enter_context(open_directory(world.path))
    journal = Journal(directory)
    journal.restore([Marking(journal)])
    journal.commit()
    assert world.after() == {"a": [1]}


def test_background_work_is_kept_at_the_end_of_its_turn(world: World) -> None:
    things = world.open()

    async def work() -> None:
        things.put("a", 1)
        things.add("b", 1)
        await asyncio.sleep(0)
        things.add("b", 2)
        await asyncio.sleep(0)

    asyncio.run(work())
    assert world.after() == {"a": [1], "b": [1, 2]}


def test_one_turn_is_one_batch(world: World) -> None:
    things = world.open()

    async def work() -> None:
        for number in range(3):
            things.put(str(number), number)
            things.add("log", number)
        await asyncio.sleep(0)

    asyncio.run(work())
    assert len(list(Reading(world.file))) == 1


def request(path: str = "/") -> HttpRequest:
    return HttpRequest(method="PUT", target=path, headers=(), body=b"", source_ip="127.0.0.1")


def test_no_answer_leaves_before_what_it_acknowledges_is_kept(world: World) -> None:
    things = world.open()

    async def put(asked: HttpRequest) -> HttpResponse:
        things.put("a", asked.target)
        return HttpResponse(status=200)

    async def work() -> None:
        answering = keep_first(put, world.journal)(request("/x"))
        with pytest.raises(StopIteration) as ended:
            answering.send(None)  # no turn of the loop passes
        assert ended.value.value.status == 200
        assert len(list(Reading(world.file))) == 1

    asyncio.run(work())
    assert world.after() == {"a": ["/x"]}


def test_an_answer_that_goes_on_is_kept_piece_by_piece(world: World) -> None:
    things = world.open()
    batches: list[int] = []

    async def pieces() -> Any:
        for number in range(3):
            things.add("a", number)
            yield b"%d" % number

    async def stream(_: HttpRequest) -> HttpResponse:
        return HttpResponse(status=200, stream=pieces())

    async def work() -> None:
        answer = await keep_first(stream, world.journal)(request())
        assert answer.stream is not None
        async for piece in answer.stream:
            batches.append(len(list(Reading(world.file))))
            assert piece == b"%d" % (batches[-1] - 1)

    asyncio.run(work())
    assert batches == [1, 2, 3]


class TestTornTail:
    """A process that is killed while it writes leaves part of a frame."""

    @pytest.fixture
    def written(self, world: World) -> tuple[bytes, int]:
        """Return the file's bytes and where its last frame begins."""
        things = world.open()
        things.put("a", 1)
        world.journal.commit()
        end = world.file.stat().st_size
        things.put("a", 2)
        things.add("b", 3)
        world.journal.commit()
        world.kill()
        return world.file.read_bytes(), end

    def test_cut_at_every_byte(
        self, world: World, written: tuple[bytes, int], caplog: pytest.LogCaptureFixture
    ) -> None:
        whole, end = written
        for cut in range(end + 1, len(whole)):
            caplog.clear()
            world.file.write_bytes(whole[:cut])
            assert world.after() == {"a": [1]}, cut
            world.kill()
            (said,) = [record.getMessage() for record in caplog.records]
            assert said == (
                f"the last {cut - end} bytes of {world.file} were dropped, they are not whole: "
                "the process was ended while it wrote them"
            )
        world.file.write_bytes(whole)
        assert world.after() == {"a": [2], "b": [3]}

    def test_each_byte_of_it_wrong(self, world: World, written: tuple[bytes, int]) -> None:
        whole, end = written
        for position in range(end, len(whole)):
            wrong = bytearray(whole)
            wrong[position] ^= 0x40
            world.file.write_bytes(wrong)
            assert world.after() == {"a": [1]}, position
            world.kill()

    def test_it_is_gone_for_good(self, world: World, written: tuple[bytes, int]) -> None:
        world.file.write_bytes(written[0][:-1])
        things = world.open()
        things.put("c", 9)
        world.journal.commit()
        assert world.after() == {"a": [1], "c": [9]}

    def test_it_is_cut_off_even_when_the_file_cannot_be_written_anew(
        self,
        world: World,
        written: tuple[bytes, int],
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        world.file.write_bytes(written[0][:-1])
        monkeypatch.setattr(JournalFile, "replace", _fails(errno.ENOSPC))
        things = world.open()
        things.put("c", 9)
        world.journal.commit()
        monkeypatch.undo()
        assert world.after() == {"a": [1], "c": [9]}
        assert f"{world.file} cannot be written anew and goes on growing: [Errno 28] No space left" in caplog.text


def _fails(number: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


class TestWrittenAnew:
    """The file is written anew from what the parts hold."""

    def test_at_start(self, world: World) -> None:
        things = world.open()
        for number in range(100):
            things.put("a", number)
            things.add("b", number)
            world.journal.commit()
        grown = world.file.stat().st_size
        assert world.after()["a"] == [99]
        assert world.file.stat().st_size < grown / 10

    def test_when_it_has_grown(self, world: World) -> None:
        things = world.open(small_bytes=1000)
        sizes = []
        for number in range(300):
            things.put("a", number)
            things.add("b", number % 7)
            world.journal.commit()
            sizes.append(world.file.stat().st_size)
        assert max(sizes) < 10_000
        assert world.after() == {"a": [299], "b": [number % 7 for number in range(300)]}

    def test_small_files_are_left_alone(self, world: World) -> None:
        things = world.open(small_bytes=100_000)
        for number in range(100):
            things.put("a", number)
            world.journal.commit()
        assert things.dumps == ["a"] * 100

    @pytest.mark.parametrize("written", range(4))
    def test_a_kill_in_the_middle_leaves_the_old_file(self, world: World, written: int) -> None:
        things = world.open()
        for key in "abcd":
            things.put(key, 1)
        world.journal.commit()
        world.kill()
        # what a process leaves that is killed after so many frames of the new file, in the middle of one
        begun = JournalFile(world.path / "journal.new")
        for batch in list(Reading(world.file))[:written]:
            begun.append(batch)
        begun.close()
        with (world.path / "journal.new").open("ab") as torn:
            torn.write(b"\x07torn")
        assert world.after() == {"a": [1], "b": [1], "c": [1], "d": [1]}
        assert not (world.path / "journal.new").exists()

    def test_a_full_disk_leaves_the_old_file_in_use(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        things = world.open(small_bytes=0)
        monkeypatch.setattr(JournalFile, "replace", _fails(errno.ENOSPC))
        things.put("a", 1)
        world.journal.commit()
        things.put("a", 2)
        world.journal.commit()
        monkeypatch.undo()
        assert world.after() == {"a": [2]}
        assert caplog.text.count("goes on growing") == 1


class TestWhatCannotBeWritten:
    def test_a_full_disk_refuses_the_answer_and_keeps_what_was_there(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        things = world.open()
        things.put("a", 1)
        world.journal.commit()
        real = os.write
        monkeypatch.setattr(os, "write", lambda number, data: _half(real, number, data))

        async def put(_: HttpRequest) -> HttpResponse:
            things.put("a", 2)
            return HttpResponse(status=200)

        answer = asyncio.run(keep_first(put, world.journal)(request()))
        monkeypatch.undo()
        assert answer.status == 500
        assert answer.body.decode() == (
            f"the state cannot be written to {world.path}: No space left on device\n"
            "  what to do: see that there is room and that the directory can be written, then do it again\n"
        )
        things.put("b", 3)
        world.journal.commit()
        assert world.after() == {"a": [2], "b": [3]}  # with the next change, what was left is kept too

    def test_in_the_background_it_is_said_and_tried_again(
        self, world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        things = world.open()

        async def work() -> None:
            monkeypatch.setattr(JournalFile, "append", _fails(errno.ENOSPC))
            things.put("a", 1)
            await asyncio.sleep(0)
            monkeypatch.undo()
            things.put("b", 1)
            await asyncio.sleep(0)

        asyncio.run(work())
        assert "what has changed is not kept yet" in caplog.text
        assert world.after() == {"a": [1], "b": [1]}

    def test_one_thing_that_cannot_be_pickled_is_named_and_takes_nothing_along(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        things = world.open()
        things.put("a", (number for number in ()))
        things.add("b", (number for number in ()))
        things.put("c", 1)
        world.journal.commit()
        for key in "ab":
            assert f"things {key} of {HERE} cannot be kept, and will be missing after a restart" in caplog.text
        assert world.after() == {"c": [1]}

    def test_a_part_that_fails_is_named_and_takes_nothing_along(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Failing(Things):
            def dump(self, scope: Scope, key: str) -> object | None:
                if key == "a":
                    raise KeyError("a fault")
                return super().dump(scope, key)

        directory = world._stack.enter_context(open_directory(world.path))
        world.journal = Journal(directory)
        things = Failing(world.journal)
        world.journal.restore([things])
        things.put("a", 1)
        things.put("b", 1)
        world.journal.commit()
        assert f"things a of {HERE} cannot be kept" in caplog.text
        assert world.after() == {"b": [1]}


def _half(real: Callable[[int, bytes], int], number: int, data: bytes) -> int:
    """Write as a disk does that gets full: a part, then no more."""
    if len(data) < 20:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return real(number, data[: len(data) // 2])


class TestWhoseItIs:
    def test_it_is_made_for_the_user_alone(self, world: World) -> None:
        world.open().put("a", 1)
        world.journal.commit()
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (world.path, *world.path.iterdir())}
        assert modes == {"state": "0o700", "journal": "0o600", "meta.json": "0o600", "lock": "0o600"}

    def test_a_second_process_is_told_of_the_first(self, world: World) -> None:
        world.open()
        code = (
            "import sys; from pathlib import Path; from pytest_rollbacklab.errors import StateError\n"
            "from pytest_rollbacklab.localaws.journal.directory import open_directory\n"
            "try:\n"
            "    with open_directory(Path(sys.argv[1])): sys.exit('it was had twice')\n"
            "except StateError as error: print(error)\n"
        )
        second = subprocess.run(
            [sys.executable, "-c", code, str(world.path)], capture_output=True, text=True, check=True
        )
        assert second.stdout == (
            f"the state in {world.path} is in use by process {os.getpid()}\n"
            "  what to do: end that process, or give another directory with --state\n"
        )

    def test_where_others_can_write_nothing_is_read(self, world: World) -> None:
        world.open()
        world.kill()
        world.path.chmod(0o770)
        with pytest.raises(StateError) as refused:
            world.open()
        assert str(refused.value) == (
            f"the state in {world.path} is not read, because somebody else may have written it: "
            "others may write there (its mode is 770)\n"
            "  looked at: what is kept there can run code when it is read\n"
            "  what to do: give a directory of your own with --state; it is made, for you alone, when it does not exist"
        )

    def test_a_file_that_others_can_write_is_not_read(self, world: World) -> None:
        world.open()
        world.kill()
        world.file.chmod(0o622)
        with pytest.raises(StateError, match="journal in it is not a file that its user alone can write"):
            world.open()

    def test_a_link_in_the_place_of_the_file_is_not_followed(self, world: World, tmp_path: Path) -> None:
        world.open()
        world.kill()
        world.file.rename(tmp_path / "elsewhere")
        world.file.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StateError, match="journal in it is not a file that its user alone can write"):
            world.open()

    def test_somebody_elses_directory_is_not_read(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.open()
        world.kill()
        mine = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: mine + 1)
        with pytest.raises(StateError, match=f"it belongs to the user with the id {mine}"):
            world.open()

    def test_a_directory_for_something_else_is_left_alone(self, world: World) -> None:
        world.path.mkdir(mode=0o755)
        for name in ("notes.txt", "photos", "zoo", "more"):
            (world.path / name).touch()
        with pytest.raises(StateError) as refused:
            world.open()
        assert str(refused.value) == (
            f"{world.path} is no directory for the state of a local AWS: there are other things in it\n"
            "  looked at: more, notes.txt, photos, ...\n"
            "  what to do: give a directory of its own with --state; it is made when it does not exist"
        )
        assert world.path.stat().st_mode & 0o777 == 0o755

    def test_a_file_in_its_place_is_named(self, world: World) -> None:
        world.path.touch()
        with pytest.raises(StateError) as refused:
            world.open()
        assert str(refused.value) == (
            f"no state can be kept in {world.path}: File exists\n"
            "  what to do: give a directory of your own with --state; it is made when it does not exist"
        )


FRESH = "  what to do: give another directory with --state, or forget what is kept there with --fresh"


class TestWhoWroteIt:
    @pytest.fixture(autouse=True)
    def _kept(self, world: World) -> None:
        world.open().put("a", 1)
        world.journal.commit()
        world.kill()

    def rewrite(self, world: World, **changes: Any) -> None:
        meta = json.loads((world.path / "meta.json").read_text())
        (world.path / "meta.json").write_text(json.dumps(meta | changes))

    def test_a_newer_format_is_named(self, world: World) -> None:
        self.rewrite(world, format=99, versions={"pytest-rollbacklab": "9.0"})
        with pytest.raises(StateError) as refused:
            world.open()
        assert str(refused.value) == (
            f"the state in {world.path} cannot be read: it has the format 99, of pytest-rollbacklab 9.0; "
            f"this version has 1\n{FRESH}"
        )

    @pytest.mark.parametrize(
        "text", ["", "{}", "[]", '{"format": "x", "versions": {}}', '{"format": 1, "versions": 1}']
    )
    def test_an_unreadable_meta_is_named(self, world: World, text: str) -> None:
        (world.path / "meta.json").write_text(text)
        with pytest.raises(StateError) as refused:
            world.open()
        assert str(refused.value) == (
            f"the state in {world.path} cannot be read: its meta.json is not what was written there\n{FRESH}"
        )

    def test_a_missing_meta_is_named(self, world: World) -> None:
        (world.path / "meta.json").unlink()
        with pytest.raises(StateError, match=r"cannot be read: it has no meta\.json"):
            world.open()

    def test_other_versions_are_said_and_taken_over(self, world: World, caplog: pytest.LogCaptureFixture) -> None:
        now = json.loads((world.path / "meta.json").read_text())["versions"]
        self.rewrite(world, versions={**now, "moto": "5.0.0"})
        assert world.after() == {"a": [1]}
        assert "was written with pytest-rollbacklab 0.1.0, moto 5.0.0, python" in caplog.text
        caplog.clear()
        assert world.after() == {"a": [1]}
        assert caplog.records == []

    def test_a_part_that_cannot_be_put_back_is_named_with_the_versions(self, world: World) -> None:
        now = json.loads((world.path / "meta.json").read_text())["versions"]
        self.rewrite(world, versions={**now, "moto": "5.0.0"})

        class Broken(Things):
            def restore(self, scope: Scope, key: str, state: Any, events: Sequence[Any]) -> None:
                raise AttributeError("no such attribute")

        before = world.file.read_bytes()
        directory = world._stack.enter_context(open_directory(world.path))
        journal = Journal(directory)
        with pytest.raises(StateError) as refused:
            journal.restore([Broken(journal)])
        versions = f"pytest-rollbacklab 0.1.0, moto {now['moto']}, python {now['python']}"
        assert str(refused.value) == (
            f"the state in {world.path} cannot be read: things a: AttributeError: no such attribute\n"
            f"  looked at: it was written with {versions.replace(now['moto'], '5.0.0')}; this is {versions}\n"
            "  what to do: use the versions that wrote it, or give another directory with --state, or forget what is "
            "kept there with --fresh"
        )
        journal.close()
        assert world.file.read_bytes() == before

    def test_a_part_that_there_is_no_more_is_named(self, world: World) -> None:
        with pytest.raises(StateError, match="this version does not have the part 'things' of it"):
            world.open(name="others")

    def test_fresh_forgets(self, world: World) -> None:
        self.rewrite(world, format=99)
        assert world.open(fresh=True).held == {}
        assert world.after() == {}


def test_closing_keeps_what_changed_last(world: World) -> None:
    world.open().put("a", 1)
    world.journal.close()
    world.journal.close()
    assert world.after() == {"a": [1]}


@pytest.fixture(autouse=True)
def _warnings_are_seen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
