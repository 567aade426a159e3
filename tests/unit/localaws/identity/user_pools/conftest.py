"""A Cognito with users of its own for each test, and a client of its own that speaks SRP.

Pools are made once for each set of options, because moto imports an RSA key for every one of them.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Call, Scope
from pytest_rollbacklab.localaws.identity.user_pools.service import UserPools
from pytest_rollbacklab.localaws.moto_seam.backends import password_of
from pytest_rollbacklab.localaws.moto_seam.client import MotoClient

# RFC 5054's group of 3072 bits, written down apart from the server's.
N = int(
    "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b"
    "302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe6"
    "49286651ece45b3dc2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb9ed529077096966d"
    "670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e86039b2783a2ec07a28fb5c55df06f4c52c9de2bcbf695581718"
    "3995497cea956ae515d2261898fa051015728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d"
    "b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864d87602733ec86a64521f2b18177b200c"
    "bbe117577a615d6c770988c0bad946e208e24fa074e5ab3143db5bfce0fd108e4b82d120a93ad2caffffffffffffffff",
    16,
)


def pad(number: int) -> str:
    """Write a number as clients do: whole bytes, the first one below 0x80."""
    text = f"{number:x}"
    if len(text) % 2:
        return "0" + text
    return "00" + text if text[0] in "89abcdef" else text


def hex_hash(text: str) -> int:
    return int(hashlib.sha256(bytes.fromhex(text)).hexdigest(), 16)


class SrpClient:
    """The client's side of Cognito's SRP, by the protocol's public description."""

    def __init__(self, pool_id: str, password: str) -> None:
        self.pool_name = pool_id.split("_", 1)[1]
        self.password = password
        self.a = secrets.randbits(1024)
        self.big_a = pow(2, self.a, N)

    @property
    def srp_a(self) -> str:
        return f"{self.big_a:x}"

    def key(self, user_id: str, salt: str, srp_b: str) -> bytes:
        big_b = int(srp_b, 16)
        u = hex_hash(pad(self.big_a) + pad(big_b))
        identity = hashlib.sha256(f"{self.pool_name}{user_id}:{self.password}".encode()).hexdigest()
        x = hex_hash(pad(int(salt, 16)) + identity)
        k = hex_hash(pad(N) + "02")
        s = pow(big_b - k * pow(2, x, N), self.a + u * x, N)
        prk = hmac.new(bytes.fromhex(pad(u)), bytes.fromhex(pad(s)), hashlib.sha256).digest()
        return hmac.new(prk, b"Caldera Derived Key\x01", hashlib.sha256).digest()[:16]

    def responses(self, challenge: dict[str, str]) -> dict[str, str]:
        user_id = challenge["USER_ID_FOR_SRP"]
        now = datetime.now(UTC)
        timestamp = f"{now:%a %b} {now.day} {now:%H:%M:%S} UTC {now.year}"
        message = (self.pool_name + user_id).encode() + base64.b64decode(challenge["SECRET_BLOCK"]) + timestamp.encode()
        key = self.key(user_id, challenge["SALT"], challenge["SRP_B"])
        return {
            "TIMESTAMP": timestamp,
            "USERNAME": user_id,
            "PASSWORD_CLAIM_SECRET_BLOCK": challenge["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode(),
        }


ALL_FLOWS = [
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]


SCOPE = Scope(account_id=f"{secrets.randbelow(10**12):012}", region="eu-west-1")


class Cognito:
    """User pools, with the sign-in that is tested in front of them."""

    def __init__(self, pools: dict[str, str]) -> None:
        self.pools = pools
        self.now = 1_700_000_000.0
        self.scope = SCOPE
        self.moto = MotoClient()
        self.user_pools = UserPools(moto=self.moto, password_of=password_of, clock=lambda: self.now)
        self.pool_id = ""
        self.client_id = ""
        self.secret: str | None = None

    def direct(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call moto."""
        return asyncio.run(self.moto.call(self.scope, "cognito-idp", operation, params))

    def call(self, operation: str, **params: Any) -> dict[str, Any]:
        """Call what is tested."""
        call = Call(
            scope=self.scope,
            service="cognito-idp",
            operation=operation,
            access_key=self.scope.account_id,
            request_id="r",
        )

        async def perform() -> dict[str, Any]:
            result = self.user_pools.service.operations[operation](call, params)
            assert not isinstance(result, dict)
            return await result

        return asyncio.run(perform())

    def pool(self, **options: Any) -> Cognito:
        key = json.dumps(options)
        if key not in self.pools:
            self.pools[key] = self.direct("CreateUserPool", PoolName="notes", **options)["UserPool"]["Id"]
        self.pool_id = self.pools[key]
        return self

    def clear(self) -> None:
        """Delete all users."""
        for pool_id in self.pools.values():
            for user in self.direct("ListUsers", UserPoolId=pool_id)["Users"]:
                self.direct("AdminDeleteUser", UserPoolId=pool_id, Username=user["Username"])

    def client(self, **options: Any) -> Cognito:
        options = {"ExplicitAuthFlows": ALL_FLOWS} | options
        client = self.direct("CreateUserPoolClient", UserPoolId=self.pool_id, ClientName="web", **options)
        self.client_id = client["UserPoolClient"]["ClientId"]
        self.secret = client["UserPoolClient"].get("ClientSecret")
        return self

    def user(self, name: str = "ann", password: str = "Passw0rd!", *, permanent: bool = True, **attributes: str) -> str:
        """Make a user; returns the name that Cognito knows it by."""
        pairs = [{"Name": key, "Value": value} for key, value in attributes.items()]
        made = self.direct(
            "AdminCreateUser",
            UserPoolId=self.pool_id,
            Username=name,
            UserAttributes=pairs,
            TemporaryPassword=password,
        )
        if permanent:
            self.direct(
                "AdminSetUserPassword", UserPoolId=self.pool_id, Username=name, Password=password, Permanent=True
            )
        return str(made["User"]["Username"])

    def initiate(self, flow: str, **parameters: str) -> dict[str, Any]:
        if flow.startswith("ADMIN"):
            return self.call(
                "AdminInitiateAuth",
                UserPoolId=self.pool_id,
                ClientId=self.client_id,
                AuthFlow=flow,
                AuthParameters=parameters,
            )
        return self.call("InitiateAuth", ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters)

    def respond(self, challenge: str, responses: dict[str, str], **more: str) -> dict[str, Any]:
        return self.call(
            "RespondToAuthChallenge",
            ClientId=self.client_id,
            ChallengeName=challenge,
            ChallengeResponses=responses,
            **more,
        )

    def sign_in(self, name: str = "ann", password: str = "Passw0rd!") -> dict[str, Any]:
        """Sign in by SRP."""
        client = SrpClient(self.pool_id, password)
        challenge = self.initiate("USER_SRP_AUTH", USERNAME=name, SRP_A=client.srp_a)
        assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
        return self.respond("PASSWORD_VERIFIER", client.responses(challenge["ChallengeParameters"]))


@pytest.fixture(scope="session")
def pools() -> dict[str, str]:
    """Pool ids by the options that the pools were made with."""
    return {}


@pytest.fixture
def cognito(pools: dict[str, str]) -> Iterator[Cognito]:
    cognito = Cognito(pools)
    yield cognito
    cognito.clear()


@pytest.fixture
def srp_client() -> Callable[[str, str], SrpClient]:
    return SrpClient
