"""What a request to S3 asks for, read from its method, its path and its query.

"Actions, resources, and condition keys for Amazon S3" of the service authorization reference: the action's name is only
sometimes the operation's. A subresource that is not in the tables is decided by a name made of the method and it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, unquote

from pytest_rollbacklab.localaws.http import HttpRequest
from pytest_rollbacklab.localaws.identity.api_calls.asked import Asked

__all__ = ["asked_of_s3"]

_BUCKET_HOST = re.compile(r"^(?P<bucket>[a-z0-9][a-z0-9.-]+)\.s3[.-]")
_KEY = re.compile(rb"<Key>(.*?)</Key>", re.DOTALL)

# Of a bucket: the subresource, and what reading and what changing it is called.
_OF_BUCKET: Mapping[str, tuple[str, str]] = {
    "accelerate": ("GetAccelerateConfiguration", "PutAccelerateConfiguration"),
    "acl": ("GetBucketAcl", "PutBucketAcl"),
    "analytics": ("GetAnalyticsConfiguration", "PutAnalyticsConfiguration"),
    "cors": ("GetBucketCORS", "PutBucketCORS"),
    "encryption": ("GetEncryptionConfiguration", "PutEncryptionConfiguration"),
    "intelligent-tiering": ("GetIntelligentTieringConfiguration", "PutIntelligentTieringConfiguration"),
    "inventory": ("GetInventoryConfiguration", "PutInventoryConfiguration"),
    "lifecycle": ("GetLifecycleConfiguration", "PutLifecycleConfiguration"),
    "location": ("GetBucketLocation", "CreateBucket"),
    "logging": ("GetBucketLogging", "PutBucketLogging"),
    "metrics": ("GetMetricsConfiguration", "PutMetricsConfiguration"),
    "notification": ("GetBucketNotification", "PutBucketNotification"),
    "object-lock": ("GetBucketObjectLockConfiguration", "PutBucketObjectLockConfiguration"),
    "ownershipControls": ("GetBucketOwnershipControls", "PutBucketOwnershipControls"),
    "policy": ("GetBucketPolicy", "PutBucketPolicy"),
    "policyStatus": ("GetBucketPolicyStatus", "PutBucketPolicy"),
    "publicAccessBlock": ("GetBucketPublicAccessBlock", "PutBucketPublicAccessBlock"),
    "replication": ("GetReplicationConfiguration", "PutReplicationConfiguration"),
    "requestPayment": ("GetBucketRequestPayment", "PutBucketRequestPayment"),
    "tagging": ("GetBucketTagging", "PutBucketTagging"),
    "uploads": ("ListBucketMultipartUploads", "ListBucketMultipartUploads"),
    "versioning": ("GetBucketVersioning", "PutBucketVersioning"),
    "versions": ("ListBucketVersions", "ListBucketVersions"),
    "website": ("GetBucketWebsite", "PutBucketWebsite"),
}
_OF_BUCKET_DELETED = {"policy": "DeleteBucketPolicy", "website": "DeleteBucketWebsite"}
_WHOLE_BUCKET = {"GET": "ListBucket", "HEAD": "ListBucket", "PUT": "CreateBucket", "DELETE": "DeleteBucket"}

# Of an object: the subresource, and what each method is called.
_OF_OBJECT: Mapping[str, Mapping[str, str]] = {
    "acl": {"GET": "GetObjectAcl", "PUT": "PutObjectAcl"},
    "attributes": {"GET": "GetObjectAttributes"},
    "legal-hold": {"GET": "GetObjectLegalHold", "PUT": "PutObjectLegalHold"},
    "restore": {"POST": "RestoreObject"},
    "retention": {"GET": "GetObjectRetention", "PUT": "PutObjectRetention"},
    "select": {"POST": "GetObject"},
    "tagging": {"GET": "GetObjectTagging", "PUT": "PutObjectTagging", "DELETE": "DeleteObjectTagging"},
    "uploadId": {
        "GET": "ListMultipartUploadParts",
        "PUT": "PutObject",
        "POST": "PutObject",
        "DELETE": "AbortMultipartUpload",
    },
    "uploads": {"POST": "PutObject"},
    "versionId": {"GET": "GetObjectVersion", "HEAD": "GetObjectVersion", "DELETE": "DeleteObjectVersion"},
}
_WHOLE_OBJECT = {
    "GET": "GetObject",
    "HEAD": "GetObject",
    "PUT": "PutObject",
    "POST": "PutObject",
    "DELETE": "DeleteObject",
}
_KEYS_OF_LISTING = ("prefix", "delimiter", "max-keys")
_KEYS_OF_HEADERS = ("x-amz-acl", "x-amz-server-side-encryption", "x-amz-storage-class")


def asked_of_s3(request: HttpRequest) -> Iterator[Asked]:
    """Yield what a request asks for."""
    bucket, key = _bucket_and_key(request)
    query = {name: values[0] for name, values in parse_qs(request.raw_query, keep_blank_values=True).items()}
    if not bucket:
        yield Asked(action="s3:ListAllMyBuckets", resource="arn:aws:s3:::*")
    elif key:
        yield from _of_object(request, f"arn:aws:s3:::{bucket}/{key}", query)
    elif request.method == "POST":
        keys = _KEY.findall(request.body) if "delete" in query else [b"*"]
        action = "s3:DeleteObject" if "delete" in query else "s3:PutObject"
        for one in keys:
            yield Asked(action=action, resource=f"arn:aws:s3:::{bucket}/{one.decode('utf-8', 'replace')}")
    else:
        yield _of_bucket(request.method, f"arn:aws:s3:::{bucket}", query)


def _bucket_and_key(request: HttpRequest) -> tuple[str, str]:
    path = unquote(request.raw_path).removeprefix("/")
    if host := _BUCKET_HOST.match(request.header("host") or ""):
        return host["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def _of_bucket(method: str, arn: str, query: Mapping[str, str]) -> Asked:
    sub = next((name for name in _OF_BUCKET if name in query), None)
    if sub is not None:
        reads, writes = _OF_BUCKET[sub]
        action = reads if method in ("GET", "HEAD") else writes
        if method == "DELETE":
            action = _OF_BUCKET_DELETED.get(sub, writes)
    else:
        action = _WHOLE_BUCKET.get(method, f"{method.title()}Bucket")
    keys = {f"s3:{name}": query[name] for name in _KEYS_OF_LISTING if name in query}
    return Asked(action=f"s3:{action}", resource=arn, keys=keys)


def _of_object(request: HttpRequest, arn: str, query: Mapping[str, str]) -> Iterator[Asked]:
    sub = next((name for name in _OF_OBJECT if name in query), None)
    action = _OF_OBJECT[sub].get(request.method) if sub is not None else _WHOLE_OBJECT.get(request.method)
    keys = {f"s3:{name}": value for name in _KEYS_OF_HEADERS if (value := request.header(name))}
    if version := query.get("versionId"):
        keys["s3:VersionId"] = version
    if source := request.header("x-amz-copy-source"):
        name, _, of_version = unquote(source).removeprefix("/").partition("?versionId=")
        yield Asked(action="s3:GetObjectVersion" if of_version else "s3:GetObject", resource=f"arn:aws:s3:::{name}")
    yield Asked(action=f"s3:{action or request.method.title() + 'Object'}", resource=arn, keys=keys)
