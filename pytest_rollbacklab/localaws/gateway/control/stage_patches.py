"""What the patches of UpdateStage mean, with the errors as recorded.

Settings of methods are named ``/{resource path}/{HTTP method}/group/setting``, where the path is escaped and ``*/*``
is every method. A canary is promoted by copying its deployment and its variables over the stage's. What is not
emulated (caching, tracing) may be set to what it is anyway.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.gateway.apis.stage import AccessLogSettings, MethodSetting, Stage
from pytest_rollbacklab.localaws.gateway.apis.stage_rules import LOGGING_LEVELS, check_variables
from pytest_rollbacklab.localaws.gateway.control.canary_patches import CANARY, copied, patched_canary
from pytest_rollbacklab.localaws.gateway.control.patches import Patch
from pytest_rollbacklab.localaws.gateway.records.access_log import check_format, read_destination
from pytest_rollbacklab.localaws.gateway.refusals import bad_request, not_emulated

__all__ = ["patched_stage"]

_ACCESS_LOG = "/accessLogSettings"
_ACCESS_LOG_PATHS = (f"{_ACCESS_LOG}/destinationArn", f"{_ACCESS_LOG}/format")
_SETTING_PARTS = 4
"""How many segments the path of a method's setting has."""
_ANYWAY = {
    "caching/enabled": ("false", ""),
    "caching/ttlInSeconds": ("300", ""),
    "caching/dataEncrypted": ("false", ""),
    "caching/requireAuthorizationForCacheControl": ("true", ""),
    "caching/unauthorizedCacheControlHeaderStrategy": ("SUCCEED_WITH_RESPONSE_HEADER", ""),
    "cacheClusterEnabled": ("false", ""),
    "cacheClusterSize": ("",),
    "clientCertificateId": ("",),
    "tracingEnabled": ("false", ""),
}
_ALL_PATHS = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, "
    "/accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, "
    "/{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, "
    "/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit"
    "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, "
    "/{resourcePath}/{httpMethod}/caching/dataEncrypted, "
    "/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, "
    "/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, "
    "/*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit "
    "/*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "
    "/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, "
    "/variables/{variable_name}, /tracingEnabled"
)


def patched_stage(stage: Stage, patch: Patch) -> Stage:
    """Return a stage with one patch applied.

    Raises:
        ServiceError: there is no such path, or it asks for what is not emulated; the message names the path.
    """
    if patch.path.startswith(_ACCESS_LOG):
        return replace(stage, access_log=_access_log(stage.access_log, patch))
    if name := patch.below("/variables/"):
        variables = patch.edited(stage.variables, name, patch.value or "")
        check_variables(variables)
        return replace(stage, variables=variables)
    if patch.op == "copy":
        return copied(stage, patch)
    if patch.path == CANARY or patch.path.startswith(f"{CANARY}/"):
        return replace(stage, canary=patched_canary(stage, patch, unknown=_unknown))
    if patch.path == "/deploymentId":
        patch.only("replace")
        return replace(stage, deployment_id=patch.value or "")
    if patch.path == "/description":
        return replace(stage, description=patch.text())
    if patch.path == "/documentationVersion":
        return replace(stage, documentation_version=patch.text())
    if patch.path.lstrip("/") in _ANYWAY:
        _refuse(patch, patch.path.lstrip("/"))
        return stage
    return _with_method_setting(stage, patch)


def _access_log(settings: AccessLogSettings | None, patch: Patch) -> AccessLogSettings | None:
    if patch.removes:
        if patch.path != _ACCESS_LOG:
            raise _nothing_to_remove(patch.path)
        return None
    if patch.path not in _ACCESS_LOG_PATHS:
        raise bad_request(f"Invalid accessLogSettings path. Must be one of : [{', '.join(_ACCESS_LOG_PATHS)}]")
    settings = settings or AccessLogSettings()
    value = patch.value or ""
    if patch.path.endswith("/format"):
        check_format(value)
        return replace(settings, format=value)
    read_destination(value)
    return replace(settings, destination_arn=value)


def _with_method_setting(stage: Stage, patch: Patch) -> Stage:
    parts = patch.path.lstrip("/").split("/")
    if patch.removes:
        return _without_method_setting(stage, patch, parts)
    if len(parts) != _SETTING_PARTS:
        raise _unknown(patch)
    key, name = "/".join(parts[:2]), "/".join(parts[2:])
    setting = stage.method_settings.get(key, MethodSetting())
    if name in _ANYWAY:
        _refuse(patch, name)
    elif name in _SETTERS:
        setting = _SETTERS[name](setting, patch)
    else:
        raise _unknown(patch)
    return replace(stage, method_settings={**stage.method_settings, key: setting})


def _without_method_setting(stage: Stage, patch: Patch, parts: list[str]) -> Stage:
    key = "/".join(parts[:2])
    if key not in stage.method_settings or len(parts) not in (2, _SETTING_PARTS):
        raise _nothing_to_remove(patch.path)
    kept = {known: setting for known, setting in stage.method_settings.items() if known != key}
    if len(parts) == _SETTING_PARTS:
        name = "/".join(parts[2:])
        if name not in _SETTERS:
            raise _nothing_to_remove(patch.path)
        cleared = replace(patch, op="replace", value=None)
        kept[key] = _SETTERS[name](stage.method_settings[key], cleared)
    return replace(stage, method_settings=kept)


def _level(setting: MethodSetting, patch: Patch) -> MethodSetting:
    level = patch.value or None
    if level is not None and level not in LOGGING_LEVELS:
        raise bad_request(f"Invalid value {level!r} for {patch.path}: it must be one of {', '.join(LOGGING_LEVELS)}")
    return replace(setting, logging_level=level)


def _limit(patch: Patch) -> float | None:
    return patch.number() if patch.value else None


def _whole_limit(patch: Patch) -> int | None:
    return patch.whole_number() if patch.value else None


_SETTERS: dict[str, Callable[[MethodSetting, Patch], MethodSetting]] = {
    "logging/loglevel": _level,
    "logging/dataTrace": lambda setting, patch: replace(setting, data_trace_enabled=patch.truth()),
    "throttling/rateLimit": lambda setting, patch: replace(setting, rate_limit=_limit(patch)),
    "throttling/burstLimit": lambda setting, patch: replace(setting, burst_limit=_whole_limit(patch)),
    "metrics/enabled": lambda setting, patch: replace(setting, metrics_enabled=patch.truth()),
}


def _refuse(patch: Patch, name: str) -> None:
    if not patch.removes and (patch.value or "").removesuffix(" ") not in _ANYWAY[name]:
        raise not_emulated(f"{patch.path}={patch.value} of stages", "Leave it as it is.")


def _nothing_to_remove(path: str) -> ServiceError:
    return bad_request(
        f"Cannot remove method setting {path.lstrip('/')} because there is no method setting for this method "
    )


def _unknown(patch: Patch) -> ServiceError:
    return bad_request(f"Invalid method setting path: {patch.path}. Must be one of: [{_ALL_PATHS}]")
