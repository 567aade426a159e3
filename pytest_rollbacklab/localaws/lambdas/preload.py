"""What every execution environment would load anyway, loaded once, before the fork server forks.

A Python environment that makes a DynamoDB client at import spends nine tenths of its cold start on importing boto3 and
on parsing botocore's JSON service models. Both are the same for every function, so the fork server does them once and
its children share the pages.

``awslambdaric.lambda_runtime_client`` is not among them, nor is ``awslambdaric.bootstrap``, which imports it: the
compiled ``runtime_client`` fixes ``AWS_LAMBDA_RUNTIME_API`` when it loads, and each environment has another. No user
code is loaded here. Standard library and boto3 alone: this runs in the fork server's process.
"""

from __future__ import annotations

import gc
import importlib
from typing import Any

__all__ = ["preload"]

_MODULES = (
    "boto3",
    "boto3.dynamodb.conditions",
    "boto3.dynamodb.types",
    "botocore.config",
    "botocore.exceptions",
    "botocore.httpsession",
    "concurrent.futures.thread",
    "http.client",
    "simplejson",
    "awslambdaric",
    "awslambdaric.lambda_config",
    "awslambdaric.lambda_context",
    "awslambdaric.lambda_literals",
    "awslambdaric.lambda_runtime_exception",
    "awslambdaric.lambda_runtime_log_utils",
    "awslambdaric.lambda_runtime_marshaller",
)

_SERVICES = ("dynamodb",)
"""Whose service models are parsed ahead. Each costs the fork server time and memory; the rest are a child's own."""


def preload() -> None:
    """Load what is shared, and move it out of the garbage collector's sight.

    The collector stays off until a child turns it on again: a collection before the fork would leave holes in pages
    that are shared afterwards, and one after it would touch, and so copy, all of them (Python's gc.freeze).

    Raises:
        ImportError: something of AWS's runtime is not installed.
    """
    gc.disable()
    for module in _MODULES:
        importlib.import_module(module)
    _share_service_models()
    _make_clients()
    gc.freeze()


def _share_service_models() -> None:
    """Parse each of botocore's JSON files at most once: children find what the fork server has parsed."""
    from botocore.loaders import JSONFileLoader

    parse = JSONFileLoader.load_file
    parsed: dict[str, Any] = {}

    def load_file(self: object, file_path: str) -> Any:
        content = parsed.get(file_path)
        if content is None:
            content = parse(self, file_path)
            if content is not None:
                parsed[file_path] = content
        return content

    JSONFileLoader.load_file = load_file


def _make_clients() -> None:
    """Make a client and a resource of each service, and drop them: what they import and compile lazily stays."""
    import boto3

    session = boto3.session.Session(
        aws_access_key_id="preload",
        aws_secret_access_key="preload",  # noqa: S106 - no secret: nothing is ever called with it
        region_name="us-east-1",
    )
    for service in _SERVICES:
        session.client(service)
        session.resource(service)
