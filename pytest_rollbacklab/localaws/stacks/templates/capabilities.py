"""What a caller must acknowledge before a template may be deployed ("Acknowledging IAM resources")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.refusals import requires_capabilities

__all__ = ["AUTO_EXPAND", "check_capabilities", "reason", "required_capabilities"]

AUTO_EXPAND: Final = "CAPABILITY_AUTO_EXPAND"
_IAM: Final = "CAPABILITY_IAM"
_NAMED_IAM: Final = "CAPABILITY_NAMED_IAM"

# By type: the property that names it; None where a name needs no further acknowledgement.
_IAM_TYPES: Final[Mapping[str, str | None]] = {
    "AWS::IAM::AccessKey": None,
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": None,
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": None,
}


def _iam_resources(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [member for member in document["Resources"].values() if member["Type"] in _IAM_TYPES]


def required_capabilities(document: Mapping[str, Any]) -> list[str]:
    """Return the capabilities that a processed template's IAM resources need."""
    resources = _iam_resources(document)
    if not resources:
        return []
    named = any((_IAM_TYPES[member["Type"]] or "") in member.get("Properties", {}) for member in resources)
    return [_NAMED_IAM if named else _IAM]


def reason(document: Mapping[str, Any]) -> str:
    """Say which resources it is that need them, as GetTemplateSummary does."""
    types = sorted({str(member["Type"]) for member in _iam_resources(document)})
    return f"The following resource(s) require capabilities: [{', '.join(types)}]"


def check_capabilities(required: Collection[str], given: Collection[str]) -> None:
    """Refuse when something is not acknowledged; CAPABILITY_NAMED_IAM includes CAPABILITY_IAM.

    Raises:
        ServiceError: ``InsufficientCapabilitiesException``.
    """
    missing = [
        capability
        for capability in required
        if capability not in given and not (capability == _IAM and _NAMED_IAM in given)
    ]
    if missing:
        raise requires_capabilities(missing)
