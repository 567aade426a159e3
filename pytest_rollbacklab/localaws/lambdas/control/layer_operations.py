"""PublishLayerVersion and the rest of the operations on layers.

Errors are in Lambda's words, as its API reference and recordings of it have them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.code import fetch_code
from pytest_rollbacklab.localaws.lambdas.control.constraints import STATEMENT_ID, Violations
from pytest_rollbacklab.localaws.lambdas.control.errors import conflict, invalid_parameter, not_found, revision_mismatch
from pytest_rollbacklab.localaws.lambdas.control.function import new_revision
from pytest_rollbacklab.localaws.lambdas.control.layers import (
    LayerShelf,
    LayerVersion,
    denied,
    layer_arn,
    parse_layer_version_arn,
)
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.policy import ResourcePolicy

__all__ = ["LayerOperations"]

_LAYER_NAME = r"((arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+)"
_PUBLISH_MEMBERS = (
    "LayerName",
    "Description",
    "Content",
    "CompatibleArchitectures",
    "CompatibleRuntimes",
    "LicenseInfo",
)
_NO_SUCH = "The resource you requested does not exist."


class LayerOperations:
    """The operations on layers.

    Args:
        shelf: The layers.
        aws: Reaches S3 for their content.
        endpoint: The local AWS's address, below which content can be downloaded.
    """

    def __init__(self, *, shelf: LayerShelf, aws: Aws, endpoint: Callable[[], str]) -> None:
        self._shelf = shelf
        self._aws = aws
        self._endpoint = endpoint
        self.operations: Mapping[str, Operation] = {
            "PublishLayerVersion": self.publish,
            "GetLayerVersion": self.get,
            "GetLayerVersionByArn": self.get_by_arn,
            "DeleteLayerVersion": self.delete,
            "ListLayers": self.list,
            "ListLayerVersions": self.list_versions,
            "AddLayerVersionPermission": self.add_permission,
            "RemoveLayerVersionPermission": self.remove_permission,
            "GetLayerVersionPolicy": self.get_policy,
        }

    async def publish(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Make a layer's next version (PublishLayerVersion)."""
        refuse_others(params, supported=_PUBLISH_MEMBERS)
        name = _name(params)
        violations = Violations()
        violations.length("description", params.get("Description"), at_most=256)
        violations.length("licenseInfo", params.get("LicenseInfo"), at_most=512)
        violations.check()
        code = await fetch_code(self._aws, call.scope, params["Content"])
        version = LayerVersion(
            scope=call.scope,
            name=name,
            number=self._shelf.next_number(call.scope, name),
            code=code,
            description=params.get("Description") or "",
            runtimes=tuple(params.get("CompatibleRuntimes") or ()),
            architectures=tuple(params.get("CompatibleArchitectures") or ()),
            license=params.get("LicenseInfo"),
        )
        self._shelf.put(version)
        return self._describe_with_content(version)

    def get(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a version, with where its content is (GetLayerVersion)."""
        version = self._find(call, params)
        if version is None:
            raise not_found(_NO_SUCH)
        return self._describe_with_content(version)

    def get_by_arn(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a version of any account that lets this one (GetLayerVersionByArn)."""
        parsed = parse_layer_version_arn(params["Arn"])
        if parsed is None:
            raise invalid_parameter(f"{params['Arn']} is no ARN of a layer's version.")
        version = self._shelf.find(*parsed)
        if parsed[0].account_id != call.scope.account_id and (
            version is None or not version.permits(call.scope.account_id)
        ):
            raise denied(call.scope, params["Arn"])
        if version is None:
            raise not_found(_NO_SUCH)
        return self._describe_with_content(version)

    def delete(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Remove a version; one that is not there is removed already (DeleteLayerVersion)."""
        version = self._find(call, params)
        if version is not None:
            self._shelf.delete(version)
        return {}

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell every layer with its newest version that fits (ListLayers)."""
        found = []
        for name in self._shelf.names(call.scope):
            fitting = [version for version in self._shelf.versions(call.scope, name) if _fits(version, params)]
            if fitting:
                arn = layer_arn(call.scope, name)
                found.append({"LayerName": name, "LayerArn": arn, "LatestMatchingVersion": _describe(fitting[0])})
        piece, more = page(found, params, key=lambda layer: str(layer["LayerName"]))
        return {"Layers": [*piece]} | more

    def list_versions(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a layer's versions, the newest first (ListLayerVersions)."""
        versions = self._shelf.versions(call.scope, _name(params))
        fitting = [version for version in versions if _fits(version, params)]
        piece, more = page(fitting, params, key=lambda version: f"{10**12 - version.number:013d}")
        return {"LayerVersions": [_describe(version) for version in piece]} | more

    def add_permission(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Let another account use a version (AddLayerVersionPermission)."""
        violations = Violations()
        violations.pattern("action", params["Action"], "lambda:GetLayerVersion")
        violations.pattern("statementId", params["StatementId"], STATEMENT_ID)
        violations.pattern("principal", params["Principal"], r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root")
        violations.check()
        version = self._must_find(call, params)
        _check_revision(version, params)
        added = _statement(version, params)
        statements = dict(version.policy.statements) if version.policy else {}
        if added["Sid"] in statements:
            raise conflict(
                f"The statement id ({added['Sid']}) provided already exists. "
                "Please provide a new statement id, or remove the existing statement."
            )
        policy = ResourcePolicy(statements={**statements, added["Sid"]: added}, revision_id=new_revision())
        self._shelf.put(replace(version, policy=policy))
        return {"Statement": json.dumps(added, separators=(",", ":")), "RevisionId": policy.revision_id}

    def remove_permission(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Take a permission back (RemoveLayerVersionPermission)."""
        version = self._must_find(call, params)
        _check_revision(version, params)
        statements = dict(version.policy.statements) if version.policy else {}
        if statements.pop(params["StatementId"], None) is None:
            raise not_found(f"Statement {params['StatementId']} is not found in resource policy.")
        policy = ResourcePolicy(statements=statements, revision_id=new_revision()) if statements else None
        self._shelf.put(replace(version, policy=policy))
        return {}

    def get_policy(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell who may use a version (GetLayerVersionPolicy)."""
        policy = self._must_find(call, params).policy
        if policy is None:
            raise not_found("No policy is associated with the given resource.")
        return {"Policy": policy.document(), "RevisionId": policy.revision_id}

    def _find(self, call: Call, params: Mapping[str, Any]) -> LayerVersion | None:
        name = _name(params)
        if int(params["VersionNumber"]) < 1:
            raise invalid_parameter("Layer Version Cannot be less than 1.")
        return self._shelf.find(call.scope, name, int(params["VersionNumber"]))

    def _must_find(self, call: Call, params: Mapping[str, Any]) -> LayerVersion:
        version = self._find(call, params)
        if version is None:
            arn = f"{layer_arn(call.scope, _name(params))}:{params['VersionNumber']}"
            raise not_found(f"Layer version {arn} does not exist.")
        return version

    def _describe_with_content(self, version: LayerVersion) -> dict[str, Any]:
        scope = version.scope
        place = f"{scope.account_id}/{scope.region}/layer:{version.name}/{version.number}"
        content = {
            "Location": f"{self._endpoint()}/_aws/lambda/code/{place}",
            "CodeSha256": version.code.sha256,
            "CodeSize": len(version.code.zip),
        }
        return _describe(version) | {"LayerArn": layer_arn(scope, version.name), "Content": content}


def _name(params: Mapping[str, Any]) -> str:
    violations = Violations()
    violations.pattern("layerName", params["LayerName"], _LAYER_NAME)
    violations.length("layerName", params["LayerName"], at_most=140)
    violations.check()
    return str(params["LayerName"]).rpartition(":")[2]


def _fits(version: LayerVersion, params: Mapping[str, Any]) -> bool:
    runtime, architecture = params.get("CompatibleRuntime"), params.get("CompatibleArchitecture")
    return (not runtime or runtime in version.runtimes) and (not architecture or architecture in version.architectures)


def _describe(version: LayerVersion) -> dict[str, Any]:
    created = version.created
    described: dict[str, Any] = {
        "LayerVersionArn": version.arn,
        "Version": version.number,
        "Description": version.description,
        "CreatedDate": f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond // 1000:03d}+0000",
    }
    if version.runtimes:
        described["CompatibleRuntimes"] = [*version.runtimes]
    if version.architectures:
        described["CompatibleArchitectures"] = [*version.architectures]
    if version.license:
        described["LicenseInfo"] = version.license
    return described


def _statement(version: LayerVersion, params: Mapping[str, Any]) -> dict[str, Any]:
    principal = params["Principal"]
    if principal != "*":
        principal = {"AWS": principal if principal.startswith("arn:") else f"arn:aws:iam::{principal}:root"}
    written: dict[str, Any] = {
        "Sid": params["StatementId"],
        "Effect": "Allow",
        "Principal": principal,
        "Action": params["Action"],
        "Resource": version.arn,
    }
    if params.get("OrganizationId"):
        written["Condition"] = {"StringEquals": {"aws:PrincipalOrgID": params["OrganizationId"]}}
    return written


def _check_revision(version: LayerVersion, params: Mapping[str, Any]) -> None:
    wanted = params.get("RevisionId")
    if wanted and (version.policy is None or version.policy.revision_id != wanted):
        raise revision_mismatch("GetLayerVersionPolicy")
