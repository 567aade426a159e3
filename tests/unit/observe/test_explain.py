from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

from pytest_rollbacklab.model import AccessLogLine, Answer, Build, Commit, Evidence, LogLine, Release
from pytest_rollbacklab.observe.explain import explain_answer, explain_evidence, explain_releases

AT = datetime(2026, 11, 23, 7, tzinfo=UTC)
URL = "http://127.0.0.1:4566/_aws/execute-api/abc123/prod/notes"


def line(message: str) -> LogLine:
    return LogLine(group="g", stream="s", at=AT, message=message)


def test_an_answer_is_told_in_one_line(broken: Answer) -> None:
    told = (
        f'POST {URL} -> 502 Bad Gateway in 42 ms, request {broken.request_id}: {{"message": "Internal server error"}}'
    )
    assert explain_answer(broken) == told
    assert explain_answer(broken, expected=502) == told
    assert explain_answer(broken, expected=200) == f"expected 200, got {told}"


def test_an_answer_without_an_id_or_a_body_says_so(broken: Answer) -> None:
    bare = dataclasses.replace(broken, headers={}, body=b"")
    assert explain_answer(bare).endswith("request (no id): (empty body)")
    long = dataclasses.replace(broken, body=b"x" * 301)
    assert explain_answer(long).endswith("x" * 300 + "...")


def test_evidence_tells_what_matters_and_what_is_missing(broken: Answer) -> None:
    evidence = Evidence(
        answer=broken,
        access_log=AccessLogLine(at=AT, fields={"status": "502"}, raw='{"status": "502"}\n'),
        execution_log=(
            line("(5b1f) HTTP Method: POST, Resource Path: /notes"),
            line("(5b1f) Lambda execution failed with status 200 due to customer function error: no gibberish."),
            line("(5b1f) Method completed with status: 502"),
        ),
        function_log_lines=(
            line("START RequestId: 1111 Version: 3\n"),
            line("[ERROR] NameError: name 'gibberish' is not defined\nTraceback (most recent call last):\n"),
            line("END RequestId: 1111\n"),
        ),
        lambda_request_id="1111",
        missing=("the moon: it was looked for in the sky",),
    )
    assert explain_evidence(evidence, expected=200) == [
        explain_answer(broken, expected=200),
        'access log: {"status": "502"}',
        "execution log: Lambda execution failed with status 200 due to customer function error: no gibberish.",
        "function log: [ERROR] NameError: name 'gibberish' is not defined\nTraceback (most recent call last):",
        "missing: the moon: it was looked for in the sky",
    ]


def test_a_ledger_is_told_release_by_release() -> None:
    commit = Commit(sha="0123456789" * 4, author="Ann <a@b.c>", message="Making a mistake\n\nmore", committed_at=AT)
    build = Build(
        number=2,
        app="notes",
        commit=commit,
        packages=(),
        template_key="t",
        template_sha256="0",
        built_at=AT,
        duration_s=1.0,
    )
    release = Release(
        number=3,
        stage="prod",
        kind="promote",
        build=build,
        parameters={},
        released_at=AT,
        duration_s=1.25,
        packages_rebuilt=0,
        changes=(),
    )
    assert explain_releases("prod", (release,)) == [
        "prod release 3: promote of build 2 (0123456 Making a mistake), 0 packages rebuilt, 1.25 s"
    ]
    again = dataclasses.replace(release, number=4, packages_rebuilt=1)
    assert explain_releases("prod", (again,))[0].endswith(", 1 package rebuilt, 1.25 s")
    assert explain_releases("dev", ()) == ["dev: nothing was ever released"]


def test_evidence_of_which_nothing_was_found_is_the_answer_alone(broken: Answer) -> None:
    nothing = Evidence(
        answer=broken, access_log=None, execution_log=(), function_log_lines=(), lambda_request_id=None, missing=()
    )
    assert explain_evidence(nothing) == [explain_answer(broken)]


def test_evidence_without_an_answer_begins_with_what_the_logs_say() -> None:
    nothing = Evidence(
        answer=None, access_log=None, execution_log=(), function_log_lines=(), lambda_request_id=None, missing=()
    )
    assert explain_evidence(nothing) == ["request (no id), by its logs: (method?) (path?) -> (status?)"]
    known = dataclasses.replace(nothing, request_id="5b1f", method="POST", path="/prod/notes", status=502)
    assert explain_evidence(known) == ["request 5b1f, by its logs: POST /prod/notes -> 502"]
