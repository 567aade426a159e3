from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.lambdas.routing import route

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:create"


@pytest.fixture
def routed(control):
    """Finds the version and the invoked ARN of a request; ``draw`` is what chance says."""
    control.create(Publish=True)
    control.update("create", "new", Publish=True)

    def find(function="create", qualifier=None, draw=0.0):
        found = route(control.registry, control.scope, function, qualifier, draw=lambda: draw)
        return found.version.number, found.invoked_arn, found.through_alias

    return find


def test_names_and_qualifiers_lead_to_versions(routed, control):
    control.call("CreateAlias", FunctionName="create", Name="prod", FunctionVersion="1")
    assert routed() == ("$LATEST", ARN, False)
    assert routed("create:$LATEST") == ("$LATEST", f"{ARN}:$LATEST", False)
    assert routed(ARN, "2") == ("2", f"{ARN}:2", False)
    assert routed(f"{ARN}:prod") == ("1", f"{ARN}:prod", True)


def test_an_alias_of_two_versions_is_obeyed_by_weight(routed, control):
    routing = {"AdditionalVersionWeights": {"2": 0.25}}
    control.call("CreateAlias", FunctionName="create", Name="canary", FunctionVersion="1", RoutingConfig=routing)
    assert [routed("create", "canary", draw)[0] for draw in (0.0, 0.2499, 0.25, 0.9999)] == ["2", "2", "1", "1"]
    routing = {"AdditionalVersionWeights": {"2": 0.0}}
    control.call("UpdateAlias", FunctionName="create", Name="canary", RoutingConfig=routing)
    assert routed("create", "canary", 0.0)[0] == "1"
    routing = {"AdditionalVersionWeights": {"2": 1.0}}
    control.call("UpdateAlias", FunctionName="create", Name="canary", RoutingConfig=routing)
    assert routed("create", "canary", 0.9999)[0] == "2"


@pytest.mark.parametrize(
    ("function", "qualifier", "told"),
    [
        ("gone", None, "gone:$LATEST"),
        ("gone", "prod", "gone:prod"),
        ("create", "prod", "create:prod"),
        ("create", "9", "create:9"),
    ],
)
def test_what_leads_nowhere_is_told_as_recorded(routed, function, qualifier, told):
    with pytest.raises(ServiceError) as caught:
        routed(function, qualifier)
    assert caught.value.status == 404
    assert caught.value.message == f"Function not found: arn:aws:lambda:eu-west-1:111122223333:function:{told}"
