from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import stat
import zipfile

import pytest

from pytest_rollbacklab.localaws.api import Scope, ServiceError
from pytest_rollbacklab.localaws.lambdas.control.code import fetch_code

SCOPE = Scope(account_id="111122223333", region="eu-west-1")


class NoAws:
    async def call(self, scope, service, operation, params=None):
        raise AssertionError(f"{service}.{operation} was called")


def fetch(**code):
    return asyncio.run(fetch_code(NoAws(), SCOPE, code))


def refusal(**code) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        fetch(**code)
    return caught.value


def zip_with(entry: zipfile.ZipInfo | str, content: bytes = b"") -> bytes:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(entry, content)
    return package.getvalue()


def test_a_package_is_named_by_its_content(make_zip):
    package = make_zip(
        {"app.py": "x", "lib/a.py": "y", "fast.cpython-311-darwin.so": b"", "dist-1.0.dist-info/RECORD": ""}
    )
    code = fetch(ZipFile=package)
    assert code.zip == package
    assert code.sha256 == base64.b64encode(hashlib.sha256(package).digest()).decode()
    assert code.unzipped_bytes == 2
    assert {"app", "lib", "fast"} <= code.top_level_names


def test_no_source_is_refused():
    for code in ({}, {"S3Bucket": "shelf"}, {"S3Key": "build.zip"}):
        error = refusal(**code)
        assert (error.code, error.message) == (
            "InvalidParameterValueException",
            "Please provide a source for function code.",
        )


def test_two_sources_are_refused(make_zip):
    error = refusal(ZipFile=make_zip({"a.py": ""}), S3Bucket="shelf", S3Key="build.zip")
    assert error.message == "Please do not provide other FunctionCode parameters when providing a ZipFile."


def test_container_images_are_refused_by_name():
    assert refusal(ImageUri="1.dkr.ecr.eu-west-1.amazonaws.com/x").message.startswith("Code.ImageUri is not emulated")


@pytest.mark.parametrize("package", [b"", b"PK\x05\x06" + bytes(18)], ids=["no bytes", "no entries"])
def test_an_empty_zip_is_refused(package):
    assert refusal(ZipFile=package).message == "Uploaded file must be a non-empty zip"


@pytest.mark.parametrize("package", [b"no zip", zip_with("a.py", b"x")[:-30]], ids=["text", "cut off"])
def test_what_is_no_zip_is_refused_in_awss_words(package):
    error = refusal(ZipFile=package)
    assert error.message == "Could not unzip uploaded file. Please check your file, then try to upload again."


@pytest.mark.parametrize("name", ["../app.py", "lib/../../app.py", "/etc/passwd"])
def test_an_entry_that_would_leave_the_directory_is_refused_by_name(name):
    assert refusal(ZipFile=zip_with(name)).message == (
        f"Could not unzip uploaded file: the entry '{name}' would be written outside of the function's directory. "
        "Please check your file, then try to upload again."
    )


def test_a_link_is_refused_by_name():
    link = zipfile.ZipInfo("secrets")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    message = refusal(ZipFile=zip_with(link, b"/etc/passwd")).message
    assert message.startswith("Could not unzip uploaded file: the entry 'secrets' is a link.")


def test_an_encrypted_entry_is_refused_by_name():
    package = bytearray(zip_with("app.py", b"x"))
    at = package.index(b"PK\x01\x02")
    package[at + 8] |= 1
    assert "the entry 'app.py' is encrypted" in refusal(ZipFile=bytes(package)).message


def test_a_package_that_unzips_to_too_much_is_refused():
    package = bytearray(zip_with("zeros.bin", b"x"))
    at = package.index(b"PK\x01\x02")
    package[at + 24 : at + 28] = (262144000).to_bytes(4, "little")
    assert refusal(ZipFile=bytes(package)).message == "Unzipped size must be smaller than 262144000 bytes"


def test_a_zip_that_is_too_large_is_refused():
    error = refusal(ZipFile=bytes(52428801))
    assert (error.code, error.status) == ("RequestEntityTooLargeException", 413)
    assert error.message == "Zipped size must be smaller than 52428800 bytes"
