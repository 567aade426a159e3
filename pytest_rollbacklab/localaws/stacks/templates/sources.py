"""Where a template comes from: the call itself, S3, or the stack.

A TemplateURL is served from the local S3 whatever its host is, when its path is ``/bucket/key`` or its host
``bucket.s3.amazonaws.com``; nothing is ever fetched from anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from pytest_rollbacklab.localaws.api import Aws, Scope, ServiceError
from pytest_rollbacklab.localaws.stacks.refusals import invalid

__all__ = ["template_text"]

# "CloudFormation quotas": a template in the call, and one in S3.
_MOST_BYTES_IN_CALL: Final = 51_200
_MOST_BYTES_IN_S3: Final = 1_000_000
_VIRTUAL_HOST: Final = re.compile(r"(?P<bucket>.+)\.s3[.-](?:[a-z0-9-]+\.)*amazonaws\.com")


async def template_text(aws: Aws, scope: Scope, params: Mapping[str, Any], previous: str | None) -> str:
    """Return the template that a call names.

    Args:
        params: Of the call: TemplateBody, TemplateURL or UsePreviousTemplate.
        previous: The stack's template as it was given.

    Raises:
        ServiceError: ``ValidationError``: none or too much is named, it is too large, or it is not there.
    """
    body, url = params.get("TemplateBody"), params.get("TemplateURL")
    if body and url:
        raise invalid("Only one of TemplateBody or TemplateURL may be specified.")
    if params.get("UsePreviousTemplate"):
        if body or url:
            raise invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
        if previous is None:
            raise invalid("UsePreviousTemplate is not valid: the stack has no template yet.")
        return previous
    if body:
        if len(body.encode()) > _MOST_BYTES_IN_CALL:
            raise invalid(
                f"1 validation error detected: Value '{body[:100]}...' at 'templateBody' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_MOST_BYTES_IN_CALL}"
            )
        return str(body)
    if url:
        return await _from_s3(aws, scope, str(url))
    raise invalid("Either Template URL or Template Body must be specified.")


async def _from_s3(aws: Aws, scope: Scope, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise invalid(
            f"S3 error: Domain name specified in {parts.netloc} is not a valid S3 domain"
            if parts.scheme == "s3"
            else "TemplateURL must be a supported URL."
        )
    virtual = _VIRTUAL_HOST.fullmatch(parts.hostname or "")
    path = unquote(parts.path).lstrip("/")
    bucket, key = (virtual["bucket"], path) if virtual else path.partition("/")[::2]
    if not bucket or not key:
        raise invalid("TemplateURL must be a supported URL.")
    version = parse_qs(parts.query).get("versionId")
    try:
        found = await aws.call(
            scope, "s3", "GetObject", {"Bucket": bucket, "Key": key, **({"VersionId": version[0]} if version else {})}
        )
    except ServiceError as error:
        raise invalid(f"S3 error: {error.message or error.code} (bucket {bucket!r}, key {key!r})") from error
    content = bytes(found["Body"])
    if len(content) > _MOST_BYTES_IN_S3:
        raise invalid(f"Template may not exceed {_MOST_BYTES_IN_S3} bytes in size.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid("Template format error: unsupported structure.") from None
