"""What is there: ``status``, ``builds``, ``activity``, ``open``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


class TestStatus:
    def test_shows_each_stage_in_a_row(self, lab: Any, run: Any) -> None:
        result = run("status")
        assert result.exit_code == 0
        assert result.stdout.splitlines()[:4] == [
            "notes, of ada",
            "stage                state         build                    since   calls",
            "dev (follows main)   live, broken  #7     Making a mistake  2m ago  8 in 15 min, 38% fail, p99 42 ms",
            "prod (promote only)  live, pinned  #6     Notes API         2m ago  8 in 15 min, p99 42 ms",
        ]

    def test_says_what_a_pin_means(self, lab: Any, run: Any) -> None:
        assert (
            "prod is pinned by ada, 2m ago: rolled back from build 7; "
            "pushes do not deploy here until: rollbacklab unpin prod"
        ) in run("status").stdout

    def test_shows_one_stage_with_its_releases(self, lab: Any, run: Any) -> None:
        said = run("status", "prod").stdout
        assert "live     build 6  6f2c1ab Notes API\n" in said
        assert "v3       rollback  #6     Notes API  2m ago  0.5 s  ada  users see 502" in said

    def test_shows_a_stage_on_which_nothing_was_ever_deployed(self, lab: Any, run: Any) -> None:
        lab.stages["prod"] |= {"live": None, "health": None, "pin": None, "state": "empty", "stack_status": None}
        assert "prod (promote only)  empty                nothing was deployed here yet" in run("status").stdout

    def test_shows_what_is_under_way_and_what_failed(self, lab: Any, run: Any) -> None:
        busy = lab.pages["GET /activity/12"]["activity"] | {"ended_at": None, "state": "running"}
        lab.stages["prod"] |= {"state": "went back", "last_failure": "CreateFunction: no", "busy": busy, "waiting": 1}
        said = run("status").stdout
        assert "prod: the last deployment failed: CreateFunction: no\n" in said
        assert (
            "prod is at work: promote build 7 from dev to prod; 1 waiting; "
            "follow it with: rollbacklab activity 12 --follow\n"
        ) in said

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        assert json.loads(run("status", "--json").stdout) == lab.pages["GET /"]
        assert json.loads(run("status", "prod", "--json").stdout) == lab.pages["GET /stages/prod"]

    @pytest.mark.parametrize(
        ("changes", "status"),
        [
            ({}, 0),
            ({"state": "stuck"}, 1),
            ({"state": "went back"}, 0),
            ({"health": None}, 0),
            ({"requests": [4.0, 2.0, 0.0], "server_errors": [0.0, 1.0, 0.0]}, 1),
            ({"requests": [4.0, 2.0, 0.0], "server_errors": [3.0, 0.0, 0.0]}, 0),
            ({"requests": [0.0, 2.0], "server_errors": [0.0, 1.0], "released": 20}, 0),
            ({"requests": [0.0, 2.0], "server_errors": [0.0, 1.0], "released": 20, "kind": "promote"}, 1),
            ({"requests": [2.0, 0.0], "server_errors": [1.0, 0.0], "released": 20, "kind": "promote"}, 0),
        ],
    )
    def test_check_fails_when_the_stage_is_broken_now(
        self, lab: Any, run: Any, changes: dict[str, Any], status: int
    ) -> None:
        stage = lab.pages["GET /stages/prod"]["stage"]
        for name in ("requests", "server_errors"):
            if name in changes:
                stage["health"][name] = [0.0] * (15 - len(changes[name])) + changes[name]
        stage["live"]["kind"] = changes.get("kind", "rollback")
        if "released" in changes:
            stage["live"]["released_at"] = (datetime.now(UTC) - timedelta(seconds=changes["released"])).isoformat()
        stage |= {name: value for name, value in changes.items() if name in ("state", "health")}
        assert run("status", "prod", "--check").exit_code == status

    def test_check_of_all_fails_when_one_is_broken(self, lab: Any, run: Any) -> None:
        result = run("status", "--check", "--json")
        assert (result.exit_code, set(json.loads(result.stdout))) == (1, {"overview"})


class TestBuilds:
    def test_lists_the_newest_first(self, lab: Any, run: Any) -> None:
        lab.pages["GET /builds"]["builds"]["older"] = 6
        assert run("builds").stdout.splitlines() == [
            "build  commit                     made             functions       live on",
            "#7     7f2c1ab  Making a mistake  2m ago in 1.2 s  1 of 2 changed  dev",
            "#6     6f2c1ab  Notes API         2m ago in 1.2 s  2 of 2 changed  prod",
            "older ones: rollbacklab builds --before 6",
        ]

    def test_asks_for_older_ones(self, lab: Any, run: Any) -> None:
        run("builds", "--before", "6")
        assert lab.asked[-1].query == {"before": "6"}

    def test_shows_one_with_its_log(self, lab: Any, run: Any) -> None:
        said = run("builds", "7").stdout
        assert "by         Ada <ada@example.com>\n" in said
        assert said.endswith("live on    dev\n  packing CreateFunction\n  build 7 is made\n")

    def test_says_why_one_failed_and_that_one_is_pruned(self, lab: Any, run: Any) -> None:
        line = lab.pages["GET /builds/7"]["build"]
        line |= {"pruned": True, "live_on": []}
        line["build"] |= {"failure": "requirements.txt: no such package", "packages": []}
        said = run("builds", "7").stdout
        assert "its packages were removed by retention: it cannot be deployed any more\n" in said
        assert "failed: requirements.txt: no such package\n" in said
        lab.pages["GET /builds"]["builds"]["items"] = [line]
        assert "failed     pruned" in run("builds").stdout

    def test_says_what_to_do_when_there_is_none(self, lab: Any, run: Any) -> None:
        lab.pages["GET /builds"]["builds"]["items"] = []
        assert run("builds").stdout == "nothing was built yet: push a commit\n"

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        assert json.loads(run("builds", "--json").stdout) == lab.pages["GET /builds"]
        assert json.loads(run("builds", "7", "--json").stdout) == lab.pages["GET /builds/7"]


class TestActivity:
    def test_lists_what_was_done(self, lab: Any, run: Any) -> None:
        lab.pages["GET /activity"]["activity"]["older"] = 12
        assert run("activity").stdout.splitlines() == [
            "no.  when    state  what                              by                 why",
            "12   1m ago  done   promote build 7 from dev to prod  ada, command line",
            "older ones: rollbacklab activity --before 12",
        ]

    def test_says_what_to_do_when_there_is_none(self, lab: Any, run: Any) -> None:
        lab.pages["GET /activity"]["activity"]["items"] = []
        assert run("activity").stdout == "nothing was done yet: push a commit\n"

    def test_shows_one_with_its_log_and_what_came_of_it(self, lab: Any, run: Any) -> None:
        assert run("activity", "12").stdout.splitlines() == [
            "activity  12  promote build 7 from dev to prod",
            "by        ada, command line, 1m ago",
            "releases  prod/3",
            "  making change set",
            "  prod: UPDATE_COMPLETE",
            "done: build 7 is live on prod",
        ]

    def test_follows_one_to_its_end(self, lab: Any, run: Any) -> None:
        result = run("activity", "12", "--follow")
        assert result.exit_code == 0
        assert result.stdout.endswith("  prod: UPDATE_COMPLETE\ndone: build 7 is live on prod\n")

    def test_following_one_that_fails_fails(self, lab: Any, run: Any) -> None:
        lab.streams["/activity/12/events"][0][-1][1]["activity"] |= {"state": "failed", "outcome": "it went back"}
        result = run("activity", "12", "--follow", "--json")
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert (result.exit_code, lines[0], lines[-1]["activity"]["state"]) == (
            1,
            {"text": "making change set"},
            "failed",
        )

    def test_following_without_a_number_says_what_is_missing(self, lab: Any, run: Any) -> None:
        result = run("activity", "--follow")
        assert (result.exit_code, result.stderr) == (
            2,
            "error: which activity to follow is not said\n  what to do: name its number: rollbacklab activity\n",
        )

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        assert json.loads(run("activity", "--json").stdout) == lab.pages["GET /activity"]
        assert json.loads(run("activity", "12", "--json").stdout) == lab.pages["GET /activity/12"]


class TestOpen:
    @pytest.mark.parametrize(
        ("page", "path"),
        [
            ((), "/"),
            (("overview",), "/"),
            (("builds",), "/builds"),
            (("settings",), "/settings"),
            (("prod",), "/stages/prod"),
            (("stages/prod/metrics",), "/stages/prod/metrics"),
        ],
    )
    def test_prints_the_address(self, lab: Any, run: Any, page: tuple[str, ...], path: str) -> None:
        assert run("open", "--no-browser", *page).stdout == f"{lab.url}{path}\n"

    def test_opens_it_in_a_browser(self, lab: Any, start: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("BROWSER", "sh -c 'echo $0 > opened' %s")
        process = start("open", "builds", "--json")
        told, _ = process.communicate(timeout=30)
        assert (process.returncode, json.loads(told)) == (0, {"url": f"{lab.url}/builds"})
        assert (lab.directory / "opened").read_text() == f"{lab.url}/builds\n"

    def test_says_which_pages_there_are(self, lab: Any, run: Any) -> None:
        result = run("open", "bulids", "--no-browser")
        assert result.exit_code == 2
        assert result.stderr.splitlines() == [
            "error: the console has no page 'bulids'",
            "  looked at: its pages: overview, builds, activity, labs, settings, dev, prod",
        ]
