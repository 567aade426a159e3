"""How requests came here, as functions are told."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.localaws.gateway.execution.forwarding import Forwarding


@pytest.mark.parametrize(
    ("endpoint", "protocol", "port"),
    [
        ("http://127.0.0.1:4566", "http", "4566"),
        ("https://aws.example.com", "https", "443"),
        ("http://aws.example.com", "http", "80"),
    ],
)
def test_protocol_and_port_are_those_of_the_endpoint(endpoint, protocol, port):
    forwarding = Forwarding(lambda: endpoint)
    assert (forwarding.protocol, forwarding.port) == (protocol, port)
