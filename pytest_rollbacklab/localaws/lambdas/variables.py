"""The environment variables of an execution environment.

As recorded (lambda-environment-python3.12), where a value makes sense on this machine: the task root and the temporary
directory are real, X-Ray's daemon is this machine's (there is none), and ``AWS_ENDPOINT_URL`` leads boto3 back to the
local AWS. Nothing of the environment that the cloud itself was started in is passed on: neither credentials nor
profiles (``HOME`` is empty), neither proxies nor Python's own settings.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Protocol

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.control.configuration import Configuration

__all__ = ["RoleCredentials", "environment_variables"]


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
    """
    task = str(task_root)
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "HOME": str(scratch),
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "LD_LIBRARY_PATH": f"/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:{task}:{task}/lib:/opt/lib",
        "PATH": f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PWD": task,
        "PYTHONPATH": "/var/runtime",
        "SHLVL": "0",
        "TMPDIR": str(scratch),
        "TZ": ":UTC",
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
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": configuration.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": task,
        "_HANDLER": configuration.handler,
    }
