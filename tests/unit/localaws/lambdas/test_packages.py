from __future__ import annotations

import asyncio
import io
import stat
import zipfile

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.code import fetch_code
from pytest_rollbacklab.localaws.lambdas.packages import Packages


class NoAws:
    async def call(self, scope, service, operation, params=None):
        raise AssertionError("nothing is fetched here")


async def package(content: bytes):
    scope = Scope(account_id="111122223333", region="eu-west-1")
    return await fetch_code(NoAws(), scope, {"ZipFile": content})


def scenario(test):
    def run(make_zip):
        async def body():
            packages = Packages()
            try:
                await test(packages, make_zip)
            finally:
                packages.close()

        asyncio.run(body())

    run.__name__ = test.__name__
    return run


@scenario
async def test_a_package_is_unpacked_read_only(packages, make_zip):
    lease = packages.lease(await package(make_zip({"app.py": "x = 1", "lib/data.json": "{}", "empty/": ""})))
    await lease.ready()
    assert (lease.root / "app.py").read_text() == "x = 1"
    assert (lease.root / "empty").is_dir()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (lease.root, *lease.root.rglob("*"))}
    assert modes == {lease.root.name: 0o555, "app.py": 0o444, "lib": 0o555, "data.json": 0o444, "empty": 0o555}


@scenario
async def test_what_was_executable_stays_so(packages, make_zip):
    script = zipfile.ZipInfo("bin/run")
    script.external_attr = 0o755 << 16
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(script, "#!/bin/sh\n")
    lease = packages.lease(await package(content.getvalue()))
    await lease.ready()
    assert stat.S_IMODE((lease.root / "bin/run").stat().st_mode) == 0o555


@scenario
async def test_the_same_content_is_unpacked_once_and_removed_with_the_last_lease(packages, make_zip):
    first = packages.lease(await package(make_zip({"app.py": "same"})))
    second = packages.lease(await package(make_zip({"app.py": "same"})))
    other = packages.lease(await package(make_zip({"app.py": "other"})))
    for lease in (first, second, other):
        await lease.ready()
    assert first.root == second.root != other.root
    first.release()
    assert second.root.exists()
    second.release()
    assert not second.root.exists()
    assert other.root.exists()
    again = packages.lease(await package(make_zip({"app.py": "same"})))
    await again.ready()
    assert again.root != first.root


@scenario
async def test_a_large_package_is_unpacked_beside_the_event_loop(packages, make_zip):
    code = await package(make_zip({"app.py": "x", "model.bin": bytes(1024 * 1024)}))
    lease = packages.lease(code)
    await asyncio.gather(lease.ready(), packages.lease(code).ready())
    assert (lease.root / "model.bin").stat().st_size == 1024 * 1024


@pytest.mark.parametrize("size", [10, 1024 * 1024], ids=["small", "large"])
def test_a_damaged_entry_is_told_to_whoever_runs_it(size, make_zip):
    async def body():
        packages = Packages()
        content = bytearray(make_zip({"app.py": "x" * size}))
        content[37] ^= 0xFF
        lease = packages.lease(await package(bytes(content)))
        with pytest.raises(ServiceError, match="Lambda could not unzip the deployment package: ") as caught:
            await lease.ready()
        assert (caught.value.code, caught.value.status) == ("InvalidZipFileException", 502)
        lease.release()
        packages.close()

    asyncio.run(body())


@scenario
async def test_a_file_that_is_named_twice_is_the_last_one(packages, make_zip):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("app.py", "second")
    lease = packages.lease(await package(content.getvalue()))
    await lease.ready()
    assert (lease.root / "app.py").read_text() == "second"


def test_closing_removes_everything(make_zip):
    async def body():
        packages = Packages()
        lease = packages.lease(await package(make_zip({"app.py": "x"})))
        await lease.ready()
        packages.close()
        assert not lease.root.parent.exists()

    asyncio.run(body())
