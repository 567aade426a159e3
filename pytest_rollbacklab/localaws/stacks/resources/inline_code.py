"""A function's package from the text in ``ZipFile``: the handler's file, and ``cfnresponse`` beside it.

As "AWS::Lambda::Function Code" has it: the file is named ``index``, and Python functions can import ``cfnresponse`` to
answer for a custom resource. The zip is the same for the same text, so that nothing looks changed that is not.
"""

from __future__ import annotations

import io
import zipfile
from typing import Final

__all__ = ["package"]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_READABLE: Final = 0o644 << 16

_CFNRESPONSE: Final = '''\
"""Answers for a custom resource."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    answer = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(
        event["ResponseURL"], json.dumps(answer).encode(), {"content-type": ""}, method="PUT"
    )
    with urllib.request.urlopen(request) as response:
        print("Status code:", response.status)
'''


def package(text: str, runtime: str) -> bytes:
    """Return the zip of an inline function.

    Args:
        text: The content of ``ZipFile``.
        runtime: ``python3.11`` ...
    """
    files = {"index.py": text, "cfnresponse.py": _CFNRESPONSE} if runtime.startswith("python") else {"index.js": text}
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _READABLE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return zipped.getvalue()
