"""Call moto's services in process, in boto3's shapes: botocore writes the request, moto answers, botocore reads it.

No boto3 client is made (one costs more than a hundred of these calls); the service models are all that is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from botocore.awsrequest import HeadersDict
from botocore.handlers import json_decode_policies
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from moto.core.utils import get_service_model

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.moto_seam.backends import Dispatch, dispatch

__all__ = ["MotoClient"]

_ERROR_STATUS = 300


class MotoClient:
    """Every service that moto has, as an ``Aws``.

    Args:
        dispatch: How moto is asked.
    """

    def __init__(self, dispatch: Dispatch = dispatch) -> None:
        self.dispatch = dispatch

    async def call(
        self, scope: Scope, service: str, operation: str, params: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call one operation; streaming bodies come as plain bytes.

        Raises:
            ServiceError: what moto answered.
        """
        model = get_service_model(service)
        shape = model.operation_model(operation)
        protocol = _protocol(model)
        request = create_serializer(protocol, False).serialize_to_request(dict(params or {}), shape)
        signing_name = str(model.metadata.get("signingName") or model.metadata["endpointPrefix"])
        answer = self.dispatch(_as_http(request, scope, signing_name), signing_name=signing_name, scope=scope)
        streams = shape.get_streaming_output() is not None and answer.status < _ERROR_STATUS
        parsed = create_parser(protocol).parse(
            _as_botocore(answer, b"" if streams else answer.body), shape.output_shape
        )
        if streams:
            parsed[shape.output_shape.serialization["payload"]] = answer.body
        if answer.status >= _ERROR_STATUS:
            error = parsed.get("Error", {})
            raise ServiceError(error.get("Code", "Unknown"), error.get("Message", ""), answer.status)
        if service == "iam":
            json_decode_policies(parsed, shape)
        parsed.pop("ResponseMetadata", None)
        return dict(parsed)


def _protocol(model: Any) -> str:
    """Return a protocol that moto speaks: it has no CBOR."""
    protocols = model.metadata.get("protocols", [model.metadata["protocol"]])
    return str(next(name for name in protocols if name != "smithy-rpc-v2-cbor"))


def _as_http(request: dict[str, Any], scope: Scope, signing_name: str) -> HttpRequest:
    # moto takes a call without credentials for an anonymous one; the signature is not looked at.
    credential = f"{scope.account_id}/19700101/{scope.region}/{signing_name}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0"
    query = request["query_string"]
    query = urlencode(query) if isinstance(query, Mapping) else str(query or "")
    target = request["url_path"] + (("&" if "?" in request["url_path"] else "?") + query if query else "")
    body = request["body"]
    if isinstance(body, Mapping):
        body = urlencode(body)
    return HttpRequest(
        method=request["method"],
        target=target,
        headers=(
            *((str(name), str(value)) for name, value in request["headers"].items()),
            ("Authorization", authorization),
        ),
        body=body.encode() if isinstance(body, str) else bytes(body or b""),
        source_ip="127.0.0.1",
    )


def _as_botocore(answer: HttpResponse, body: bytes) -> dict[str, Any]:
    return {"status_code": answer.status, "headers": HeadersDict(dict(answer.headers)), "body": body}
