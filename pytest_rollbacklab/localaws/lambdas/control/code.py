"""A function's code: fetched, judged, and from then on immutable and named by its content.

A zip is judged once, when it is uploaded: that it is one, that it is not too large, and that no entry would be written
outside of its directory. Entries are read from its directory alone; unpacking is ``packages``' work.
"""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.errors import invalid_parameter, too_large
from pytest_rollbacklab.localaws.lambdas.control.options import refuse_others

__all__ = ["CodePackage", "fetch_code"]

_ZIPPED_LIMIT_BYTES = 52428800
_UNZIPPED_LIMIT_BYTES = 262144000
_ENCRYPTED = 0x1
_MEMBERS = ("ZipFile", "S3Bucket", "S3Key", "S3ObjectVersion")


@dataclass(frozen=True, kw_only=True, slots=True)
class CodePackage:
    """A deployment package that has been judged."""

    zip: bytes = field(repr=False)
    sha256: str
    """Of the zip, in base64, as CodeSha256 has it."""
    unzipped_bytes: int
    top_level_names: frozenset[str] = field(repr=False)
    """What can be imported from its root: ``app`` for ``app.py`` as for ``app/__init__.py``."""

    def names(self) -> list[str]:
        """Return the names of all of its files."""
        with zipfile.ZipFile(io.BytesIO(self.zip)) as archive:
            return archive.namelist()


async def fetch_code(aws: Aws, scope: Scope, code: Mapping[str, Any]) -> CodePackage:
    """Get a package from where a request says that it is, and judge it.

    Args:
        aws: Reaches S3.
        scope: Where the request was made.
        code: CreateFunction's Code, or UpdateFunctionCode's members of the same names.

    Raises:
        ServiceError: in Lambda's words: no such object (as recorded for GetObject's errors), no zip, too large,
            unsafe, or an option that is not emulated.
    """
    refuse_others(code, supported=_MEMBERS, prefix="Code.")
    if code.get("ZipFile") is not None:
        if code.get("S3Bucket") or code.get("S3Key"):
            raise invalid_parameter("Please do not provide other FunctionCode parameters when providing a ZipFile.")
        if len(code["ZipFile"]) > _ZIPPED_LIMIT_BYTES:
            raise too_large(f"Zipped size must be smaller than {_ZIPPED_LIMIT_BYTES} bytes")
        return _judge(code["ZipFile"])
    if not (code.get("S3Bucket") and code.get("S3Key")):
        raise invalid_parameter("Please provide a source for function code.")
    return _judge(await _from_s3(aws, scope, code))


async def _from_s3(aws: Aws, scope: Scope, code: Mapping[str, Any]) -> bytes:
    request = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
    if code.get("S3ObjectVersion"):
        request["VersionId"] = code["S3ObjectVersion"]
    try:
        answer = await aws.call(scope, "s3", "GetObject", request)
    except ServiceError as error:
        raise invalid_parameter(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from error
    body: bytes = answer["Body"]
    return body


def _judge(package: bytes) -> CodePackage:
    if not package:
        raise invalid_parameter("Uploaded file must be a non-empty zip")
    try:
        with zipfile.ZipFile(io.BytesIO(package)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise invalid_parameter(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    if not entries:
        raise invalid_parameter("Uploaded file must be a non-empty zip")
    unzipped = sum(entry.file_size for entry in entries)
    if unzipped >= _UNZIPPED_LIMIT_BYTES:
        raise invalid_parameter(f"Unzipped size must be smaller than {_UNZIPPED_LIMIT_BYTES} bytes")
    for entry in entries:
        _refuse_unsafe(entry)
    return CodePackage(
        zip=package,
        sha256=base64.b64encode(hashlib.sha256(package).digest()).decode(),
        unzipped_bytes=unzipped,
        top_level_names=frozenset(entry.filename.partition("/")[0].partition(".")[0] for entry in entries),
    )


def _refuse_unsafe(entry: zipfile.ZipInfo) -> None:
    path = PurePosixPath(entry.filename)
    mode = entry.external_attr >> 16
    if path.is_absolute() or ".." in path.parts:
        problem = "would be written outside of the function's directory"
    elif stat.S_ISLNK(mode):
        problem = "is a link"
    elif entry.flag_bits & _ENCRYPTED:
        problem = "is encrypted"
    else:
        return
    raise invalid_parameter(
        f"Could not unzip uploaded file: the entry '{entry.filename}' {problem}. "
        "Please check your file, then try to upload again."
    )
