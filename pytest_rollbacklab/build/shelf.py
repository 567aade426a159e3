"""The shelf: every build of an app, its packages and its packaged template, for ever.

    packages/<sha256>.zip            a function's package, named by its content
    packages/by-input/<digest>       which package was made of an input, so that it is not made again
    templates/<sha256>.json          a packaged template
    builds/<NNNNNN>.json             a build: a number, a commit, and the names of the above
    commits/<sha>                    the number of the build that a commit led to
    pruned/<NNNNNN>                  a build whose parts were removed

A rollback is worth what the shelf holds that night: so nothing here is overwritten, ``verify`` reads a build's parts
back and compares, and parts are removed by ``prune`` alone, never the record of a build. How parts are made is not
known here, nor what is live where.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.numbered import NumberedRecords
from pytest_rollbacklab.build.records import build_from_json, build_to_json
from pytest_rollbacklab.errors import BuildError, DeployError
from pytest_rollbacklab.model import Build

__all__ = ["Shelf", "StoredPackage", "package_key"]

_PRUNED = "pruned/"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredPackage:
    """A package that lies on the shelf."""

    sha256: str
    size_bytes: int


def package_key(sha256: str) -> str:
    """Return the key of a package in the shelf's bucket."""
    return f"packages/{sha256}.zip"


