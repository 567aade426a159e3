"""What every execution environment would load anyway, loaded once, before the fork server forks.

A Python environment that makes a DynamoDB client at import spends nine tenths of its cold start on importing boto3 and
on parsing botocore's JSON service models. Both are the same for every function, so the fork server does them once and
its children share the pages.

``awslambdaric.lambda_runtime_client`` is not among them, nor is ``awslambdaric.bootstrap``, which imports it: the
compiled ``runtime_client`` fixes ``AWS_LAMBDA_RUNTIME_API`` when it loads, and each environment has another. No user
code is loaded here. Standard library and boto3 alone: this runs in the fork server's process.
"""

from __future__ import annotations

import functools
import gc
import importlib
import io
from collections.abc import Iterator
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

_SERVICES = {"dynamodb": "list_tables"}
"""Services whose models are parsed ahead, each with an operation that has no required parameters.

Each costs the fork server time and memory; the others are parsed in the child, as on AWS.
"""


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
    _share_lookups()
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


def _share_lookups() -> None:
    """Look into botocore's folders, and at its handlers' signatures, once: each new client would do both again."""
    import botocore.hooks
    from botocore.loaders import Loader

    look = Loader.list_available_services
    found: dict[Any, list[str]] = {}

    def list_available_services(self: Any, type_name: str) -> list[str]:
        where = (tuple(self.search_paths), type_name)
        if where not in found:
            found[where] = look(self, type_name)
        return found[where]

    Loader.list_available_services = list_available_services
    botocore.hooks.accepts_kwargs = functools.cache(botocore.hooks.accepts_kwargs)


def _make_clients() -> None:
    """Make a client and a resource of each service, call it, and drop them: what they import lazily stays.

    The call goes nowhere: its answer is put in place of sending it.
    """
    import boto3
    from botocore.awsrequest import AWSResponse

    session = boto3.session.Session(
        aws_access_key_id="preload",
        aws_secret_access_key="preload",  # noqa: S106 - no secret: nothing is ever called with it
        region_name="us-east-1",
    )

    def answer(request: Any, **_: Any) -> Any:
        return AWSResponse(request.url, 200, {}, _Raw(b"{}"))

    for service, operation in _SERVICES.items():
        client = session.client(service)
        client.meta.events.register("before-send", answer)
        getattr(client, operation)()
        session.resource(service)


class _Raw(io.BytesIO):
    """A body as urllib3 would give it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
