"""What a function finds around it: its own, AWS's, and nothing of the machine's user."""

from __future__ import annotations

import json
import os
import sys

import pytest

HERE = f"python{sys.version_info.major}.{sys.version_info.minor}"


def returning(expression: str, imports: str = "os, sys") -> str:
    return f"import {imports}\ndef handler(event, context):\n    return {expression}\n"


def answer(functions, code, name="create", **params):
    functions.create(name, code, **params)
    invocation = functions.invoke(name)
    assert invocation.function_error is None, invocation.payload
    return json.loads(invocation.payload)


def test_nothing_of_the_users_environment_is_passed_on(functions, monkeypatch):
    functions.create(code=returning("dict(os.environ)"), Environment={"Variables": {"TABLE": "notes"}})
    for name in ("AWS_PROFILE", "HTTP_PROXY", "SECRET_TOKEN", "PYTHONSTARTUP", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "the user's")
    environ = json.loads(functions.invoke("create").payload)
    assert "the user's" not in environ.values()
    assert environ["TABLE"] == "notes"
    allowed = {"TABLE", "HOME", "TMPDIR", "PWD", "TZ", "SHLVL", "PATH", "PYTHONPATH", "LANG", "LC_CTYPE"}
    rest = {name for name in environ if not name.startswith(("AWS_", "_", "LAMBDA_", "LD_"))}
    assert rest <= allowed


def test_the_roles_own_credentials_and_the_local_endpoint_are_there(functions):
    code = (
        "import boto3\n"
        "def handler(event, context):\n"
        "    client = boto3.client('dynamodb')\n"
        "    key = client._request_signer._credentials\n"
        "    return [key.access_key, key.secret_key, key.token, client.meta.endpoint_url, client.meta.region_name]\n"
    )
    assert answer(functions, code) == [
        f"ASIA{functions.scope.account_id}",
        "secret-of-create",
        "token-for-arn:aws:iam::111122223333:role/notes-api",
        "http://127.0.0.1:4566",
        "us-east-1",
    ]


def test_the_users_aws_files_are_out_of_sight(functions):
    code = returning("[os.path.expanduser('~'), os.path.exists(os.path.expanduser('~/.aws'))]")
    home, has_aws_files = answer(functions, code)
    assert home != os.path.expanduser("~")  # noqa: PTH111 - what the function calls
    assert not has_aws_files


def test_the_package_comes_first_and_nothing_but_lambdas_own_can_be_imported(functions):
    path = answer(functions, returning("[os.getcwd(), os.environ['LAMBDA_TASK_ROOT'], *sys.path]"))
    assert path[0] == path[1] == path[2]
    functions.create("requests", "import requests\n")
    error = json.loads(functions.invoke("requests").payload)
    assert error["errorMessage"] == "Unable to import module 'app': No module named 'requests'"
    functions.create("own", "import pytest_rollbacklab\n")
    assert b"No module named 'pytest_rollbacklab'" in functions.invoke("own").payload
    code = "import boto3, botocore, dateutil, jmespath, s3transfer, six, urllib3\n" + returning("boto3.__file__")
    assert answer(functions, code, "sdk").endswith("/site-packages/boto3/__init__.py")


def test_a_module_beside_the_handler_is_imported_before_any_other(functions):
    files = {
        "functions/create.py": "from lib.words import WORD\ndef main(event, context):\n    return WORD\n",
        "lib/words.py": "WORD = 'mine'\n",
    }
    functions.create(code=files, Handler="functions/create.main")
    assert functions.invoke("create").payload == b'"mine"'
    functions.create("dotted", code=files, Handler="functions.create.main")
    assert functions.invoke("dotted").payload == b'"mine"'


@pytest.mark.parametrize("bundled", ["boto3", "six", "calendar"])
def test_a_bundled_copy_wins_over_what_is_loaded_already(functions, bundled):
    files = {"app.py": returning(f"{bundled}.MINE", bundled)}
    files[f"{bundled}.py" if bundled != "boto3" else "boto3/__init__.py"] = "MINE = 'bundled'\n"
    functions.create(code=files, Runtime=HERE)
    invocation = functions.invoke("create")
    assert (invocation.payload, invocation.function_error) == (b'"bundled"', None)


def test_a_spawned_environment_is_like_a_forked_one(functions):
    expression = (
        "[sorted(name for name in os.environ if name not in ('_X_AMZN_TRACE_ID',)),"
        " [p.replace(os.getcwd(), '') for p in sys.path], os.getcwd() == sys.path[0], exit is not None,"
        " sys.flags.utf8_mode or sys.stdout.encoding.lower() == 'utf-8', sys.dont_write_bytecode,"
        " os.getpid() == os.getpgid(0) == os.getsid(0)]"
    )
    forked = answer(functions, returning(expression), "forked", Runtime=HERE)
    functions.create("spawned", {"app.py": returning(expression), "six.py": ""}, Runtime=HERE)
    spawned = json.loads(functions.invoke("spawned").payload)
    assert forked == spawned
    assert functions.log("spawned")[-1].count("Init Duration") == 1


def test_time_is_utc_and_temporary_files_are_the_environments_own(functions):
    code = (
        "import os, tempfile, time\ndef handler(event, context):\n    return [time.tzname[0], tempfile.gettempdir()]\n"
    )
    zone, first = answer(functions, code, "one")
    _, second = answer(functions, code, "two")
    assert zone == "UTC"
    assert first != second
    assert os.path.isdir(first)  # noqa: PTH112 - a string from the function
    functions.call("DeleteFunction", FunctionName="one")
    functions.run(functions.lambdas._pool.close())
    assert not os.path.exists(first)  # noqa: PTH110 - likewise
    assert not os.path.exists(second)  # noqa: PTH110 - likewise


def test_standard_input_is_empty_and_no_descriptor_of_the_cloud_is_open(functions):
    code = (
        "import os, sys\n"
        "def handler(event, context):\n"
        "    kinds = {os.readlink(f'/proc/self/fd/{fd}').partition(':')[0] for fd in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{fd}')}\n"
        "    return [sys.stdin.read(), sorted(kind for kind in kinds if not kind.startswith('/proc'))]\n"
    )
    if sys.platform != "linux":
        pytest.skip("reads /proc")
    said, kinds = answer(functions, code)
    assert said == ""
    # One pipe for the output, one socket: the runtime's connection to its API.
    assert kinds == ["/dev/null", "pipe", "socket"]


def test_a_handler_may_start_programs(functions):
    code = (
        "import subprocess\n"
        "def handler(event, context):\n"
        "    said = subprocess.run(['python3', '-c', 'print(6 * 7)'], capture_output=True, text=True, check=True)\n"
        "    subprocess.run(['echo', 'from a program'], check=True)\n"
        "    return said.stdout\n"
    )
    assert answer(functions, code, Timeout=20) == "42\n"
    assert "from a program\n" in functions.log("create")
