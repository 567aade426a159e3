"""What changes a stage: ``deploy``, ``promote``, ``rollback``, ``config``, ``change-set``, ``pin``."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

PLANS = "/stages/prod/plans"
CONFIRM, CANCEL = f"{PLANS}/p1/confirm", f"{PLANS}/p1/cancel"
HOLD = ("hold", None)


class TestWhatIsPlanned:
    @pytest.mark.parametrize(
        ("arguments", "path", "form"),
        [
            (("deploy", "--to", "dev"), "/stages/dev/plans", {"kind": "deploy"}),
            (("deploy", "7", "--to", "prod"), PLANS, {"kind": "deploy", "build": "7"}),
            (("promote",), PLANS, {"kind": "promote", "from": "dev"}),
            (("promote", "--from", "dev", "--to", "prod"), PLANS, {"kind": "promote", "from": "dev"}),
            (("promote", "--build", "6"), PLANS, {"kind": "promote", "build": "6"}),
            (("rollback",), PLANS, {"kind": "rollback"}),
            (
                ("rollback", "prod", "--to", "6", "--reason", "users see 502"),
                PLANS,
                {"kind": "rollback", "build": "6", "reason": "users see 502"},
            ),
            (
                ("config", "set", "LOG_LEVEL=WARN", "EMPTY=", "--parameter", "Size=2=3"),
                PLANS,
                {
                    "kind": "config",
                    "environment.LOG_LEVEL": "WARN",
                    "environment.OLD": "1",
                    "environment.EMPTY": "",
                    "parameter.Size": "2=3",
                },
            ),
            (
                ("config", "unset", "OLD", "--stage", "prod"),
                PLANS,
                {"kind": "config", "environment.LOG_LEVEL": "DEBUG"},
            ),
        ],
    )
    def test_is_what_was_asked_for(
        self, lab: Any, run: Any, arguments: tuple[str, ...], path: str, form: dict[str, str]
    ) -> None:
        result = run(*arguments, "--yes")
        assert (result.exit_code, lab.posted(path)) == (0, [form])

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("deploy",), "error: where to deploy, --to, has to be said"),
            (("rollback",), "error: which stage is meant has to be said"),
            (("promote",), "error: where to promote, --to, has to be said"),
            (("promote", "--to", "dev"), "error: what to promote, --from or --build, has to be said"),
        ],
    )
    def test_stages_are_named_when_one_has_to_be_said(
        self, lab: Any, run: Any, arguments: tuple[str, ...], said: str
    ) -> None:
        for stage in lab.stages.values():
            stage["promote_only"] = True
        result = run(*arguments, "--yes")
        assert result.exit_code == 2
        assert result.stderr.splitlines() == [
            said,
            "  looked at: the app's stages: dev, prod",
            "  what to do: name one of them: dev, prod",
        ]

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (
                ("set",),
                "error: there is nothing to change\n  what to do: give NAME=VALUE, or --parameter NAME=VALUE\n",
            ),
            (
                ("set", "LOG_LEVEL"),
                "error: 'LOG_LEVEL' sets nothing\n  what to do: give NAME=VALUE; an empty value is NAME=\n",
            ),
            (
                ("unset", "NEW"),
                """\
error: 'NEW' is no variable set by hand on prod
  looked at: set: LOG_LEVEL, OLD
  what to do: see rollbacklab config show
