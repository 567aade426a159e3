from __future__ import annotations

import base64

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.lambdas.payload import check_payload, client_context_json

PLACE = "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {}, column: {}]"
EXPECTED = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


def refusal(payload) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        check_payload(payload)
    return caught.value


@pytest.mark.parametrize("payload", [b"{}", b"null", b" [1, 2]\n", b'"\xc3\xa9"', b"-1.5e3", b"true"])
def test_json_of_any_kind_is_passed_on_untouched(payload):
    assert check_payload(payload) is payload


def test_no_payload_is_an_empty_object():
    assert check_payload(b"") == b"{}"


@pytest.mark.parametrize(
    ("payload", "what", "line", "column"),
    [
        (b"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87", 1, 3),
        (
            b"\x99\xeb,j\x07\xa1zYh",
            f"Unexpected character ((CTRL-CHAR, code 153)): expected a valid value {EXPECTED}",
            1,
            1,
        ),
        (b"hello", f"Unrecognized token 'hello': was expecting {EXPECTED}", 1, 6),
        (b"<xml/>", f"Unexpected character ('<' (code 60)): expected a valid value {EXPECTED}", 1, 1),
        (b'{"a":\n ?}', f"Unexpected character ('?' (code 63)): expected a valid value {EXPECTED}", 2, 2),
        (b'{"a": 1', "Unexpected end-of-input: expected close marker", 1, 8),
        (
            b'{"a": NaN}',
            "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow",
            1,
            10,
        ),
    ],
)
def test_what_is_no_json_is_refused_in_the_words_of_lambdas_parser(payload, what, line, column):
    error = refusal(payload)
    assert (error.code, error.status, error.fields) == ("InvalidRequestContentException", 400, {"Type": "User"})
    assert error.message == (
        f"Could not parse request body into json: Could not parse payload into json: {what}"
        + PLACE.format(line, column)
    )


def test_a_payload_that_is_too_long_is_refused():
    assert check_payload(b'"' + b"x" * (6291456 - 2) + b'"')
    error = refusal(b'"' + b"x" * (6291456 - 1) + b'"')
    assert (error.code, error.status) == ("RequestEntityTooLargeException", 413)
    assert error.message == "Request must be smaller than 6291456 bytes for the InvokeFunction operation"


def test_a_client_context_becomes_json_on_one_line():
    encoded = base64.b64encode('{"custom":\n {"who": "é"}}'.encode()).decode()
    assert client_context_json(encoded) == '{"custom": {"who": "\\u00e9"}}'
    assert client_context_json(None) is None


@pytest.mark.parametrize("encoded", ["!", base64.b64encode(b"no json").decode(), base64.b64encode(b"\xff").decode()])
def test_a_client_context_that_is_none_is_refused(encoded):
    with pytest.raises(ServiceError, match="Client context must be a valid Base64-encoded JSON object") as caught:
        client_context_json(encoded)
    assert caught.value.code == "InvalidRequestContentException"
