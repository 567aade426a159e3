"""AWS's protocols, spoken by AWS's own service models: query, JSON, REST-JSON and CBOR.

Requests are parsed and results written by moto's protocol code, which follows botocore's models, so that an operation
is a function from a dict to a dict. What moto lacks is here: CBOR (which boto3 prefers for CloudWatch) and errors
with members of their own. It knows nothing of any service.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.parsers import RpcV2CBORParser
from botocore.utils import parse_timestamp
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.serialize import get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.http import HttpRequest, HttpResponse
from pytest_rollbacklab.localaws.moto_seam import cbor, event_stream

__all__ = ["Parsed", "parse", "protocol_named", "protocol_of", "write_error", "write_result"]

_JSON = "application/x-amz-json-"
_FORM = "application/x-www-form-urlencoded"
_PLAIN = frozenset({("logs", "FilterLogEvents"), ("logs", "GetLogEvents")})
"""Results of hundreds of events that are JSON already, member for member: to walk them by the model takes ten times as
long as to write them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parsed:
    """What a request asks for, and in which protocol its answer must be."""

    service: str
    operation: str
    params: dict[str, Any]
    protocol: str


def parse(request: HttpRequest, service: str) -> Parsed:
    """Read an API call.

    Args:
        service: botocore's name of the service.

    Raises:
        ServiceError: the body does not parse, or the service has no such operation.
    """
    model = get_service_model(service)
    protocol = protocol_of(request, service)
    if protocol == "cbor":
        operation = request.raw_path.rpartition("/")[2]
        return Parsed(service=service, operation=operation, params=_read_cbor(request.body), protocol=protocol)
    http = _as_werkzeug(request)
    operation, uri_params = _operation(http, service, protocol)
    if operation not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"{service} has no operation {operation!r}", 404)
    shape = model.operation_model(operation)
    parser = PROTOCOL_PARSERS[protocol](shape, timestamp_parser=parse_timestamp)
    try:
        _check_json(request.body, shape, protocol)
        params = parser.parse(
            {
                "method": http.method,
                "values": http.values,
                "headers": http.headers,
                "body": http.data,
                "url_path": http.path,
                "url_params": uri_params,
            }
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ServiceError(
            "SerializationException", f"the body of {service} {operation} does not parse: {error}"
        ) from error
    return Parsed(service=service, operation=operation, params=dict(params or {}), protocol=protocol)


def protocol_of(request: HttpRequest, service: str) -> str:
    """Return the protocol in which a request to the service is written, and its answer has to be."""
    model = get_service_model(service)
    if request.header("smithy-protocol") == "rpc-v2-cbor":
        return "cbor"
    content_type = request.header("content-type") or ""
    supported = model.metadata.get("protocols", [model.metadata["protocol"]])
    if content_type.startswith(_JSON) and "json" in supported:
        return "json"
    if content_type.startswith(_FORM) and "query" in supported:
        return "query"
    return str(model.metadata["protocol"]) if model.metadata["protocol"] in PROTOCOL_PARSERS else str(supported[-1])


def protocol_named(request: HttpRequest, service: str) -> str | None:
    """Return the protocol of a request to a service, or None where botocore has no such service."""
    try:
        return protocol_of(request, service)
    except UnknownServiceError:
        return None


def _check_json(body: bytes, shape: Any, protocol: str) -> None:
    """Refuse a body that is no JSON object, which moto's reader would take for an empty one."""
    bound = protocol == "rest-json" and shape.input_shape is not None and "payload" in shape.input_shape.serialization
    if "json" in protocol and body and not bound and not isinstance(json.loads(body), dict):
        raise ValueError("it is not a JSON object")


def _as_werkzeug(request: HttpRequest) -> Request:
    headers = {name: value for name, value in request.headers if name.lower() != "content-length"}
    return Request.from_primitives(request.method, f"http://localhost{request.target}", headers, request.body)


def _operation(http: Request, service: str, protocol: str) -> tuple[str, Mapping[str, Any]]:
    if protocol == "json":
        return http.headers.get("X-Amz-Target", "").rpartition(".")[2], {}
    if protocol == "query":
        return http.values.get("Action", ""), {}
    try:
        operation, uri_params = get_service_router(service).match(http)
    except HTTPException:
        raise ServiceError(
            "UnknownOperationException", f"{service} has no operation at {http.method} {http.path}", 404
        ) from None
    return str(operation.name), uri_params


def _read_cbor(body: bytes) -> dict[str, Any]:
    if not body:
        return {}
    # botocore's reader wants something that it can peek into.
    return dict(RpcV2CBORParser().parse_data_item(io.BufferedReader(io.BytesIO(body))))


def write_result(parsed: Parsed, result: Mapping[str, Any], request_id: str) -> HttpResponse:
    """Write an operation's result in the protocol in which it was asked for."""
    if parsed.protocol == "cbor":
        return HttpResponse(status=200, body=cbor.encode(result), headers=_cbor_headers(request_id))
    if (parsed.service, parsed.operation) in _PLAIN and parsed.protocol == "json":
        headers = (("Content-Type", f"{_JSON}1.1"), ("x-amzn-RequestId", request_id))
        return HttpResponse(status=200, body=json.dumps(result).encode(), headers=headers)
    model = get_service_model(parsed.service).operation_model(parsed.operation)
    if model.has_event_stream_output:
        return HttpResponse(
            status=200,
            stream=event_stream.encode(result[model.output_shape.event_stream_name]),
            headers=(("Content-Type", event_stream.CONTENT_TYPE), ("x-amzn-RequestId", request_id)),
        )
    written = get_serializer_class(parsed.service, parsed.protocol)(model).serialize(dict(result))
    body = written["body"]
    return HttpResponse(
        status=_status(model, result, written["status_code"]),
        body=body.encode() if isinstance(body, str) else bytes(body),
        headers=(*((str(k), str(v)) for k, v in written["headers"].items()), ("x-amzn-RequestId", request_id)),
    )


def _status(model: Any, result: Mapping[str, Any], default: int) -> int:
    """Return the member that the model binds to the status line (Invoke's ``StatusCode``), else the model's own."""
    members = model.output_shape.members if model.output_shape is not None else {}
    bound = next((name for name, shape in members.items() if shape.serialization.get("location") == "statusCode"), None)
    return int(result[bound]) if bound is not None and bound in result else int(default)


def write_error(parsed_protocol: str, error: ServiceError, request_id: str) -> HttpResponse:
    """Write an error as AWS does in this protocol; further members (``Type``, ``Reason``) go along."""
    if parsed_protocol == "s3":
        return _s3_error(error, request_id)
    if parsed_protocol in ("query", "rest-xml", "ec2"):
        return _xml_error(error, request_id)
    members = {"__type": error.code, "message": error.message, **error.fields}
    if parsed_protocol == "cbor":
        return HttpResponse(status=error.status, body=cbor.encode(members), headers=_cbor_headers(request_id))
    version = "1.1" if parsed_protocol == "json" else None
    if version is None:
        del members["__type"]
    return HttpResponse(
        status=error.status,
        body=json.dumps(members).encode(),
        headers=(
            ("Content-Type", f"{_JSON}{version}" if version else "application/json"),
            ("x-amzn-ErrorType", error.code),
            ("x-amzn-RequestId", request_id),
        ),
    )


def _xml_error(error: ServiceError, request_id: str) -> HttpResponse:
    fault = "Sender" if error.status < 500 else "Receiver"
    body = (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{escape(error.code)}</Code>"
        f"<Message>{escape(error.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return HttpResponse(
        status=error.status,
        body=body.encode(),
        headers=(("Content-Type", "text/xml"), ("x-amzn-RequestId", request_id)),
    )


def _s3_error(error: ServiceError, request_id: str) -> HttpResponse:
    """Write an error as S3 does ("REST error responses" of its API reference)."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
        f"<RequestId>{request_id}</RequestId></Error>"
    )
    return HttpResponse(
        status=error.status,
        body=body.encode(),
        headers=(("Content-Type", "application/xml"), ("x-amz-request-id", request_id)),
    )


def _cbor_headers(request_id: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", "application/cbor"),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("x-amzn-RequestId", request_id or str(uuid.uuid4())),
    )
