"""PublishVersion and ListVersionsByFunction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.api import Call, Operation
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter, revision_mismatch
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others
from pytest_rollbacklab.localaws.lambdas.control.paging import page
from pytest_rollbacklab.localaws.lambdas.control.registry import Registry

__all__ = ["VersionOperations"]


class VersionOperations:
    """The operations on versions.

    Args:
        registry: The functions.
    """

    def __init__(self, *, registry: Registry) -> None:
        self._registry = registry
        self.operations: Mapping[str, Operation] = {
            "PublishVersion": self.publish,
            "ListVersionsByFunction": self.list,
        }

    def publish(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Make ``$LATEST`` an immutable version; the last one again when nothing has changed (PublishVersion)."""
        refuse_others(params, supported=("FunctionName", "CodeSha256", "Description", "RevisionId"))
        function, _ = self._registry.named_by(call, params["FunctionName"])
        latest = function.latest
        if params.get("RevisionId") and params["RevisionId"] != latest.revision_id:
            raise revision_mismatch("GetFunction/GetAlias")
        wanted, is_there = params.get("CodeSha256"), latest.code.sha256
        if wanted and wanted != is_there:
            raise invalid_parameter(
                f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST ({is_there}). "
                "Please try again with the CodeSHA256 in $LATEST."
            )
        version = function.publish(params.get("Description"))
        return function.describe(version, qualifier=version.number)

    def list(self, call: Call, params: dict[str, Any]) -> dict[str, Any]:
        """Tell a function's versions, ``$LATEST`` first (ListVersionsByFunction)."""
        function, _ = self._registry.named_by(call, params["FunctionName"])
        versions, more = page(function.versions, params, key=lambda version: version.number.zfill(20))
        described = [function.describe(version, qualifier=version.number) for version in versions]
        for entry in described:
            del entry["State"], entry["LastUpdateStatus"]
        return {"Versions": described} | more
