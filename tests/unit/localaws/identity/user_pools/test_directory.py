"""Finding a client's pool among many, and remembering it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.identity.user_pools.directory import Directory

SCOPE = Scope(account_id="123456789012", region="eu-west-1")


class FakeCognito:
    """Three pools on three pages; the last one has the client."""

    def __init__(self) -> None:
        self.pools = ["eu-west-1_a", "eu-west-1_b", "eu-west-1_c"]
        self.calls: list[str] = []

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        assert (scope, service) == (SCOPE, "cognito-idp")
        self.calls.append(operation)
        params = params or {}
        if operation == "ListUserPools":
            page = int(params.get("NextToken", 0))
            more = {"NextToken": str(page + 1)} if page + 1 < len(self.pools) else {}
            return {"UserPools": [{"Id": self.pools[page]}], **more}
        if operation == "DescribeUserPool":
            return {"UserPool": {"Id": params["UserPoolId"]}}
        if operation == "AdminGetUser":
            raise ServiceError("InternalFailure", "broken", 500)
        if params["UserPoolId"] != "eu-west-1_c" or params["ClientId"] != "web":
            raise ServiceError("ResourceNotFoundException", params["ClientId"])
        return {"UserPoolClient": {"ClientId": "web"}}


def test_a_client_is_found_on_the_last_page_of_pools_and_its_pool_is_remembered() -> None:
    cognito = FakeCognito()

    async def scenario() -> None:
        directory = Directory(moto=cognito)
        pool, client = await directory.client_of(SCOPE, "web")
        assert (pool.pool_id, pool.name, client.client_id) == ("eu-west-1_c", "c", "web")
        assert cognito.calls.count("ListUserPools") == 3
        await directory.client_of(SCOPE, "web")
        assert cognito.calls.count("ListUserPools") == 3

    asyncio.run(scenario())


def test_a_client_that_no_pool_has() -> None:
    with pytest.raises(ServiceError, match="ResourceNotFoundException: User pool client other does not exist\\."):
        asyncio.run(Directory(moto=FakeCognito()).client_of(SCOPE, "other"))


def test_an_answer_that_was_not_expected_goes_through() -> None:
    async def scenario() -> None:
        directory = Directory(moto=FakeCognito())
        pool, _ = await directory.client_of(SCOPE, "web")
        await directory.find_user(SCOPE, pool, "ann")

    with pytest.raises(ServiceError, match="broken"):
        asyncio.run(scenario())
