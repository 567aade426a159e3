"""What of user pools is refused by name: triggers, a second factor, devices, the hosted pages.

moto takes all of these and does nothing with them; a drill would be told that a trigger is there which never runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_rollbacklab.localaws.identity.user_pools import refusals

__all__ = ["REFUSED", "refuse_pool_options"]

_TRIGGERS = "LambdaConfig (triggers)"
_OF_POOLS: Mapping[str, str] = {
    "DeviceConfiguration": "DeviceConfiguration (remembered devices)",
    "UserPoolAddOns": "UserPoolAddOns (threat protection)",
}

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "AssociateSoftwareToken",
            "VerifySoftwareToken",
            "SetUserMFAPreference",
            "AdminSetUserMFAPreference",
            "SetUserSettings",
            "AdminSetUserSettings",
        ),
        "a second factor (MFA)",
    ),
    **dict.fromkeys(
        (
            "ConfirmDevice",
            "ForgetDevice",
            "AdminForgetDevice",
            "UpdateDeviceStatus",
            "AdminUpdateDeviceStatus",
            "ListDevices",
            "AdminListDevices",
            "GetDevice",
            "AdminGetDevice",
        ),
        "remembered devices",
    ),
    **dict.fromkeys(
        (
            "CreateUserPoolDomain",
            "UpdateUserPoolDomain",
            "SetUICustomization",
            "CreateManagedLoginBranding",
            "UpdateManagedLoginBranding",
        ),
        "domains and the hosted sign-in pages",
    ),
    **dict.fromkeys(("CreateIdentityProvider", "UpdateIdentityProvider"), "sign-in through other identity providers"),
}
"""Operations, and what of Cognito they belong to."""


def refuse_pool_options(params: Mapping[str, Any]) -> None:
    """Let a pool be made or changed that has no option which would do nothing here.

    Raises:
        ServiceError: NotImplemented, naming the option.
    """
    if any((params.get("LambdaConfig") or {}).values()):
        raise refusals.not_emulated(_TRIGGERS)
    if params.get("MfaConfiguration") == "ON":
        raise refusals.not_emulated("MfaConfiguration ON")
    for name, what in _OF_POOLS.items():
        value = params.get(name)
        if value and value != {"AdvancedSecurityMode": "OFF"}:
            raise refusals.not_emulated(what)
