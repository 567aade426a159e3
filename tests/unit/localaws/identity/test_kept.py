"""Keys, identities and the roles of identity pools are there again after a restart."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Call, Scope, ServiceError
from pytest_rollbacklab.localaws.identity.credentials import CognitoCaller, CredentialStore
from pytest_rollbacklab.localaws.identity.identity_pools.logins import Login
from pytest_rollbacklab.localaws.identity.identity_pools.service import IdentityPools

HERE = Scope(account_id="610000000001", region="eu-west-1")
ELSEWHERE = Scope(account_id="610000000001", region="us-east-1")
OTHERS = Scope(account_id="610000000002", region="eu-west-1")
POOL = "eu-west-1:0000"
HOUR_S = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class TestCredentials:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    def issue(self, store: CredentialStore, scope: Scope = HERE, **changes: Any) -> Any:
        wanted = {"role_arn": "arn:aws:iam::610000000001:role/r", "session_name": "s", "duration_s": HOUR_S}
        return store.issue(scope, **{**wanted, **changes})

    def test_every_key_is_one_event_and_comes_back(
        self, clock: Clock, new_journal: Callable[..., Any], put_back: Callable[..., None]
    ) -> None:
        journal = new_journal()
        store = CredentialStore(clock=clock, keeper=journal)
        caller = CognitoCaller(
            identity_id="eu-west-1:1", identity_pool_id=POOL, authentication_type="unauthenticated", provider=None
        )
        issued = [
            self.issue(store),
            self.issue(store, ELSEWHERE, cognito=caller),
            self.issue(store, OTHERS),
        ]
        journal.commit()
        assert journal.writes == []  # nothing was written whole
        again = CredentialStore(clock=clock)
        put_back(journal.records, [again])
        assert [again.find(key.access_key_id) for key in issued] == issued

    def test_the_file_written_anew_has_each_accounts_keys_but_for_those_of_long_ago(self, clock: Clock) -> None:
        store = CredentialStore(clock=clock)
        old = self.issue(store)
        clock.now += HOUR_S + 1
        expired = self.issue(store, duration_s=1)
        self.issue(store, OTHERS)
        clock.now += 24 * HOUR_S
        fresh = self.issue(store)
        place = Scope(account_id=HERE.account_id, region="")
        state = pickle.loads(pickle.dumps(store.dump(place, "")))
        again = CredentialStore(clock=clock)
        again.restore(place, "", state, [])
        assert again.find(old.access_key_id) is None
        assert again.find(fresh.access_key_id) == fresh
        remembered = again.find(expired.access_key_id)
        assert remembered is not None
        assert remembered.expired(clock.now)  # so that it is refused as expired, and not as unknown

    def test_an_account_whose_keys_are_all_of_long_ago_has_nothing_to_keep(self, clock: Clock) -> None:
        store = CredentialStore(clock=clock)
        self.issue(store)
        clock.now += 26 * HOUR_S
        assert store.dump(Scope(account_id=HERE.account_id, region=""), "") is None


class Moto:
    """Identity pools as far as they are asked for."""

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        del scope, service, operation
        return {"IdentityPoolId": (params or {})["IdentityPoolId"], "AllowUnauthenticatedIdentities": True}


class Pools:
    def __init__(self, keeper: Any = None) -> None:
        self.clock = Clock()
        self.pools = IdentityPools(
            aws=Moto(),
            moto=Moto(),
            credentials=CredentialStore(),
            jwks_of=lambda *_: {},
            clock=self.clock,
            keeper=keeper,
        )

    def call(self, operation: str, scope: Scope = HERE, **params: Any) -> dict[str, Any]:
        call = Call(scope=scope, service="cognito-identity", operation=operation, access_key="", request_id="r")

        async def perform() -> dict[str, Any]:
            result = self.pools.service.operations[operation](call, params)
            return result if isinstance(result, dict) else await result

        return asyncio.run(perform())

    def guest(self, scope: Scope = HERE) -> str:
        self.clock.now += 1
        return str(self.call("GetId", scope, IdentityPoolId=POOL)["IdentityId"])

    def listed(self, scope: Scope = HERE) -> list[Any]:
        found: list[Any] = self.call("ListIdentities", scope, IdentityPoolId=POOL)["Identities"]
        return found


class TestIdentityPools:
    @pytest.fixture
    def journal(self, new_journal: Callable[..., Any]) -> Any:
        return new_journal()

    @pytest.fixture
    def before(self, journal: Any) -> Pools:
        return Pools(journal)

    @pytest.fixture
    def after(self, journal: Any, put_back: Callable[..., None]) -> Callable[[], Pools]:
        def restart() -> Pools:
            journal.commit()
            pools = Pools()
            put_back(journal.records, pools.pools.parts)
            return pools

        return restart

    def test_identities_come_back_in_their_order(self, before: Pools, after: Callable[[], Pools]) -> None:
        ids = [before.guest() for _ in range(4)]
        elsewhere = before.guest(ELSEWHERE)
        before.call("DeleteIdentities", IdentityIdsToDelete=[ids[1]])
        again = after()
        assert [one["IdentityId"] for one in again.listed()] == [ids[0], ids[2], ids[3]]
        assert again.listed() == before.listed()
        assert again.listed(ELSEWHERE) == before.listed(ELSEWHERE)
        assert again.pools.scope_of(elsewhere) == ELSEWHERE
        with pytest.raises(ServiceError, match="not found"):
            again.call("DescribeIdentity", IdentityId=ids[1])

    def test_a_login_leads_to_the_identity_that_it_led_to(self, before: Pools, after: Callable[[], Pools]) -> None:
        login = Login(provider="cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x", subject="ann")
        identities = before.pools._identities.of(HERE)
        mine = identities.of_logins(POOL, (login,), 1.0)
        again = after().pools._identities.of(HERE)
        assert again.of_logins(POOL, (login,), 2.0) == mine

    def test_roles_come_back_and_go_with_the_pool(self, before: Pools, after: Callable[[], Pools]) -> None:
        roles = {"authenticated": "arn:aws:iam::610000000001:role/a"}
        before.call("SetIdentityPoolRoles", IdentityPoolId=POOL, Roles=roles)
        before.guest()
        assert after().call("GetIdentityPoolRoles", IdentityPoolId=POOL)["Roles"] == roles
        before.call("DeleteIdentityPool", IdentityPoolId=POOL)
        again = after()
        assert again.call("GetIdentityPoolRoles", IdentityPoolId=POOL)["Roles"] == {}
        assert again.listed() == []

    def test_each_identity_is_written_by_itself(self, before: Pools, journal: Any) -> None:
        first = before.guest()
        journal.commit()
        second = before.guest()
        journal.commit()
        assert [key for _, _, key in journal.writes] == [f"identity/{first}", f"identity/{second}"]