""",
            ),
        ],
    )
    def test_what_cannot_be_set_is_told(self, lab: Any, run: Any, arguments: tuple[str, ...], said: str) -> None:
        result = run("config", *arguments, "--yes")
        assert (result.exit_code, result.stderr, lab.posted(PLANS)) == (2, said, [])


class TestConfirmed:
    def test_shows_the_change_set_follows_and_tells_the_end(self, lab: Any, run: Any) -> None:
        assert run("promote", "--yes").stdout.splitlines() == [
            "Promote build 7 to prod",
            "change set, 1 change",
            "action  what            properties  means",
            "Modify  CreateFunction  Code.S3Key  replaced code, no downtime",
            "will not come back: notes that were written since stay as they are",
            "  making change set",
            "  prod: UPDATE_COMPLETE",
            "done: build 7 is live on prod",
        ]

    def test_the_changes_are_not_told_twice(self, lab: Any, run: Any) -> None:
        told = "  Modify CreateFunction (AWS::Lambda::Function): replaced code, no downtime"
        lab.streams["/activity/12/events"][0].insert(1, ("line", {"text": told}))
        assert run("promote", "--yes").stdout.count("replaced code") == 1
        assert f"  {told}\n" in run("activity", "12", "--follow").stdout

    def test_many_new_resources_of_a_type_share_a_row(self, lab: Any, run: Any) -> None:
        (change,) = lab.plan["changes"]
        new = {"meaning": "new", "loses_data": False}
        lab.plan["changes"] = [
            new | {"change": change["change"] | {"action": "Add", "logical_id": name, "properties": []}}
            for name in ("One", "Two", "Three")
        ] + [change]
        assert run("promote", "--yes").stdout.splitlines()[1:5] == [
            "change set, 4 changes",
            "action  what                                      properties  means",
            "Add     3 AWS::Lambda::Function: One, Two, Three              new",
            "Modify  CreateFunction                            Code.S3Key  replaced code, no downtime",
        ]

    def test_says_so_when_nothing_would_change(self, lab: Any, run: Any) -> None:
        lab.plan.update(changes=[], executable=False)
        assert "the stack stands so already: confirming only writes the release down\n" in run("promote", "-y").stdout

    @pytest.mark.parametrize("state", ["failed", "interrupted"])
    def test_fails_when_the_deployment_does(self, lab: Any, run: Any, state: str) -> None:
        lab.streams["/activity/12/events"][0][-1][1]["activity"] |= {"state": state, "outcome": "it went back"}
        result = run("promote", "--yes")
        assert (result.exit_code, result.stdout.splitlines()[-1]) == (1, f"{state} after 3.2 s: it went back")

    def test_json_is_one_document(self, lab: Any, run: Any) -> None:
        result = run("promote", "--yes", "--json")
        assert json.loads(result.stdout) == {
            "plan": lab.plan,
            "activity": lab.pages["GET /activity/12"]["activity"],
        }
        assert result.stderr == ""

    def test_a_plan_that_moved_on_is_told(self, lab: Any, run: Any) -> None:
        error = {"what": "prod has moved on since", "looked_at": "release 4", "mend": "plan it again"}
        lab.refusals[f"POST {CONFIRM}"] = (409, {"error": error})
        result = run("promote", "--yes")
        assert (result.exit_code, result.stderr) == (
            2,
            "error: prod has moved on since\n  looked at: release 4\n  what to do: plan it again\n",
        )

    def test_what_cloudformation_refuses_is_a_failure(self, lab: Any, run: Any) -> None:
        lab.refusals[f"POST {PLANS}"] = (502, {"error": {"what": "refused", "looked_at": None, "mend": None}})
        result = run("promote", "--yes")
        assert (result.exit_code, result.stderr) == (1, "error: refused\n")


class TestNobodyToAsk:
    def test_nothing_is_done_without_yes(self, lab: Any, run: Any) -> None:
        result = run("promote")
        assert result.exit_code == 2
        assert result.stdout.startswith("Promote build 7 to prod\n")
        assert result.stderr.splitlines() == [
            "error: not confirmed, so nothing was changed: Promote build 7 to prod",
            "  looked at: nobody can be asked here",
            "  what to do: look at the change set (rollbacklab change-set), then give --yes",
        ]
        assert (lab.posted(CONFIRM), len(lab.posted(CANCEL))) == ([], 1)

    @pytest.mark.parametrize("by", ["change", "remark"])
    def test_yes_alone_does_not_lose_data(self, lab: Any, run: Any, by: str) -> None:
        if by == "change":
            lab.plan["changes"][0]["loses_data"] = True
        else:
            lab.plan["remarks"] = [{"kind": "data loss", "text": "NotesTable is replaced"}]
        result = run("promote", "--yes")
        assert (result.exit_code, lab.posted(CONFIRM)) == (2, [])
        assert result.stderr.splitlines()[1:] == [
            "  looked at: nobody can be asked here, and data would be lost",
            "  what to do: look at the change set (rollbacklab change-set), then give --yes --accept-data-loss",
        ]
        assert run("promote", "--yes", "--accept-data-loss").exit_code == 0

    def test_json_tells_the_error_and_nothing_else(self, lab: Any, run: Any) -> None:
        result = run("promote", "--json")
        assert (result.exit_code, result.stderr) == (2, "")
        assert set(json.loads(result.stdout)["error"]) == {"what", "looked_at", "mend"}


class TestAtATerminal:
    def test_asks_and_goes_on(self, lab: Any, typed: Any) -> None:
        status, shown = typed("y\n", "promote")
        assert "Promote build 7 to prod? [y/N]: " in shown
        assert "done: build 7 is live on prod" in shown
        assert "\x1b[" not in shown
        assert status == 0

    def test_no_changes_nothing(self, lab: Any, typed: Any) -> None:
        status, shown = typed("n\n", "promote")
        assert "nothing was changed" in shown
        assert (status, lab.posted(CONFIRM), len(lab.posted(CANCEL))) == (1, [], 1)

    def test_asks_why_for_a_rollback(self, lab: Any, typed: Any) -> None:
        lab.plan["asks_reason"] = True
        status, _ = typed("y\nusers see 502\n", "rollback", "prod")
        assert (status, lab.posted(CONFIRM)) == (0, [{"reason": "users see 502"}])

    def test_the_loss_of_data_takes_the_stages_name(self, lab: Any, typed: Any) -> None:
        lab.plan["changes"][0]["loses_data"] = True
        assert typed("prod\n", "promote", "--yes")[0] == 0
        status, shown = typed("y\n", "promote")
        assert "data will be lost; type the stage's name, prod, to go on: " in shown
        assert (status, len(lab.posted(CONFIRM)), len(lab.posted(CANCEL))) == (1, 1, 1)

    def test_control_d_is_no_consent(self, lab: Any, typed: Any) -> None:
        status, _ = typed("\x04", "promote")
        assert (status, lab.posted(CONFIRM), len(lab.posted(CANCEL))) == (130, [], 1)


class TestFollowing:
    def test_control_c_leaves_the_activity_and_says_how_to_follow_it(self, lab: Any, start: Any) -> None:
        lab.streams["/activity/12/events"] = [[("line", {"text": "making change set"}), HOLD]]
        process = start("promote", "--yes")
        while process.stdout.readline() != "  making change set\n":
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors.splitlines()[0]) == (
            130,
            "activity 12 goes on; follow it with: rollbacklab activity 12 --follow",
        )
        assert lab.posted(CANCEL) == []

    def test_a_stream_that_breaks_off_is_taken_up_where_it_was(self, lab: Any, run: Any) -> None:
        (whole,) = lab.streams["/activity/12/events"]
        lab.streams["/activity/12/events"] = [whole[:1], whole]
        lab.pages["GET /activity/12"]["activity"] = whole[-1][1]["activity"] | {"state": "running"}
        assert run("promote", "--yes").stdout.splitlines()[-3:] == [
            "  making change set",
            "  prod: UPDATE_COMPLETE",
            "done: build 7 is live on prod",
        ]

    def test_an_end_that_was_missed_is_looked_up(self, lab: Any, run: Any) -> None:
        lab.streams["/activity/12/events"] = [[("line", {"text": "making change set"})]]
        assert run("promote", "--yes").exit_code == 0

    def test_a_stream_that_always_breaks_off_is_given_up(self, lab: Any, run: Any) -> None:
        lab.streams["/activity/12/events"] = [[]]
        lab.pages["GET /activity/12"]["activity"] |= {"state": "running"}
        result = run("promote", "--yes")
        assert (result.exit_code, result.stderr.splitlines()) == (
            3,
            [
                "error: the log of activity 12 broke off 5 times; the activity itself goes on",
                "  looked at: GET /activity/12/events",
                "  what to do: see how it stands: rollbacklab activity 12",
            ],
        )

    def test_what_fails_in_a_stream_is_told(self, lab: Any, run: Any) -> None:
        error = {"what": "the log is gone", "looked_at": "journal", "mend": None}
        lab.streams["/activity/12/events"] = [[("failed", {"error": error})]]
        result = run("activity", "12", "--follow")
        assert (result.exit_code, result.stderr) == (1, "error: the log is gone\n  looked at: journal\n")


class TestChangeSet:
    @pytest.mark.parametrize(
        ("arguments", "form"),
        [
            (("promote",), {"kind": "promote", "from": "dev"}),
            (("deploy", "6", "--to", "prod"), {"kind": "deploy", "build": "6"}),
            (("rollback",), {"kind": "rollback"}),
        ],
    )
    def test_is_shown_and_dropped(self, lab: Any, run: Any, arguments: tuple[str, ...], form: dict[str, str]) -> None:
        result = run("change-set", *arguments)
        assert (result.exit_code, lab.posted(PLANS), lab.posted(CONFIRM)) == (0, [form], [])
        assert len(lab.posted(CANCEL)) == 1
        assert result.stdout.splitlines()[-1] == "nothing was changed: this is what it would do"

    def test_json_is_the_plan(self, lab: Any, run: Any) -> None:
        assert json.loads(run("change-set", "promote", "--json").stdout) == {"plan": lab.plan}
        assert len(lab.posted(CANCEL)) == 1


class TestConfigShow:
    def test_says_what_is_set_and_where(self, lab: Any, run: Any) -> None:
        assert run("config", "show").stdout.splitlines() == [
            "what       name       value  said in",
            "variable   LOG_LEVEL  DEBUG  by hand, over 'INFO' in rollbacklab.toml",
            "variable   OLD        1      by hand",
            "parameter  StageName  prod   rollbacklab.toml",
            "access logs: on",
            "builds kept: all",
        ]

    def test_says_what_to_do_when_nothing_is(self, lab: Any, run: Any) -> None:
        lab.pages["GET /stages/prod/settings"]["settings"] |= {
            "configured": {"environment": {}, "parameters": {}},
            "file_environment": {},
            "file_parameters": {},
            "access_logs": None,
        }
        assert run("config", "show", "--stage", "prod").stdout.splitlines() == [
            "nothing is set on prod; set a variable with: rollbacklab config set NAME=VALUE",
            "access logs: nothing is deployed",
            "builds kept: all",
        ]

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        assert json.loads(run("config", "show", "--json").stdout) == lab.pages["GET /stages/prod/settings"]


class TestPin:
    def test_holds_a_stage(self, lab: Any, run: Any) -> None:
        result = run("pin", "--reason", "exams")
        assert lab.posted("/stages/prod/pin") == [{"reason": "exams"}]
        assert result.stdout == "prod is pinned to build 6; pushes do not deploy there until: rollbacklab unpin prod\n"

    def test_lets_it_go(self, lab: Any, run: Any) -> None:
        assert run("unpin", "prod").stdout == "prod is not pinned any more; nothing was deployed\n"

    def test_json_is_what_the_lab_tells(self, lab: Any, run: Any) -> None:
        assert json.loads(run("pin", "--json").stdout) == lab.pages["POST /stages/prod/pin"]
        assert json.loads(run("unpin", "--json").stdout) == {}
