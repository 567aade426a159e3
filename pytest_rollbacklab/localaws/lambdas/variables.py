"""The environment variables of an execution environment.

As recorded (lambda-environment-python3.12, lambda-environment-nodejs22.x), where a value makes sense on this machine:
the task root and the temporary directory are real, X-Ray's daemon is this machine's (there is none), and
``AWS_ENDPOINT_URL`` leads boto3 back to the local AWS. Nothing of the environment that the cloud itself was started in
is passed on: neither credentials nor profiles (``HOME`` is empty), neither proxies nor a language's own settings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.control.configuration import Configuration
from pytest_rollbacklab.localaws.lambdas.control.layers import import_roots
from pytest_rollbacklab.localaws.lambdas.languages import language_variables

__all__ = ["RoleCredentials", "environment_variables"]

_LOOKING_INTO_OPT = ("LD_LIBRARY_PATH", "NODE_PATH", "PATH")


class RoleCredentials(Protocol):
    """The execution role's credentials, as ``identity`` issues them."""

    @property
    def access_key_id(self) -> str: ...
    @property
    def secret_access_key(self) -> str: ...
    @property
    def session_token(self) -> str | None: ...


def environment_variables(
    *,
    scope: Scope,
    name: str,
    version: str,
    configuration: Configuration,
    log_stream: str,
    credentials: RoleCredentials,
    endpoint: str,
    runtime_api: str,
    task_root: Path,
    scratch: Path,
    opt: Path | None = None,
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    """Return all the variables of an environment.

    Args:
        scope: Where the function is.
        name: The function's.
        version: Its version.
        configuration: Its configuration; its own variables win over everything that AWS does not reserve.
        log_stream: What the environment logs to.
        credentials: Its role's.
        endpoint: The local AWS's address.
        runtime_api: ``host:port`` of its Runtime API.
        task_root: Where its package lies.
        scratch: A directory of its own, for temporary files.
        opt: Where its layers lie, which AWS would put into ``/opt``; None when it has none.
        initialization_type: ``on-demand`` or ``provisioned-concurrency``.
    """
    task = str(task_root)
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "HOME": str(scratch),
        "LANG": "en_US.UTF-8",
        "LD_LIBRARY_PATH": f"/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:{task}:{task}/lib:/opt/lib",
        "PWD": task,
        "SHLVL": "0",
        "TMPDIR": str(scratch),
        "TZ": ":UTC",
        **language_variables(configuration.runtime, task_root=task_root),
        **(configuration.variables or {}),
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_DEFAULT_REGION": scope.region,
        "AWS_REGION": scope.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{configuration.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(configuration.memory_size_mb),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": task,
        "_HANDLER": configuration.handler,
    }
    return variables if opt is None else variables | _with_layers(variables, opt, configuration.runtime)


def _with_layers(variables: dict[str, str], opt: Path, runtime: str) -> dict[str, str]:
    """Have everything that looks into ``/opt`` look where the layers are."""
    moved = {name: variables[name].replace("/opt/", f"{opt}/") for name in _LOOKING_INTO_OPT if name in variables}
    if runtime.startswith("python"):
        roots = (str(opt / root) for root in import_roots(runtime))
        moved["PYTHONPATH"] = ":".join((*roots, variables.get("PYTHONPATH", "")))
    return moved
