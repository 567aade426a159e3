"""S3: buckets.

Each part of a bucket's configuration is a call of its own to put it and one to take it away; ``_PARTS`` is the table
of them. Parts that are not in it fail by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_rollbacklab.localaws.stacks.resources.resource_type import Attributes, Name, Request, ResourceType, taken
from pytest_rollbacklab.localaws.stacks.resources.tags import tag_list, tag_map

__all__ = ["TYPES"]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """How one property is put, in the API's own spelling, and taken away."""

    put: str
    argument: str
    as_the_api_has_it: Callable[[Any], Any]
    delete: str | None = None
    absent: Any = None
    """What to put when the property is gone, where there is nothing to delete."""


def _cors(value: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"ExposedHeaders": "ExposeHeaders", "Id": "ID", "MaxAge": "MaxAgeSeconds"}
    return {"CORSRules": [{renamed.get(key, key): item for key, item in rule.items()} for rule in value["CorsRules"]]}


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        rest = taken(rule, ("BucketKeyEnabled",))
        default = rule.get("ServerSideEncryptionByDefault")
        rules.append({**rest, **({"ApplyServerSideEncryptionByDefault": default} if default else {})})
    return {"Rules": rules}


def _same(value: Any) -> Any:
    return value


_PARTS: Final[Mapping[str, _Part]] = {
    "BucketEncryption": _Part(
        put="PutBucketEncryption",
        argument="ServerSideEncryptionConfiguration",
        as_the_api_has_it=_encryption,
        delete="DeleteBucketEncryption",
    ),
    "CorsConfiguration": _Part(
        put="PutBucketCors", argument="CORSConfiguration", as_the_api_has_it=_cors, delete="DeleteBucketCors"
    ),
    "OwnershipControls": _Part(
        put="PutBucketOwnershipControls",
        argument="OwnershipControls",
        as_the_api_has_it=_same,
        delete="DeleteBucketOwnershipControls",
    ),
    "PublicAccessBlockConfiguration": _Part(
        put="PutPublicAccessBlock",
        argument="PublicAccessBlockConfiguration",
        as_the_api_has_it=_same,
        delete="DeletePublicAccessBlock",
    ),
    "Tags": _Part(
        put="PutBucketTagging",
        argument="Tagging",
        as_the_api_has_it=lambda value: {"TagSet": tag_list(tag_map(value))},
        delete="DeleteBucketTagging",
    ),
    "VersioningConfiguration": _Part(
        put="PutBucketVersioning",
        argument="VersioningConfiguration",
        as_the_api_has_it=_same,
        absent={"Status": "Suspended"},
    ),
}


class Bucket(ResourceType):
    type = "AWS::S3::Bucket"
    emulated = frozenset({*_PARTS, "BucketName"})
    not_emulated = frozenset({"BucketEncryption/ServerSideEncryptionConfiguration/BlockedEncryptionTypes"})
    name = Name(property="BucketName", longest=63, lower_case=True)

    async def create(self, request: Request) -> Attributes:
        bucket, region = request.named(self.name), request.scope.region
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        await request.call("s3", "CreateBucket", Bucket=bucket, **where)
        request.made(bucket)
        for name in sorted(_PARTS.keys() & request.properties.keys()):
            await self._put(request, bucket, name)
        return {
            "Arn": f"arn:aws:s3:::{bucket}",
            "DomainName": f"{bucket}.s3.amazonaws.com",
            "DualStackDomainName": f"{bucket}.s3.dualstack.{region}.amazonaws.com",
            "RegionalDomainName": f"{bucket}.s3.{region}.amazonaws.com",
            "WebsiteURL": f"http://{bucket}.s3-website-{region}.amazonaws.com",
        }

    async def update(self, request: Request) -> Attributes:
        for name in sorted(request.changed & _PARTS.keys()):
            await self._put(request, request.physical_id, name)
        return request.attributes

    async def delete(self, request: Request) -> None:
        await request.call_if_there("s3", "DeleteBucket", Bucket=request.physical_id)

    async def _put(self, request: Request, bucket: str, name: str) -> None:
        part = _PARTS[name]
        if name in request.properties:
            value = part.as_the_api_has_it(request.properties[name])
            await request.call("s3", part.put, Bucket=bucket, **{part.argument: value})
        elif part.delete is not None:
            await request.call_if_there("s3", part.delete, Bucket=bucket)
        else:
            await request.call("s3", part.put, Bucket=bucket, **{part.argument: part.absent})


TYPES: Final = (Bucket(),)
