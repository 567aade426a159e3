"""A small AWS in memory for the stack engine: what it is called with is checked by botocore's own service models."""

from __future__ import annotations

import asyncio
import copy
import functools
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar

import botocore.session
import pytest
from botocore.validate import ParamValidator

from pytest_rollbacklab.localaws.api import Call, Scope, ServiceError
from pytest_rollbacklab.localaws.keeping import Keeper
from pytest_rollbacklab.localaws.stacks.service import Stacks

SCOPE = Scope(account_id="111122223333", region="eu-west-1")
Params = dict[str, Any]


@functools.cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


class Gate:
    """Where the calls of an operation wait."""

    def __init__(self, when: Callable[[Params], bool]) -> None:
        self.when = when
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()


class FakeAws:
    """Services as dicts of things by name, every call recorded.

    ``things`` is ``{kind: {name: configuration}}``: what reads back. A call can be made to fail or to wait.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, Params]] = []
        self.things: dict[str, dict[str, Any]] = {}
        self.refusals: list[tuple[str, Callable[[Params], bool], ServiceError]] = []
        self.gates: dict[str, Gate] = {}
        self.refused = asyncio.Event()
        """Set when a call was refused."""
        self.fails_after: int | None = None
        """How many calls may succeed before one fails; deletions never do."""
        self._numbers = itertools.count(1)

    def refuse(
        self, operation: str, error: ServiceError, when: Callable[[Params], bool] = lambda _params: True
    ) -> None:
        """Make an operation fail from now on."""
        self.refusals.append((operation, when, error))

    def hold(self, operation: str, when: Callable[[Params], bool] = lambda _params: True) -> Gate:
        """Make an operation wait until its gate is opened."""
        self.gates[operation] = Gate(when)
        return self.gates[operation]

    def allow_all(self) -> None:
        self.refusals.clear()

    def names(self, *without: str) -> list[str]:
        """Return the operations called so far, in order."""
        return [operation for operation, _ in self.calls if operation not in without]

    def last(self, operation: str) -> Params:
        return next(params for name, params in reversed(self.calls) if name == operation)

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        given = dict(params or {})
        self._check(service, operation, given)
        self.calls.append((operation, copy.deepcopy(given)))
        if operation in self.gates and self.gates[operation].when(given):
            self.gates[operation].reached.set()
            await self.gates[operation].opened.wait()
        self._refuse(operation, given)
        handler: Callable[[Params], Params | None] | None = getattr(self, f"_{operation}", None)
        if handler is not None:
            return handler(given) or {}
        return self._by_table(operation, given)

    def _refuse(self, operation: str, given: Params) -> None:
        for name, when, error in self.refusals:
            if name == operation and when(given):
                self.refused.set()
                raise error
        if self.fails_after is not None and not operation.startswith("Delete"):
            self.fails_after -= 1
            if self.fails_after < 0:
                self.fails_after = None
                raise ServiceError("ServiceUnavailable", "not now", 503)

    def _check(self, service: str, operation: str, params: Params) -> None:
        shape = _model(service).operation_model(operation).input_shape
        report = ParamValidator().validate(params, shape)
        assert not report.has_errors(), f"{service} {operation}: {report.generate_report()}"
        json.dumps(params, default=repr)

    def of(self, kind: str) -> dict[str, Any]:
        return self.things.setdefault(kind, {})

    def number(self) -> int:
        return next(self._numbers)

    # What most operations do: put a thing under its name, change it, or take it away.

    _PUTS: ClassVar[dict[str, tuple[str, str]]] = {
        "CreateBucket": ("bucket", "Bucket"),
        "PutMetricAlarm": ("alarm", "AlarmName"),
    }
    _CHANGES: ClassVar[dict[str, tuple[str, str]]] = {
        "PutFunctionConcurrency": ("function", "FunctionName"),
        "PutRetentionPolicy": ("log group", "logGroupName"),
        "SetIdentityPoolRoles": ("identity pool", "IdentityPoolId"),
        "UpdateAccount": ("account", "account"),
        "UpdateAssumeRolePolicy": ("role", "RoleName"),
        "UpdateFunctionCode": ("function", "FunctionName"),
        "UpdateFunctionConfiguration": ("function", "FunctionName"),
        "UpdateIdentityPool": ("identity pool", "IdentityPoolId"),
        "UpdateRole": ("role", "RoleName"),
        "UpdateTimeToLive": ("table", "TableName"),
        "UpdateUserPool": ("user pool", "UserPoolId"),
    }
    _DELETES: ClassVar[dict[str, tuple[str, str, str | None]]] = {
        "DeleteBucket": ("bucket", "Bucket", "NoSuchBucket"),
        "DeleteDeployment": ("deployment", "deploymentId", "NotFoundException"),
        "DeleteFunctionConcurrency": ("concurrency", "FunctionName", None),
        "DeleteIdentityPool": ("identity pool", "IdentityPoolId", "ResourceNotFoundException"),
        "DeleteLogGroup": ("log group", "logGroupName", "ResourceNotFoundException"),
        "DeleteRestApi": ("api", "restApiId", "NotFoundException"),
        "DeleteRole": ("role", "RoleName", "NoSuchEntity"),
        "DeleteTable": ("table", "TableName", "ResourceNotFoundException"),
        "DeleteUserPool": ("user pool", "UserPoolId", "ResourceNotFoundException"),
        "DeleteUserPoolClient": ("client", "ClientId", "ResourceNotFoundException"),
    }

    def _by_table(self, operation: str, params: Params) -> Params:
        if operation in self._PUTS:
            kind, key = self._PUTS[operation]
            self.of(kind)[params[key]] = {**self.of(kind).get(params[key], {}), **params}
        elif operation in self._CHANGES:
            kind, key = self._CHANGES[operation]
            thing = self.of(kind).setdefault("account", {}) if key == "account" else self._thing(kind, params[key])
            thing.update(params)
        elif operation in self._DELETES:
            kind, key, error = self._DELETES[operation]
            if params[key] not in self.of(kind) and error:
                raise ServiceError(error, f"no {kind} {params[key]}", 404)
            self.of(kind).pop(params[key], None)
        return {}

    def _thing(self, kind: str, name: str) -> Any:
        if name not in self.of(kind):
            raise ServiceError("ResourceNotFoundException", f"no {kind} {name}", 404)
        return self.of(kind)[name]

    # Lambda

    def _CreateFunction(self, params: Params) -> Params:
        name = params["FunctionName"]
        if name in self.of("function"):
            raise ServiceError("ResourceConflictException", f"Function already exist: {name}", 409)
        self._need_object(params["Code"])
        code = params.pop("Code")
        self.of("function")[name] = {**params, **code}
        return {"FunctionArn": f"arn:aws:lambda:eu-west-1:111122223333:function:{name}"}

    def _UpdateFunctionCode(self, params: Params) -> Params:
        self._need_object(params)
        self._thing("function", params["FunctionName"]).update(params)
        return {}

    def _need_object(self, code: Params) -> None:
        if "S3Key" in code and f"{code['S3Bucket']}/{code['S3Key']}" not in self.of("object"):
            message = "Error occurred while GetObject. S3 Error Code: NoSuchKey."
            raise ServiceError("InvalidParameterValueException", message, 400)

    def _DeleteFunction(self, params: Params) -> None:
        name = params["FunctionName"]
        if "Qualifier" in params:
            self.of("version").pop(f"{name}:{params['Qualifier']}", None)
        else:
            self._thing("function", name)
            del self.of("function")[name]

    def _versions(self, function: str) -> dict[str, Any]:
        arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{function}:"
        return {name: code for name, code in self.of("version").items() if name.startswith(arn)}

    def _ListVersionsByFunction(self, params: Params) -> Params:
        own = self._versions(params["FunctionName"])
        return {"Versions": [{"Version": name.rpartition(":")[2]} for name in own]}

    def _PublishVersion(self, params: Params) -> Params:
        function = params["FunctionName"]
        code = self._thing("function", function).get("S3Key")
        own = self._versions(function)
        latest = list(own)[-1] if own else None
        number = str(int(latest.rpartition(":")[2]) + (own[latest] != code)) if latest else "1"
        arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{function}:{number}"
        self.of("version")[arn] = code
        return {"Version": number, "FunctionArn": arn}

    def _CreateAlias(self, params: Params) -> Params:
        arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{params['FunctionName']}:{params['Name']}"
        self.of("alias")[arn] = params
        return {"AliasArn": arn}

    def _UpdateAlias(self, params: Params) -> None:
        arn = f"arn:aws:lambda:eu-west-1:111122223333:function:{params['FunctionName']}:{params['Name']}"
        self._thing("alias", arn).update(params)

    def _DeleteAlias(self, params: Params) -> None:
        del self.of("alias")[
            f"arn:aws:lambda:eu-west-1:111122223333:function:{params['FunctionName']}:{params['Name']}"
        ]

    def _AddPermission(self, params: Params) -> None:
        self.of("permission")[params["StatementId"]] = params

    def _RemovePermission(self, params: Params) -> None:
        self._thing("permission", params["StatementId"])
        del self.of("permission")[params["StatementId"]]

    def _CreateLogGroup(self, params: Params) -> None:
        name = params["logGroupName"]
        if name in self.of("log group"):
            raise ServiceError("ResourceAlreadyExistsException", "The specified log group already exists", 400)
        self.of("log group")[name] = params

    # API Gateway

    def _CreateRestApi(self, params: Params) -> Params:
        api = f"api{self.number()}"
        self.of("api")[api] = params
        return {"id": api, "rootResourceId": f"{api}root"}

    def _GetRestApi(self, params: Params) -> Params:
        return dict(self._thing("api", params["restApiId"]))

    def _PutRestApi(self, params: Params) -> Params:
        self._thing("api", params["restApiId"])["body"] = json.loads(params["body"])
        return {"id": params["restApiId"]}

    def _CreateResource(self, params: Params) -> Params:
        return {"id": f"resource{self.number()}"}

    def _CreateDeployment(self, params: Params) -> Params:
        deployment = f"deployment{self.number()}"
        self.of("deployment")[deployment] = params
        if "stageName" in params:
            self.of("stage")[f"{params['restApiId']}/{params['stageName']}"] = {"deploymentId": deployment}
        return {"id": deployment}

    def _CreateStage(self, params: Params) -> None:
        self.of("stage")[f"{params['restApiId']}/{params['stageName']}"] = params

    def _GetStage(self, params: Params) -> Params:
        return dict(self._thing("stage", f"{params['restApiId']}/{params['stageName']}"))

    def _UpdateStage(self, params: Params) -> None:
        stage = self._thing("stage", f"{params['restApiId']}/{params['stageName']}")
        for patch in params["patchOperations"]:
            key = "deploymentId" if patch["path"] == "/deploymentId" else patch["path"]
            if patch["op"] == "remove":
                stage.pop(key, None)
            else:
                stage[key] = patch.get("value")

    def _DeleteStage(self, params: Params) -> None:
        self._thing("stage", f"{params['restApiId']}/{params['stageName']}")
        del self.of("stage")[f"{params['restApiId']}/{params['stageName']}"]

    # DynamoDB

    def _CreateTable(self, params: Params) -> Params:
        if params["TableName"] in self.of("table"):
            raise ServiceError("ResourceInUseException", f"Table already exists: {params['TableName']}", 400)
        self.of("table")[params["TableName"]] = params
        return {
            "TableDescription": {"TableArn": f"arn:aws:dynamodb:eu-west-1:111122223333:table/{params['TableName']}"}
        }

    def _UpdateTable(self, params: Params) -> Params:
        self._thing("table", params["TableName"]).update(params)
        return {
            "TableDescription": {"TableArn": f"arn:aws:dynamodb:eu-west-1:111122223333:table/{params['TableName']}"}
        }

    def _DescribeTable(self, params: Params) -> Params:
        arn = f"arn:aws:dynamodb:eu-west-1:111122223333:table/{params['TableName']}"
        return {"Table": {"TableArn": arn, **self._thing("table", params["TableName"])}}

    # IAM

    def _CreateRole(self, params: Params) -> Params:
        role = params["RoleName"]
        self.of("role")[role] = {**params, "inline": {}, "attached": []}
        return {"Role": {"Arn": f"arn:aws:iam::111122223333:role/{role}", "RoleId": f"AROA{self.number()}"}}

    def _PutRolePolicy(self, params: Params) -> None:
        self._thing("role", params["RoleName"])["inline"][params["PolicyName"]] = params["PolicyDocument"]

    def _DeleteRolePolicy(self, params: Params) -> None:
        if params["PolicyName"] not in self._thing("role", params["RoleName"])["inline"]:
            raise ServiceError("NoSuchEntity", "no such policy", 404)
        del self.of("role")[params["RoleName"]]["inline"][params["PolicyName"]]

    def _AttachRolePolicy(self, params: Params) -> None:
        self._thing("role", params["RoleName"])["attached"].append(params["PolicyArn"])

    def _DetachRolePolicy(self, params: Params) -> None:
        if params["PolicyArn"] not in self._thing("role", params["RoleName"])["attached"]:
            raise ServiceError("NoSuchEntity", "not attached", 404)
        self.of("role")[params["RoleName"]]["attached"].remove(params["PolicyArn"])

    def _CreatePolicy(self, params: Params) -> Params:
        arn = f"arn:aws:iam::111122223333:policy/{params['PolicyName']}"
        self.of("policy")[arn] = [{"VersionId": "v1", "IsDefaultVersion": True, "CreateDate": 1}]
        return {"Policy": {"Arn": arn, "PolicyId": f"ANPA{self.number()}"}}

    def _ListPolicyVersions(self, params: Params) -> Params:
        return {"Versions": list(self._thing("policy", params["PolicyArn"]))}

    def _CreatePolicyVersion(self, params: Params) -> Params:
        versions = self._thing("policy", params["PolicyArn"])
        for version in versions:
            version["IsDefaultVersion"] = False
        created = {"VersionId": f"v{self.number()}", "IsDefaultVersion": True, "CreateDate": self.number()}
        versions.append(created)
        return {"PolicyVersion": created}

    def _DeletePolicyVersion(self, params: Params) -> None:
        versions = self._thing("policy", params["PolicyArn"])
        versions[:] = [version for version in versions if version["VersionId"] != params["VersionId"]]

    # Cognito

    def _CreateUserPool(self, params: Params) -> Params:
        pool = f"eu-west-1_pool{self.number()}"
        self.of("user pool")[pool] = {**params, "UserPoolId": pool}
        return {"UserPool": {"Id": pool}}

    def _DescribeUserPool(self, params: Params) -> Params:
        return {"UserPool": {"SchemaAttributes": self._thing("user pool", params["UserPoolId"]).get("Schema", [])}}

    def _CreateUserPoolClient(self, params: Params) -> Params:
        client = f"client{self.number()}"
        self.of("client")[client] = {**params, "ClientId": client}
        return {"UserPoolClient": {"ClientId": client, "ClientName": params["ClientName"]}}

    def _UpdateUserPoolClient(self, params: Params) -> Params:
        self._thing("client", params["ClientId"]).update(params)
        return {"UserPoolClient": {"ClientId": params["ClientId"], "ClientName": params["ClientName"]}}

    def _CreateIdentityPool(self, params: Params) -> Params:
        pool = f"eu-west-1:pool{self.number()}"
        self.of("identity pool")[pool] = {**params, "IdentityPoolId": pool}
        return {"IdentityPoolId": pool}

    def _DeleteRetentionPolicy(self, params: Params) -> None:
        self._thing("log group", params["logGroupName"]).pop("retentionInDays", None)

    def _DeleteAlarms(self, params: Params) -> None:
        for name in params["AlarmNames"]:
            self.of("alarm").pop(name, None)

    # What templates are read from

    def _GetObject(self, params: Params) -> Params:
        name = f"{params['Bucket']}/{params['Key']}"
        if name not in self.of("object"):
            raise ServiceError("NoSuchKey", "The specified key does not exist.", 404)
        return {"Body": self.of("object")[name]}

    def _GetParameter(self, params: Params) -> Params:
        return {"Parameter": {"Value": self._thing("parameter", params["Name"])}}


class SlowAws(FakeAws):
    """Takes some turns of the loop before each call, so that each is a moment of its own at which a kill may come.

    Nothing waits after what a call does: what it makes and what is said of it come about in one turn, as in the local
    AWS (see ``work.resuming``).
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        for _ in range(self._random.randrange(1, 12)):
            await asyncio.sleep(0)
        return await super().call(scope, service, operation, params)


