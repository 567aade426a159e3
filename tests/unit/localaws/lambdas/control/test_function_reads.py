from __future__ import annotations

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"


def test_get_function_tells_configuration_code_tags_and_concurrency(control):
    created = control.create(Tags={"team": "notes"})
    del created["StateReason"], created["StateReasonCode"]
    created |= {"State": "Active", "LastUpdateStatus": "Successful"}
    control.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=5)
    function = control.call("GetFunction", FunctionName="create")
    assert function == {
        "Configuration": created,
        "Code": {
            "RepositoryType": "S3",
            "Location": "http://127.0.0.1:4566/_aws/lambda/code/111122223333/eu-west-1/create/$LATEST",
        },
        "Tags": {"team": "notes"},
        "Concurrency": {"ReservedConcurrentExecutions": 5},
    }


def test_a_qualifier_leads_to_a_version_and_shows_in_the_arn(control):
    control.create(Publish=True)
    control.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    told = {}
    for name in ("create", "create:$LATEST", "create:1", f"{ARN}:prod"):
        function = control.call("GetFunction", FunctionName=name)
        told[name] = (
            function["Configuration"]["FunctionArn"],
            function["Configuration"]["Version"],
            function["Code"]["Location"].rpartition("/")[2],
        )
    assert told == {
        "create": (ARN, "$LATEST", "$LATEST"),
        "create:$LATEST": (f"{ARN}:$LATEST", "$LATEST", "$LATEST"),
        "create:1": (f"{ARN}:1", "1", "1"),
        f"{ARN}:prod": (f"{ARN}:prod", "1", "1"),
    }


def test_code_can_be_downloaded_of_every_version(control, make_zip):
    first = make_zip({"app.py": "first"})
    control.create(Code={"ZipFile": first}, Publish=True)
    control.update("create", "second")
    assert control.code(control.scope, "create", "1") == first
    assert control.code(control.scope, "create", "$LATEST") != first


def test_functions_are_listed_without_their_state(control):
    control.create("b", Publish=True)
    control.create("a")
    functions = control.call("ListFunctions")["Functions"]
    assert [(f["FunctionName"], f["FunctionArn"].rpartition(":")[2], f["Version"]) for f in functions] == [
        ("a", "a", "$LATEST"),
        ("b", "b", "$LATEST"),
    ]
    assert "State" not in functions[0]
    everything = control.call("ListFunctions", FunctionVersion="ALL")["Functions"]
    assert [f["FunctionArn"].split(":function:")[1] for f in everything] == ["a:$LATEST", "b:$LATEST", "b:1"]
    error = control.refusal("ListFunctions", FunctionVersion="invalid")
    assert error.message == (
        "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy constraint: "
        "Member must satisfy enum value set: [ALL]"
    )


def test_long_lists_come_in_pieces(control):
    for name in "cab":
        control.create(name)
    first = control.call("ListFunctions", MaxItems=2)
    assert [f["FunctionName"] for f in first["Functions"]] == ["a", "b"]
    control.call("DeleteFunction", FunctionName="c")
    control.create("d")
    rest = control.call("ListFunctions", MaxItems=2, Marker=first["NextMarker"])
    assert [f["FunctionName"] for f in rest["Functions"]] == ["d"]
    assert "NextMarker" not in rest
    assert control.refusal("ListFunctions", Marker="!").message == "The pagination marker '!' is invalid."


def test_versions_are_listed_in_pieces_in_the_order_of_their_numbers(control):
    control.create(Publish=True)
    for number in range(2, 12):
        control.update("create", f"x = {number}", Publish=True)
    seen, marker = [], {}
    while True:
        piece = control.call("ListVersionsByFunction", FunctionName="create", MaxItems=5, **marker)
        seen += [version["Version"] for version in piece["Versions"]]
        if "NextMarker" not in piece:
            break
        marker = {"Marker": piece["NextMarker"]}
    assert seen == ["$LATEST", *(str(number) for number in range(1, 12))]


def test_account_settings_count_what_is_there(control, make_zip):
    package = make_zip({"app.py": ""})
    control.create(Code={"ZipFile": package}, Publish=True)
    control.call("PutFunctionConcurrency", FunctionName="create", ReservedConcurrentExecutions=40)
    assert control.call("GetAccountSettings") == {
        "AccountLimit": {
            "TotalCodeSize": 80530636800,
            "CodeSizeUnzipped": 262144000,
            "CodeSizeZipped": 52428800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 960,
        },
        "AccountUsage": {"TotalCodeSize": 2 * len(package), "FunctionCount": 1},
    }
