"""Lab 01, the chapter: a bad line reaches prod, users get 502, the logs say why, Rollback brings the good build back."""

from __future__ import annotations

from pytest_rollbacklab.call.client import ApiClient
from pytest_rollbacklab.lab import Lab, Stage

NOTE = {"content": "hello world", "attachment": "hello.jpg"}


def test_gibberish(lab: Lab, prod: Stage, api: ApiClient) -> None:
    # A good build goes to dev by a push and to prod by a promotion.
    good = lab.push("Notes API")
    lab.promote("dev", "prod")
    assert api.post("/notes", json=NOTE).status == 200

    # The mistake is pushed, built, deployed to dev and promoted.
    lab.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    bad = lab.push("Making a mistake")
    assert [package.function for package in bad.packages if not package.reused] == ["CreateFunction"]
    promotion = lab.promote("dev", "prod")
    assert {change.logical_id for change in promotion.changes if change.action == "Modify"} >= {"CreateFunction"}
    assert prod.live is not None
    assert prod.live.build == bad

    # Access logs, in one call, with the role and the account setting that AWS demands.
    prod.enable_access_logs()

    # Users get 502, and are told nothing.
    broken = api.post("/notes", json=NOTE)
    assert (broken.status, broken.reason) == (502, "Bad Gateway")
    assert broken.json() == {"message": "Internal server error"}

    # The access log has the request; its id leads to the function's log, which says what is wrong.
    evidence = prod.evidence(broken)
    assert evidence.access_log is not None
    assert evidence.access_log.status == 502
    assert evidence.access_log.fields["resourcePath"] == "/notes"
    assert "name 'gibberish' is not defined" in evidence.function_log
    assert evidence.missing == ()

    # The API's metrics count it, and so do the function's.
    api_metrics = prod.api_metrics()
    assert (api_metrics.sum("Count"), api_metrics.sum("5XXError"), api_metrics.sum("4XXError")) == (2, 1, 0)
    assert (api_metrics.percentile("Latency", 99) or 0) > 0
    function_metrics = prod.function_metrics("CreateFunction")
    assert (function_metrics.sum("Invocations"), function_metrics.sum("Errors")) == (2, 1)

    # Rollback: the earlier build's very packages, with nothing rebuilt.
    release = prod.roll_back(reason="POST /notes answers 502")
    assert release.build == good
    assert release.packages_rebuilt == 0

    # The same call answers again.
    healed = api.post("/notes", json=NOTE)
    assert (healed.status, healed.reason) == (200, "OK")
    note = healed.json()
    assert set(note) == {"userId", "noteId", "content", "attachment", "createdAt"}
    assert (note["content"], note["attachment"]) == ("hello world", "hello.jpg")
    assert api.get(f"/notes/{note['noteId']}").json() == note

    # And the code is mended, committed and pushed: only then is the next deployment safe.
    lab.restore("functions/create.py")
    mended = lab.push("Fixing the mistake")
    assert all(package.reused for package in mended.packages)
    lab.promote("dev", "prod")
    assert api.post("/notes", json=NOTE).status == 200
