"""Lab 01 as the course has it, in JavaScript: gibberish.what; at the top of functions/create.js."""

from __future__ import annotations

import json
import shutil

import pytest

from pytest_rollbacklab import ApiClient, Lab, Stage

NOTE = {"content": "hello world", "attachment": "hello.jpg"}
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None, reason="functions in JavaScript run on Node.js, and there is no 'node': nodejs.org"
)


def test_gibberish_in_javascript(lab: Lab, dev: Stage, prod: Stage, api: ApiClient) -> None:
    # 1. The same app, with POST /notes answered by functions/create.js: a parameter of the template says so.
    lab.replace("template.yaml", "Default: python", "Default: javascript")
    good = lab.push("Notes API")
    lab.promote("dev", "prod")
    assert api.post("/notes", json=NOTE).status == 200

    # 2. The mistake is pushed, and promoted.
    lab.edit("functions/create.js", at_top_of="main", insert="gibberish.what;")
    bad = lab.push("Making a mistake")
    assert [package.function for package in bad.packages if not package.reused] == ["CreateFunction"]
    lab.promote("dev", "prod")

    # 3. Access logs are enabled, and the code is tested.
    prod.enable_access_logs()
    broken = api.post("/notes", json=NOTE)
    assert (broken.status, broken.reason) == (502, "Bad Gateway")
    assert broken.json() == {"message": "Internal server error"}

    # 4. The access log shows the 502; the function's log says what is wrong, as Lambda's Node.js says it.
    assert [line.status for line in prod.access_log()] == [502]
    evidence = prod.evidence(broken)
    assert evidence.missing == ()
    [line] = [line for line in evidence.function_log.splitlines() if "ERROR" in line]
    _, _, level, text = line.split("\t", 3)
    assert (level, text.partition(" \t")[0]) == ("ERROR", "Invoke Error")
    error = json.loads(text.partition(" \t")[2])
    assert (error["errorType"], error["errorMessage"]) == ("ReferenceError", "gibberish is not defined")
    assert error["stack"][0] == "ReferenceError: gibberish is not defined"
    assert error["stack"][1].startswith("    at Runtime.main [as handler] (file:///var/task/create.js:")

    # 5. The metrics count it.
    api_metrics, function_metrics = prod.api_metrics(), prod.function_metrics("CreateFunction")
    assert (api_metrics.sum("Count"), api_metrics.sum("4XXError"), api_metrics.sum("5XXError")) == (2, 0, 1)
    assert (function_metrics.sum("Invocations"), function_metrics.sum("Errors")) == (2, 1)

    # 6. Back to what was live before, with nothing rebuilt; and the same call answers again.
    rollback = prod.roll_back(reason="POST /notes answers 502")
    assert (rollback.build, rollback.packages_rebuilt) == (good, 0)
    healed = api.post("/notes", json=NOTE)
    assert (healed.status, healed.reason) == (200, "OK")
    note = healed.json()
    assert set(note) == {"userId", "noteId", "content", "attachment", "createdAt"}
    assert api.get(f"/notes/{note['noteId']}").json() == note

    # 7. The code is reverted, committed and pushed.
    lab.restore("functions/create.js")
    mended = lab.push("Fixing the mistake")
    assert [package.sha256 for package in mended.packages] == [package.sha256 for package in good.packages]
    assert dev.api.post("/notes", json=NOTE).status == 200
