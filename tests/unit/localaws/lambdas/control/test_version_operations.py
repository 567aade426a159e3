from __future__ import annotations

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"


def publish(control, **params):
    return control.call("PublishVersion", FunctionName="create", **params)


def test_a_version_is_a_copy_of_latest_with_an_arn_of_its_own(control):
    created = control.create(Description="of latest", Environment={"Variables": {"A1": "x"}})
    version = publish(control, Description="of version")
    assert (version["Version"], version["FunctionArn"]) == ("1", f"{ARN}:1")
    assert version["Description"] == "of version"
    assert version["RevisionId"] != created["RevisionId"]
    same = ("CodeSha256", "Environment", "Handler", "MemorySize", "Role", "Runtime", "Timeout")
    assert {key: version[key] for key in same} == {key: created[key] for key in same}


def test_a_version_never_changes(control):
    control.create()
    version = publish(control)
    control.update("create", "new code")
    control.call("UpdateFunctionConfiguration", FunctionName="create", Timeout=99)
    assert control.call("GetFunctionConfiguration", FunctionName="create:1") == version


def test_nothing_new_is_published_when_nothing_has_changed(control):
    control.create()
    first = publish(control, Description="first")
    assert publish(control, Description="again") == first
    control.update("create", "new code")
    assert publish(control)["Version"] == "2"
    control.call("UpdateFunctionConfiguration", FunctionName="create", Timeout=99)
    assert publish(control)["Version"] == "3"


def test_going_back_to_earlier_code_is_a_change(control):
    control.create(code="one")
    first = publish(control)
    control.update("create", "two")
    publish(control)
    control.update("create", "one")
    third = publish(control)
    assert (third["Version"], third["CodeSha256"]) == ("3", first["CodeSha256"])


def test_a_deleted_versions_number_is_not_given_again(control):
    control.create()
    publish(control)
    control.call("DeleteFunction", FunctionName="create:1")
    assert publish(control)["Version"] == "2"


def test_publishing_gives_latest_a_new_revision_and_no_new_build(control):
    created = control.create()
    publish(control)
    latest = control.call("GetFunctionConfiguration", FunctionName="create")
    assert latest["RevisionId"] != created["RevisionId"]
    assert control.superseded == []


def test_publishing_code_that_is_not_latests_is_refused(control):
    created = control.create()
    error = control.refusal("PublishVersion", FunctionName="create", CodeSha256="other")
    assert error.code == "InvalidParameterValueException"
    assert error.message == (
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({created['CodeSha256']}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )
    assert publish(control, CodeSha256=created["CodeSha256"])["Version"] == "1"


def test_versions_are_listed_with_latest_first_and_without_their_state(control):
    control.create()
    publish(control)
    versions = control.call("ListVersionsByFunction", FunctionName="create")["Versions"]
    assert [(v["Version"], v["FunctionArn"]) for v in versions] == [("$LATEST", f"{ARN}:$LATEST"), ("1", f"{ARN}:1")]
    assert "State" not in versions[0]
