"""An app client: which ways of signing in it allows, and its secret.

The flows of a client come in two generations of names, and a client without any has AWS's default (API reference,
CreateUserPoolClient, ExplicitAuthFlows): one table turns all of them into flows.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_rollbacklab.localaws.identity.user_pools import refusals

__all__ = ["REFRESH_FLOWS", "AppClient"]

REFRESH_FLOWS = frozenset(("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"))
_ADMIN_FLOWS = frozenset(("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"))
_SRP = frozenset(("USER_SRP_AUTH",))
_DEFAULT_FLOWS = ("ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")

_ENABLED_BY: Mapping[str, frozenset[str]] = {
    "ALLOW_USER_SRP_AUTH": _SRP,
    "ALLOW_USER_PASSWORD_AUTH": frozenset(("USER_PASSWORD_AUTH",)),
    "ALLOW_ADMIN_USER_PASSWORD_AUTH": _ADMIN_FLOWS,
    "ALLOW_REFRESH_TOKEN_AUTH": REFRESH_FLOWS,
    "ALLOW_CUSTOM_AUTH": frozenset(("CUSTOM_AUTH",)),
    "ALLOW_USER_AUTH": frozenset(("USER_AUTH",)),
    # The first generation never gated SRP and refreshing, but for a client that has custom flows only.
    "USER_PASSWORD_AUTH": frozenset(("USER_PASSWORD_AUTH",)) | _SRP | REFRESH_FLOWS,
    "ADMIN_NO_SRP_AUTH": _ADMIN_FLOWS | _SRP | REFRESH_FLOWS,
    "CUSTOM_AUTH_FLOW_ONLY": frozenset(("CUSTOM_AUTH",)) | REFRESH_FLOWS,
}
_NOT_ENABLED = {
    "USER_SRP_AUTH": "USER_SRP_AUTH is not enabled for the client.",
    "USER_PASSWORD_AUTH": "USER_PASSWORD_AUTH flow not enabled for this client",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AppClient:
    """An app client of a user pool."""

    client_id: str
    secret: str | None
    explicit_auth_flows: tuple[str, ...]
    hides_unknown_users: bool
    """``PreventUserExistenceErrors`` is ENABLED: an unknown user is answered like a wrong password."""

    def require_flow(self, flow: str) -> None:
        """Let a flow through that the client allows.

        Raises:
            ServiceError: InvalidParameterException, it does not.
        """
        enabled = (_ENABLED_BY.get(name, frozenset()) for name in self.explicit_auth_flows or _DEFAULT_FLOWS)
        if not any(flow in flows for flows in enabled):
            raise refusals.invalid_parameter(_NOT_ENABLED.get(flow, "Auth flow not enabled for this client"))

    def require_secret_hash(self, parameters: Mapping[str, str], username: str | None) -> None:
        """Check ``SECRET_HASH`` (developer guide, "Computing secret hash values").

        Args:
            parameters: Of the call.
            username: As it was sent; None where a call names no user, so that only its presence can be checked.

        Raises:
            ServiceError: NotAuthorizedException, it is missing, wrong, or sent to a client that has no secret.
        """
        sent = parameters.get("SECRET_HASH")
        if self.secret is not None and sent is None:
            raise refusals.not_authorized(
                f"Client {self.client_id} is configured with secret but SECRET_HASH was not received"
            )
        if sent is None or (self.secret is not None and username is None):
            return
        expected = _secret_hash(self.secret, f"{username}{self.client_id}") if self.secret else ""
        if not hmac.compare_digest(expected.encode(), sent.encode()):
            raise refusals.not_authorized(f"Unable to verify secret hash for client {self.client_id}")


def _secret_hash(secret: str, message: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), message.encode(), "sha256")).decode()
