"""What a lab keeps in its directory: where it runs, its addresses, who may use it, and its ports."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_rollbacklab.errors import ConfigError, ConflictError, LabNotRunningError
from pytest_rollbacklab.up import ports
from pytest_rollbacklab.up.addresses import new_addresses, read_addresses, write_addresses
from pytest_rollbacklab.up.directory import LabDirectory
from pytest_rollbacklab.up.place_file import LabFile, read_lab, remove_lab, write_lab

LAB = LabFile(
    console_url="http://127.0.0.1:4711/k3y",
    token="t0ken",
    pid=os.getpid(),
    endpoint_url="http://127.0.0.1:4712",
    owner="ann",
    account_id="123456789012",
    region="us-east-1",
    app="notes",
)


@pytest.fixture
def kept(tmp_path: Path) -> LabDirectory:
    kept = LabDirectory(tmp_path, app="notes")
    kept.make()
    return kept


def test_a_lab_is_found_by_its_file_which_is_its_owners_alone(kept: LabDirectory) -> None:
    write_lab(kept.app_directory, LAB)
    assert read_lab(kept.app_directory) == LAB
    file = kept.path / "lab.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["version"] == 1
    assert [path.name for path in kept.path.iterdir() if path.name.startswith(".lab")] == []
    remove_lab(kept.app_directory)
    remove_lab(kept.app_directory)
    assert not file.exists()


def test_no_lab_is_told_with_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(LabNotRunningError) as raised:
        read_lab(tmp_path)
    assert str(raised.value) == (
        f"no lab runs in {tmp_path}\n"
        f"  looked at: {tmp_path}/.rollbacklab/lab.json: it is not there\n"
        "  what to do: start it with: rollbacklab up, or name the lab's directory with -C"
    )


def test_a_lab_that_was_killed_is_told(kept: LabDirectory) -> None:
    ended = subprocess.run([sys.executable, "-ISc", "import os; print(os.getpid())"], capture_output=True, check=True)
    write_lab(kept.app_directory, replace(LAB, pid=int(ended.stdout)))
    with pytest.raises(LabNotRunningError) as raised:
        read_lab(kept.app_directory)
    assert raised.value.what == f"the lab of {kept.app_directory} has ended without a goodbye"
    assert f"process {int(ended.stdout)} is gone" in str(raised.value)
    assert raised.value.mend == "start it with: rollbacklab up; what it kept is there then"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "JSONDecodeError"),
        ('{"version": 2}', "ValueError: it is of version 2, and this rollbacklab reads version 1"),
        ('{"version": 1}', "KeyError: 'console_url'"),
        ("[]", "TypeError"),
        (json.dumps({"version": 1, **dict.fromkeys(LabFile.__slots__, "x")}), "TypeError: pid is 'x'"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(text: str, why: str, kept: LabDirectory) -> None:
    (kept.path / "lab.json").write_text(text)
    with pytest.raises(LabNotRunningError, match="it cannot be told whether a lab runs") as raised:
        read_lab(kept.app_directory)
    assert why in str(raised.value)
    assert "end it with Ctrl-C where it runs; then start it with: rollbacklab up" in str(raised.value)


def test_reading_where_the_lab_is_loads_nothing_heavy() -> None:
    code = "import sys, pytest_rollbacklab.up.place_file; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"boto3", "aiohttp", "jinja2", "asyncio", "rich"} & set(loaded)


def test_addresses_are_the_same_again(kept: LabDirectory) -> None:
    begun = replace(read_addresses(kept.addresses), console_port=4711, cloud_port=4712).with_students(("ann", "bob"))
    write_addresses(kept.addresses, begun)
    again = read_addresses(kept.addresses)
    assert again == begun
    assert kept.addresses.stat().st_mode & 0o777 == 0o600
    more = again.with_students(("bob", "cid"))
    assert list(more.students) == ["ann", "bob", "cid"]
    assert more.students["bob"] == begun.students["bob"]


def test_everybody_has_an_account_and_secrets_of_their_own() -> None:
    places = new_addresses().with_students(("ann", "bob")).with_students(("cid",))
    everybody = [places.owner, *places.students.values()]
    assert [place.account_id for place in everybody] == ["123456789012", "200000000001", "200000000002", "200000000003"]
    secrets = [secret for one in everybody for secret in (one.key, one.token, one.git_key, one.hook_token)]
    assert len(set(secrets)) == 16
    assert all(re.fullmatch(r"[\w-]{22,}", secret) for secret in secrets)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}', '{"version": 9}'])
def test_addresses_that_cannot_be_read_are_told(text: str, kept: LabDirectory) -> None:
    kept.addresses.write_text(text)
    with pytest.raises(ConfigError, match="the lab's addresses of the last time cannot be read") as raised:
        read_addresses(kept.addresses)
    assert "mend the file, or forget all that was kept, with: rollbacklab up --fresh" in str(raised.value)


def test_git_does_not_see_the_labs_directory_and_nobody_else_does(kept: LabDirectory) -> None:
    kept.make()
    assert (kept.path / ".gitignore").read_text() == "*\n"
    assert kept.path.stat().st_mode & 0o777 == 0o700
    assert kept.bare() == kept.path / "git" / "notes.git"
    assert kept.bare("bob") == kept.path / "students" / "bob" / "notes.git"


def test_an_apps_name_cannot_lead_out_of_the_directory(tmp_path: Path) -> None:
    assert LabDirectory(tmp_path, app="../../x y").bare().name == "x-y.git"
    assert LabDirectory(tmp_path, app="..").bare().name == "app.git"


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".rollbacklab").write_text("")
    with pytest.raises(ConfigError, match="the lab cannot write into its directory: File exists") as raised:
        LabDirectory(tmp_path, app="notes").make()
    assert "make the directory writable, or work in a copy of the app" in str(raised.value)


def test_a_second_lab_is_told_where_the_first_one_is(kept: LabDirectory) -> None:
    write_lab(kept.app_directory, LAB)
    with kept.locked():
        with pytest.raises(ConflictError) as raised, kept.locked():
            pass
        assert str(raised.value) == (
            "a lab runs in this directory already\n"
            f"  looked at: http://127.0.0.1:4711/k3y/ (process {os.getpid()})\n"
            "  what to do: use that one, or end it with: rollbacklab down"
        )
        remove_lab(kept.app_directory)
        with pytest.raises(ConflictError, match="it is starting or ending: try again in a moment"), kept.locked():
            pass
    with kept.locked():
        pass


def test_what_was_kept_is_forgotten_and_named(kept: LabDirectory) -> None:
    (kept.state / "deep").mkdir(parents=True)
    kept.bare("bob").mkdir(parents=True)
    write_addresses(kept.addresses, new_addresses())
    with kept.locked():
        assert kept.forget() == ["state", "students", "addresses.json"]
        assert kept.forget() == []
    assert not kept.state.exists()


def test_a_port_is_claimed_once_and_a_taken_one_is_told() -> None:
    with ports.claim(0, "the console", "--port") as claimed:
        port = claimed.getsockname()[1]
        assert claimed.getsockname()[0] == "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with pytest.raises(ConfigError) as raised:
            ports.claim(taken, "the console", "--port")
        assert str(raised.value) == (
            f"port {taken} of the console cannot be used: Address already in use\n"
            f"  looked at: 127.0.0.1:{taken}\n"
            "  what to do: end the program that has it, or take another one: rollbacklab up --port 0 (any free one)"
        )
        with pytest.raises(ConfigError, match="of the local AWS cannot be used"):
            ports.check_free(taken, "the local AWS", "--cloud-port")
    assert ports.check_free(port, "the local AWS", "--cloud-port") == port
    assert ports.check_free(0, "the local AWS", "--cloud-port") == 0
