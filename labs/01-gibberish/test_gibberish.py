"""Lab 01: a bad line reaches production, users get 502, the logs say why, and the earlier build comes back."""

from __future__ import annotations

from pytest_rollbacklab import ApiClient, Lab, Stage

NOTE = {"content": "hello world", "attachment": "hello.jpg"}


def test_gibberish(lab: Lab, dev: Stage, prod: Stage, api: ApiClient) -> None:
    # 1. A good build goes to dev by a push, and to prod by a promotion.
    good = lab.push("Notes API")
    lab.promote("dev", "prod")
    assert api.post("/notes", json=NOTE).status == 200

    # 2. The mistake is pushed: it is built, and deployed to dev. One package of five is another.
    lab.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
    bad = lab.push("Making a mistake")
    assert [package.function for package in bad.packages if not package.reused] == ["CreateFunction"]

    # 3. Somebody looks at the change set, sees nothing odd in it, and promotes it.
    promotion = lab.promote("dev", "prod")
    assert "CreateFunction" in {change.logical_id for change in promotion.changes if change.action == "Modify"}
    assert not [change for change in promotion.changes if change.resource_type == "AWS::DynamoDB::Table"]
    assert prod.live == promotion
    assert promotion.build == bad

    # 4. Access logs, in one call, with the role and the account setting that AWS demands.
    enabled = prod.enable_access_logs()
    assert enabled.done

    # 5. Users get 502, and are told nothing.
    broken = api.post("/notes", json=NOTE)
    assert (broken.status, broken.reason) == (502, "Bad Gateway")
    assert broken.json() == {"message": "Internal server error"}

    # 6. The access log shows it; the request's id leads to the function's log, which says what is wrong.
    assert [line.status for line in prod.access_log()] == [502]
    evidence = prod.evidence(broken)
    assert evidence.missing == ()
    assert evidence.access_log is not None
    assert (evidence.access_log.status, evidence.access_log.fields["resourcePath"]) == (502, "/notes")
    assert "[ERROR] NameError: name 'gibberish' is not defined" in evidence.function_log

    # 7. The metrics count it: the API's for all calls, the function's for its own.
    api_metrics = prod.api_metrics()
    assert api_metrics.sum("Count") == 2
    assert (api_metrics.sum("4XXError"), api_metrics.sum("5XXError")) == (0, 1)
    assert (api_metrics.get("Latency", "Maximum") or 0) > 0
    function_metrics = prod.function_metrics("CreateFunction")
    assert (function_metrics.sum("Invocations"), function_metrics.sum("Errors")) == (2, 1)

    # 8. Back to what was live before: the very packages of then, with nothing rebuilt.
    rollback = prod.roll_back(reason="POST /notes answers 502")
    assert (rollback.kind, rollback.build, rollback.rolled_back_from) == ("rollback", good, bad.number)
    assert rollback.packages_rebuilt == 0

    # 9. The same call answers again, and what it writes is there.
    healed = api.post("/notes", json=NOTE)
    assert (healed.status, healed.reason) == (200, "OK")
    note = healed.json()
    assert set(note) == {"userId", "noteId", "content", "attachment", "createdAt"}
    assert (note["content"], note["attachment"]) == (NOTE["content"], NOTE["attachment"])
    assert api.get(f"/notes/{note['noteId']}").json() == note

    # 10. Only prod was rolled back. The bad line is still in the repository and on dev, and the next promotion would
    #     bring it again: mend it, commit it, push it.
    assert dev.live is not None
    assert dev.live.build == bad
    lab.restore("functions/create.py")
    mended = lab.push("Fixing the mistake")
    assert [package.sha256 for package in mended.packages] == [package.sha256 for package in good.packages]
    assert dev.api.post("/notes", json=NOTE).status == 200
    lab.promote("dev", "prod")
    assert api.post("/notes", json=NOTE).status == 200