class Shelf:
    """The builds of one app.

    Args:
        bucket: The app's bucket.
    """

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._made_of: dict[str, StoredPackage] = {}
        """Packages by the digest of what they were made of, as far as was asked for."""
        self._template: tuple[str, str] | None = None
        """The key and the text of the template that was kept last."""
        self._newest: Build | None = None
        """The build that was added last, unless it failed."""
        self._pruned: set[int] | None = None
        """The builds whose parts were removed; None until somebody asks."""
        self._builds = NumberedRecords(bucket, "builds/", encode=build_to_json, decode=build_from_json)

    def add_build(self, make: Callable[[int], Build], *, log: Iterable[str] = ()) -> Build:
        """Keep a new build under the next number.

        Args:
            make: Makes the build of a number; called again when the number was taken.
            log: What was said while it was made.
        """
        build = self._builds.append(make, beside={"log": list(log)})
        if build.succeeded:
            self.bucket.put(_commit_key(build.commit.sha), str(build.number).encode())
            self._newest = build
        return build

    def log(self, number: int) -> tuple[str, ...]:
        """Return what was said while a build was made, without its end; empty when there is no such build."""
        return tuple(self._builds.beside(number, "log") or ())

    def build_of(self, commit_sha: str) -> Build | None:
        """Return the build that a commit led to, when it succeeded and is whole; None otherwise."""
        newest = self._newest
        if newest is not None and newest.commit.sha == commit_sha:
            return newest
        noted = self.bucket.get(_commit_key(commit_sha))
        return None if noted is None else self._builds.get(int(noted))

    def newest(self, limit: int, *, before: int | None = None) -> tuple[Build, ...]:
        """Return builds from the newest down, or from below a number."""
        return self._builds.newest(limit, before=before)

    def pruned(self) -> frozenset[int]:
        """Return the numbers of the builds whose parts were removed; what others remove later is not seen here."""
        if self._pruned is None:
            self._pruned = {int(key.removeprefix(_PRUNED)) for key in self.bucket.keys(_PRUNED)}
        return frozenset(self._pruned)

    def prune(self, builds: Iterable[Build], keep: Iterable[Build]) -> tuple[int, ...]:
        """Remove what builds are made of, but for what those that are kept are made of, too.

        Returns:
            The numbers of the builds that can no longer be deployed.
        """
        kept = {key for build in keep for key in _parts(build)}
        done = []
        for build in builds:
            # The mark goes first: whoever is stopped after it finds the build marked, and removes the rest.
            self.bucket.put(_pruned_key(build.number), b"")
            self._pruned = {*self.pruned(), build.number}
            gone = set(_parts(build)) - kept
            self._forget_parts(gone)
            if self.build_of(build.commit.sha) == build:
                self.bucket.delete(_commit_key(build.commit.sha))
                self._newest = None if self._newest == build else self._newest
            for key in sorted(gone):
                self.bucket.delete(key)
            done.append(build.number)
        return tuple(done)

    def builds(self) -> tuple[Build, ...]:
        """Return all builds, failed ones too, by number."""
        return self._builds.all()

    def latest(self) -> Build | None:
        """Return the newest build, failed or not; None before the first."""
        return self._builds.latest()

    def build(self, number: int) -> Build:
        """Return a build.

        Raises:
            BuildError: there is none of this number.
        """
        found = self._builds.get(number)
        if found is None:
            newest = self.latest()
            there = f"there are builds 1 to {newest.number}" if newest else "there is no build yet"
            raise BuildError(f"there is no build {number}", looked_at=f"s3://{self.bucket.name}/builds/: {there}")
        return found

    def find_package(self, input_digest: str) -> StoredPackage | None:
        """Return the package that was made of this input, when it still lies here; it is looked for once."""
        if input_digest not in self._made_of:
            noted = self.bucket.get(_input_key(input_digest))
            if noted is None:
                return None
            sha256 = str(json.loads(noted)["sha256"])
            size_bytes = self.bucket.size_bytes(package_key(sha256))
            if size_bytes is None:
                return None
            self._made_of[input_digest] = StoredPackage(sha256=sha256, size_bytes=size_bytes)
        return self._made_of[input_digest]

    def keep_package(self, content: bytes, input_digest: str) -> StoredPackage:
        """Keep a package under its sha256, and note what it was made of."""
        sha256 = hashlib.sha256(content).hexdigest()
        self.bucket.put_new(package_key(sha256), content)
        self.bucket.put(_input_key(input_digest), json.dumps({"sha256": sha256}).encode())
        package = self._made_of[input_digest] = StoredPackage(sha256=sha256, size_bytes=len(content))
        return package

    def keep_template(self, text: str) -> tuple[str, str]:
        """Keep a packaged template; returns its key and its sha256."""
        content = text.encode()
        sha256 = hashlib.sha256(content).hexdigest()
        key = f"templates/{sha256}.json"
        self.bucket.put_new(key, content)
        self._template = (key, text)
        return key, sha256

    def template(self, build: Build) -> str:
        """Return a build's packaged template, verified; one that was just kept is not read again.

        Raises:
            DeployError: it is gone, it is not what was kept, or the build failed and has none.
        """
        kept = self._template
        if kept is not None and kept[0] == build.template_key:
            return kept[1]
        return self._read_template(build)

    def _read_template(self, build: Build) -> str:
        if build.template_key is None or build.template_sha256 is None:
            raise DeployError(
                f"build {build.number} cannot be deployed: it failed", looked_at=f"its reason: {build.failure}"
            )
        return self._verified(build, "template", build.template_key, build.template_sha256).decode()

    def verify(self, build: Build) -> None:
        """Read all parts of a build and compare them with their sha256.

        Raises:
            BuildError: they were removed by retention.
            DeployError: one is gone or is not what was kept; names the build and the key.
        """
        self.refuse_pruned(build)
        self._read_template(build)
        for what, key, sha256 in _packages(build):
            self._verified(build, what, key, sha256)

    def _forget(self) -> None:
        """Look for everything anew: something that lay here does no longer."""
        self._made_of.clear()
        self._template = self._newest = None

    def refuse_pruned(self, build: Build) -> None:
        """Refuse a build whose parts were removed.

        Raises:
            BuildError: they were, by retention.
        """
        if self.bucket.size_bytes(_pruned_key(build.number)) is not None:
            raise BuildError(
                f"build {build.number} cannot be deployed: it was removed by retention",
                looked_at=f"s3://{self.bucket.name}/{_pruned_key(build.number)}: its record is kept, its parts are not",
                mend=f"choose a build that is kept, or push commit {build.commit.short_sha} as a new branch: "
                "it is then built again, under a new number",
            )

    def _forget_parts(self, keys: set[str]) -> None:
        """Look anew for what lies under these keys."""
        self._made_of = {
            digest: package for digest, package in self._made_of.items() if package_key(package.sha256) not in keys
        }
        if self._template is not None and self._template[0] in keys:
            self._template = None

    def _verified(self, build: Build, what: str, key: str, sha256: str) -> bytes:
        content = self.bucket.get(key)
        if content is None:
            self.refuse_pruned(build)
            found = "is gone from the shelf"
        elif hashlib.sha256(content).hexdigest() != sha256:
            found = "is not what was kept"
        else:
            return content
        self._forget()
        self.bucket.delete(_commit_key(build.commit.sha))  # so that the commit is built again when it is pushed again
        raise DeployError(
            f"build {build.number} cannot be deployed: its {what} {found}",
            looked_at=f"s3://{self.bucket.name}/{key}, sha256 {sha256}",
            mend=f"go to another build, or build commit {build.commit.short_sha} again (which may come out otherwise)",
        )


def _packages(build: Build) -> Iterator[tuple[str, str, str]]:
    for package in build.packages:
        yield f"package of {package.function}", package_key(package.sha256), package.sha256


def _parts(build: Build) -> Iterator[str]:
    yield from (package_key(package.sha256) for package in build.packages)
    if build.template_key is not None:
        yield build.template_key


def _commit_key(commit_sha: str) -> str:
    return f"commits/{commit_sha}"


def _pruned_key(number: int) -> str:
    return f"{_PRUNED}{number:06d}"


def _input_key(input_digest: str) -> str:
    return f"packages/by-input/{input_digest}"