class Console:
    """CloudFormation as a test uses it: calls by operation, work waited for, answers in boto3's shapes."""

    scope = SCOPE

    def __init__(self, aws: FakeAws, keeper: Keeper | None = None) -> None:
        self.aws = aws
        self.stacks = Stacks(aws=aws, keeper=keeper)

    async def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation as a client would, and do not wait for what it begins."""
        model = _model("cloudformation").operation_model(operation)
        report = ParamValidator().validate(params, model.input_shape)
        assert not report.has_errors(), report.generate_report()
        call = Call(
            scope=SCOPE, service="cloudformation", operation=operation, access_key="111122223333", request_id="r"
        )
        answer = self.stacks.service.operations[operation](call, params)
        result = await answer if isinstance(answer, Awaitable) else answer
        self._check_members(operation, result, model.output_shape)
        return result

    def _check_members(self, operation: str, value: Any, shape: Any) -> None:
        """Hold the answer to the service model: a member that it does not know would be lost on the wire."""
        if shape is None:
            assert value == {}, f"{operation} answers nothing"
        elif shape.type_name == "structure":
            unknown = value.keys() - shape.members.keys()
            assert not unknown, f"{operation}: {shape.name} has no members {unknown}"
            for name, member in value.items():
                self._check_members(operation, member, shape.members[name])
        elif shape.type_name == "list":
            for member in value:
                self._check_members(operation, member, shape.member)
        elif shape.type_name == "string":
            assert isinstance(value, str), f"{operation}: {value!r} is no string"
            # The model's list of resource statuses lacks some that the events of real stacks have.
            is_known = not shape.enum or value in shape.enum or shape.name == "ResourceStatus"
            assert is_known, f"{operation}: {value} is not in {shape.name}"

    async def do(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call an operation and wait until what it began has ended."""
        answer = await self.call(operation, **params)
        await self.stacks.settled()
        return answer

    async def create(self, template: Any, **params: Any) -> dict[str, Any]:
        """Create the stack "notes" and return it as it is then."""
        await self.do("CreateStack", **{"StackName": "notes", "TemplateBody": _text(template), **params})
        return await self.stack(params.get("StackName", "notes"))

    async def do_create(self, template: Any, **params: Any) -> None:
        """Create the stack "notes", which may be gone then."""
        await self.do("CreateStack", StackName="notes", TemplateBody=_text(template), **params)

    text = staticmethod(lambda template: _text(template))

    async def update(self, template: Any, **params: Any) -> dict[str, Any]:
        """Update the stack "notes" and return it as it is then."""
        await self.do("UpdateStack", **{"StackName": "notes", "TemplateBody": _text(template), **params})
        return await self.stack(params.get("StackName", "notes"))

    async def stack(self, name: str = "notes") -> dict[str, Any]:
        return dict((await self.call("DescribeStacks", StackName=name))["Stacks"][0])

    async def change_set(self, template: Any, name: str = "change", **params: Any) -> dict[str, Any]:
        """Create a change set for the stack "notes" and describe it."""
        body = {} if template is None else {"TemplateBody": _text(template)}
        await self.call("CreateChangeSet", **{"StackName": "notes", "ChangeSetName": name, **body, **params})
        return await self.call("DescribeChangeSet", StackName="notes", ChangeSetName=name)

    async def events(self, name: str = "notes", since: int = 0) -> list[tuple[str, str, str | None]]:
        """Return logical id, status and reason of the events from ``since`` on, oldest first."""
        events: list[dict[str, Any]] = []
        token: dict[str, str] = {}
        while not events or token:
            answer = await self.call("DescribeStackEvents", StackName=name, **token)
            events += answer["StackEvents"]
            token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else {}
        events = events[::-1][since:]
        return [
            (item["LogicalResourceId"], item["ResourceStatus"], item.get("ResourceStatusReason")) for item in events
        ]

    async def moves(self, name: str = "notes", since: int = 0) -> list[str]:
        """Return the events from ``since`` on as "logical id STATUS"."""
        return [f"{logical_id} {status}" for logical_id, status, _ in await self.events(name, since)]

    async def resource(self, logical_id: str) -> dict[str, Any]:
        answer = await self.call("DescribeStackResource", StackName="notes", LogicalResourceId=logical_id)
        return dict(answer["StackResourceDetail"])


def _text(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


@pytest.fixture
def aws() -> FakeAws:
    return FakeAws()


@pytest.fixture(scope="session")
def new_console() -> Callable[..., Console]:
    """Make a CloudFormation with services of its own, for tests that need many."""
    return lambda keeper=None, seed=None: Console(FakeAws() if seed is None else SlowAws(seed), keeper)


@pytest.fixture
def drive(aws: FakeAws) -> Callable[[Callable[[Console], Awaitable[None]]], None]:
    """Run a story against a fresh CloudFormation, on a loop of its own."""

    def run(story: Callable[[Console], Awaitable[None]]) -> None:
        async def told() -> None:
            console = Console(aws)
            try:
                await asyncio.wait_for(story(console), timeout=20)
            finally:
                await console.stacks.close()

        asyncio.run(told())

    return run


@pytest.fixture
def refused() -> Callable[[Awaitable[Any]], Awaitable[str]]:
    """Return what a call is refused with: code and message."""

    async def refusal(call: Awaitable[Any]) -> str:
        with pytest.raises(ServiceError) as caught:
            await call
        return str(caught.value)

    return refusal
