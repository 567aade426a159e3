from __future__ import annotations

import sys
from pathlib import Path

from pytest_rollbacklab.localaws.api import Scope
from pytest_rollbacklab.localaws.lambdas.control.configuration import Configuration
from pytest_rollbacklab.localaws.lambdas.variables import environment_variables


class Key:
    access_key_id = "ASIAX"
    secret_access_key = "secret"
    session_token = "token"


def variables(own=None):
    configuration = Configuration(
        role="arn:aws:iam::1:role/r", runtime="python3.12", handler="handler.handler", log_group="/g", variables=own
    )
    return environment_variables(
        scope=Scope(account_id="111122223333", region="eu-west-1"),
        name="create",
        version="7",
        configuration=configuration,
        log_stream="2026/11/23/[7]0ff",
        credentials=Key(),
        endpoint="http://127.0.0.1:4566",
        runtime_api="127.0.0.1:9001",
        task_root=Path("/tmp/packages/1"),
        scratch=Path("/tmp/scratch"),
    )


def test_the_recorded_variables_are_all_there_and_what_is_added_is_known():
    recorded = {
        "AWS_ACCESS_KEY_ID": "ASIAX",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
        "AWS_LAMBDA_FUNCTION_NAME": "create",
        "AWS_LAMBDA_FUNCTION_VERSION": "7",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/g",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[7]0ff",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "token",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/tmp/packages/1",
        "LANG": "en_US.UTF-8",
        "LC_CTYPE": "C.UTF-8",
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
        "/tmp/packages/1:/tmp/packages/1/lib:/opt/lib",
        "PATH": f"{Path(sys.base_prefix) / 'bin'}:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PWD": "/tmp/packages/1",
        "PYTHONPATH": "/var/runtime",
        "SHLVL": "0",
        "TEST_KEY": "TEST_VAL",
        "TZ": ":UTC",
        "_AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "_HANDLER": "handler.handler",
    }
    added = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "HOME": "/tmp/scratch", "TMPDIR": "/tmp/scratch"}
    assert variables({"TEST_KEY": "TEST_VAL"}) == recorded | added


def test_a_functions_own_variables_win_where_aws_lets_them():
    told = variables({"TZ": "Asia/Seoul", "PATH": "/mine", "AWS_ENDPOINT_URL": "http://elsewhere"})
    assert (told["TZ"], told["PATH"], told["AWS_ENDPOINT_URL"]) == ("Asia/Seoul", "/mine", "http://elsewhere")
