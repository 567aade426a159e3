from __future__ import annotations

from pathlib import Path

from pytest_rollbacklab.localaws.lambdas.disguise import Disguise

DISGUISE = Disguise(
    task_root=Path("/tmp/packages/7"),
    libraries=(Path("/tmp/python/lib/python3.11"), Path("/usr/lib/python3.11")),
    python="3.11",
)


def test_a_traces_files_are_where_they_would_be_on_aws():
    trace = (
        b'File "/tmp/packages/7/functions/create.py", line 3\n'
        b'File "/usr/lib/python3.11/importlib/__init__.py", line 126\n'
        b'File "/tmp/python/lib/python3.11/site-packages/botocore/client.py", line 565'
    )
    assert DISGUISE.on(trace) == (
        b'File "/var/task/functions/create.py", line 3\n'
        b'File "/var/lang/lib/python3.11/importlib/__init__.py", line 126\n'
        b'File "/var/lang/lib/python3.11/site-packages/botocore/client.py", line 565'
    )


def test_other_words_and_bytes_stay():
    said = b"\xff\x00 /tmp/other/packages /usr/lib/python3 /var/task"
    assert DISGUISE.on(said) == said
