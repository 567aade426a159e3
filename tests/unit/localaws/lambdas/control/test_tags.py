from __future__ import annotations

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"


def test_tags_are_added_replaced_and_removed(control):
    control.create(Tags={"team": "notes", "stage": "dev"})
    control.call("TagResource", Resource=ARN, Tags={"stage": "prod", "cost": "7"})
    assert control.call("ListTags", Resource=ARN) == {"Tags": {"team": "notes", "stage": "prod", "cost": "7"}}
    control.call("UntagResource", Resource=ARN, TagKeys=["team", "never-there"])
    assert control.call("ListTags", Resource=ARN) == {"Tags": {"stage": "prod", "cost": "7"}}


def test_fifty_tags_are_the_limit(control, make_zip):
    control.create()
    control.call("TagResource", Resource=ARN, Tags={str(number): "x" for number in range(50)})
    error = control.refusal("TagResource", Resource=ARN, Tags={"one more": "x"})
    assert (error.code, error.message) == (
        "InvalidParameterValueException",
        "Number of tags exceeds resource tag limit.",
    )
    assert len(control.call("ListTags", Resource=ARN)["Tags"]) == 50
    error = control.refusal(
        "CreateFunction",
        FunctionName="new",
        Role="arn:aws:iam::111122223333:role/r",
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": make_zip({"app.py": ""})},
        Tags={str(number): "x" for number in range(51)},
    )
    assert error.message == "Number of tags exceeds resource tag limit."


def test_only_functions_are_tagged(control):
    control.create(Publish=True)
    for qualifier in ("$LATEST", "1"):
        assert control.refusal("TagResource", Resource=f"{ARN}:{qualifier}", Tags={"a": "b"}).message == (
            "Tags on function aliases and versions are not supported. Please specify a function ARN."
        )
    layer = "arn:aws:lambda:eu-west-1:111122223333:layer:deps"
    error = control.refusal("ListTags", Resource=layer)
    assert error.message == f"Tags of a layer are not emulated by this local AWS: {layer}."


def test_a_resource_that_is_none_or_not_there_is_refused(control):
    error = control.refusal("ListTags", Resource=ARN)
    assert (error.status, error.message) == (404, f"Function not found: {ARN}")
    bad = "arn:aws:lambda:eu-west-1:111122223333:foobar:create"
    error = control.refusal("ListTags", Resource=bad)
    assert error.code == "ValidationException"
    assert error.message.startswith(
        f"1 validation error detected: Value '{bad}' at 'resource' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}"
    )
