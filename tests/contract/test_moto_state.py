"""What we lean on in moto so that its state can be kept: every service's backend can be pickled, and put back."""

from __future__ import annotations

import warnings

import pytest
from moto import backend_index
from moto.backends import get_backend

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.keeping import Forgetful
from pytest_rollbacklab.localaws.moto_seam.state import KeptMoto

ACCOUNT = "300000000009"
OURS = {"apigateway", "awslambda", "cloudformation", "cloudwatch", "logs"}
"""moto is never asked for these."""
NEED_MORE = {"glue", "xray"}
"""moto has these only with further packages, which we do not ask for."""
NO_SERVICES = {"instance_metadata", "moto_api._internal"}
SERVICES = sorted({service for service, _ in backend_index.backend_url_patterns} - OURS - NEED_MORE - NO_SERVICES)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
@pytest.mark.parametrize("service", SERVICES)
def test_a_backend_can_be_kept(service: str, caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        regions = get_backend(service)[ACCOUNT]
        region = "eu-west-1" if "eu-west-1" in regions else "us-east-1" if "us-east-1" in regions else "aws"
        assert regions[region]
    kept, scope = KeptMoto(Forgetful()), Scope(account_id=ACCOUNT, region=region)
    state = kept.dump(scope, service)
    assert caplog.messages == []
    kept.restore(scope, service, state, [])
