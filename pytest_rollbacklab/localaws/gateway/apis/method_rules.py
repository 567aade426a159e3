"""What a method may ask for, and the errors for what it may not (as recorded).

Whoever makes a method, an operation or an imported definition, makes it by these rules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.apis.authorizer import AUTHORIZER_OF
from pytest_rollbacklab.localaws.gateway.apis.method import HTTP_METHODS, Method, MethodResponse
from pytest_rollbacklab.localaws.gateway.apis.rest_api import RestApi
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, invalid_mapping

__all__ = [
    "authorization_type",
    "check_status",
    "checked_method",
    "http_method",
    "method_response",
    "models_of",
    "request_parameters",
]

_AUTHORIZATION_TYPES = ("NONE", "AWS_IAM", *AUTHORIZER_OF)
_BUILT_IN_MODELS = ("Empty", "Error")
_REQUEST_PARAMETER = re.compile(
    r"method\.request\.(?:path|querystring|multivaluequerystring|header|multivalueheader)\.(.+)"
)
_RESPONSE_PARAMETER = re.compile(r"method\.response\.(?:header|multivalueheader)\..+")
_STATUS = re.compile(r"[1-5]\d\d")


def http_method(name: str) -> str:
    """Return a method's name as AWS writes it.

    Raises:
        ServiceError: BadRequestException: there is no such method (as recorded).
    """
    if name.upper() not in HTTP_METHODS:
        raise bad_request(f"Invalid HttpMethod specified. Valid options are {','.join(HTTP_METHODS)}")
    return name.upper()


def authorization_type(name: str | None) -> str:
    """Return a method's authorization type.

    Raises:
        ServiceError: BadRequestException: there is none such.
    """
    wanted = (name or "NONE").upper()
    if wanted not in _AUTHORIZATION_TYPES:
        raise bad_request(
            f"Invalid authorization type specified: {name}. It must be one of {', '.join(_AUTHORIZATION_TYPES)}"
        )
    return wanted


def checked_method(api: RestApi, method: Method) -> Method:
    """Return a method that holds together: its authorizer and its validator are there, and are of its kind.

    Raises:
        ServiceError: BadRequestException: it does not.
    """
    types = AUTHORIZER_OF.get(method.authorization_type)
    if types is None:
        # AWS forgets an authorizer that the authorization type does not ask for.
        method = replace(method, authorizer_id=None, authorization_scopes=())
    else:
        authorizer = api.authorizers.get(method.authorizer_id or "")
        if authorizer is None or authorizer.type not in types:
            raise bad_request(
                "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS "
                "requires a valid authorizer."
            )
    if method.authorization_scopes and method.authorization_type != "COGNITO_USER_POOLS":
        raise bad_request("Authorization scopes are of methods with a COGNITO_USER_POOLS authorizer only")
    if method.request_validator_id is not None and method.request_validator_id not in api.validators:
        raise bad_request("Invalid Request Validator identifier specified")
    return method


def check_status(status: str) -> None:
    """Check a status code in a parameter.

    Raises:
        ServiceError: ValidationException, as recorded.
    """
    if not _STATUS.fullmatch(status):
        raise ServiceError(
            "ValidationException",
            f"1 validation error detected: Value '{status}' at 'statusCode' failed to satisfy constraint: "
            r"Member must satisfy regular expression pattern: [1-5]\d\d",
            400,
        )


def method_response(status: str, parameters: Mapping[str, bool], models: Mapping[str, str]) -> MethodResponse:
    """Return a declared answer.

    Raises:
        ServiceError: the status, a header's name or a model is none.
    """
    check_status(status)
    for name in parameters:
        if not _RESPONSE_PARAMETER.fullmatch(name):
            raise invalid_mapping(name)
    return MethodResponse(status_code=status, response_parameters=dict(parameters), response_models=models_of(models))


def request_parameters(parameters: Mapping[str, bool]) -> dict[str, bool]:
    """Return the parameters that a method takes.

    Raises:
        ServiceError: BadRequestException: one is malformed, or two have one name (as recorded).
    """
    names: list[str] = []
    for parameter in parameters:
        found = _REQUEST_PARAMETER.fullmatch(parameter)
        if found is None:
            raise invalid_mapping(parameter)
        names.append(found[1])
    if len(set(names)) < len(names):
        raise bad_request("Parameter names must be unique across querystring, header and path")
    return dict(parameters)


def models_of(models: Mapping[str, str]) -> dict[str, str]:
    """Return the models of a method or an answer; nothing is validated by them.

    Raises:
        ServiceError: BadRequestException: there is no such model (as recorded): there are none but AWS's own two.
    """
    for model in models.values():
        if model not in _BUILT_IN_MODELS:
            raise bad_request(f"Invalid model identifier specified: {model}")
    return dict(models)
