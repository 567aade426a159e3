"""What a lab has when it is started again: all that it had, under the same addresses, however it was ended."""

from __future__ import annotations

import json
import re
import signal
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pytest

from pytest_rollbacklab.call import identity
from pytest_rollbacklab.config import load_config
from pytest_rollbacklab.observe.resources import read_resources
from pytest_rollbacklab.target import Target
from pytest_rollbacklab.up.place_file import LabFile
from pytest_rollbacklab.wait import wait_for

if TYPE_CHECKING:
    from tests.conftest import Up

USERNAME, PASSWORD = "ann@example.com", "Passw0rd!ann"


def ask(console: str, token: str, path: str, **form: str) -> Any:
    headers = {"Accept": "application/json", "X-Rollbacklab-Token": token}
    data = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(urllib.request.Request(console + path, data=data, headers=headers), timeout=60) as page:
        return json.load(page)


def a_days_work(look: Callable[..., Any]) -> str:
    """Do what leaves something of each kind behind; returns the request id of a call."""
    plan = look("/stages/prod/plans", kind="promote", **{"from": "dev"})["plan"]["id"]
    number = look(f"/stages/prod/plans/{plan}/confirm", reason="it is good")["activity"]["number"]

    def ended() -> str | None:
        state: str = look(f"/activity/{number}")["activity"]["state"]
        return None if state in ("running", "waiting") else state

    assert wait_for("the promotion", ended, timeout_s=60) == "done"
    look("/stages/prod/pin", reason="hold it")
    look("/stages/prod/access-logs", enabled="true")
    look("/stages/prod/users", username=USERNAME, password=PASSWORD)
    request: str = look("/stages/prod/probe", unused="")["request_id"]
    return request


def told(look: Callable[..., Any], request: str) -> dict[str, Any]:
    """Return what the console tells of it all."""
    stage = look("/stages/prod")["stage"]
    evidence = look(f"/stages/prod/requests/{request}")["evidence"]
    return {
        "builds": look("/builds")["builds"],
        "a build's log": look("/builds/1")["log"],
        "releases of dev": look("/stages/dev/releases")["releases"],
        "releases of prod": look("/stages/prod/releases")["releases"],
        "the stage": {name: stage[name] for name in ("live", "pin", "state")},
        "activity": look("/activity")["activity"],
        "an activity's log": look("/activity/3")["log"],
        "settings": look("/stages/prod/settings")["settings"],
        "access logs": look("/stages/prod/access-logs"),
        "a function's log": look("/stages/prod/functions/CreateFunction/logs"),
        "resources": look("/stages/prod/resources"),
        "a request": {
            name: evidence[name] for name in ("access_log", "execution_log", "function_log_lines", "metrics")
        },
    }


def kept(up: Up, target: Target) -> list[Any]:
    """Return the notes of all stages, having signed in to prod as a user who was added once."""
    pools = read_resources(target, f"{load_config(up.directory).name}-prod")
    where = {"user_pool_id": pools.user_pool_id, "app_client_id": pools.app_client_id}
    assert identity.sign_in(target, **where, username=USERNAME, password=PASSWORD)
    dynamodb = target.client("dynamodb")
    return [dynamodb.scan(TableName=name)["Items"] for name in sorted(dynamodb.list_tables()["TableNames"])]


def students_console(up: Up, place: LabFile) -> tuple[str, str, str]:
    """Return a student's console, its token, and the account, once the student's first build is live."""

    def ready() -> Any:
        [ann] = ask(place.console_url, place.token, "/workshop")["students"]
        return ann if ann["state"] == "ready" and ann["stages"] and ann["stages"][0]["live"] else None

    ann = wait_for("ann", ready, timeout_s=60, last_seen=up.said.read_text)
    with urllib.request.urlopen(ann["personal_url"], timeout=60) as page:
        token = re.search(r'name="token" value="([^"]+)"', page.read().decode())
    assert token is not None
    return ann["personal_url"].rstrip("/"), token[1], ann["account_id"]


@pytest.mark.parametrize("options", [(), ("--students", "ann")], ids=["up", "up --students"])
def test_all_is_there_under_the_same_addresses_after_ctrl_c_and_after_a_kill(up: Up, options: tuple[str, ...]) -> None:
    place = up.start(*options)
    if not options:
        up.commit("First build")
        assert up.push().returncode == 0
    mine = (place.console_url, place.token, place.account_id)
    console, token, account = students_console(up, place) if options else mine
    target = Target(endpoint_url=place.endpoint_url, account_id=account, region=place.region)

    def look(path: str, **form: str) -> Any:
        return ask(console, token, path, **form)

    request = a_days_work(look)
    before, notes = told(look, request), kept(up, target)
    assert before["the stage"]["pin"]
    assert before["access logs"]["enabled"]
    assert before["access logs"]["lines"]
    assert all(before["a request"].values())
    assert any(notes)
    for way in (signal.SIGINT, signal.SIGKILL):
        up.end(way)
        assert (again := up.start()).pid != place.pid
        assert {**asdict(again), "pid": place.pid} == asdict(place)
        if options:
            assert students_console(up, again) == (console, token, account)
        now = told(look, request)
        assert {name for name in now if now[name] != before[name]} == set()
        assert kept(up, target) == notes
        assert look("/stages/prod/probe", unused="")["answer"]["status"] == 200
        request = look("/stages/prod/probe", unused="")["request_id"]
        before, notes = told(look, request), kept(up, target)
    target.close()
