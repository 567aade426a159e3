"""What becomes of a function's answer: apigw-proxy-response-formats, apigw-binary, in AWS's recordings."""

from __future__ import annotations

import base64

import pytest

BROKEN = (502, b'{"message": "Internal server error"}')


@pytest.fixture
def answer(world):
    """Give what the client sees when a function returns something."""
    api = world.deployed()

    def answer(returned, **request):
        world.lambdas.returns(returned)
        return world.send(api, **request)

    return answer


def visible(response):
    """Return an answer's headers without the gateway's own."""
    own = {"x-amzn-RequestId", "x-amz-apigw-id", "X-Amzn-Trace-Id", "x-amzn-ErrorType"}
    return [(name, value) for name, value in response.headers if name not in own]


JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize(
    ("returned", "status", "headers", "body"),
    [
        ({"statusCode": 200}, 200, [JSON], b""),
        (
            {"statusCode": 200, "headers": {"test-header": "value", "header-bool": True}},
            200,
            [JSON, ("test-header", "value"), ("header-bool", "true")],
            b"",
        ),
        ({"statusCode": 200, "headers": None}, 200, [JSON], b""),
        (
            {"statusCode": 200, "body": "dGVzdC1kYXRh", "isBase64Encoded": True},
            200,
            [JSON],
            b"dGVzdC1kYXRh",
        ),
        (
            {"statusCode": 200, "multiValueHeaders": {"test-multi": ["value1", "value2"]}},
            200,
            [JSON, ("test-multi", "value1"), ("test-multi", "value2")],
            b"",
        ),
        (
            {
                "statusCode": 200,
                "multiValueHeaders": {"tesT-Multi": ["value-multi"]},
                "headers": {"test-multi": "value-solo"},
            },
            200,
            [JSON, ("tesT-Multi", "value-multi"), ("tesT-Multi", "value-solo")],
            b"",
        ),
        ({"statusCode": "201"}, 201, [JSON], b""),
        ({"headers": {"test-header": "value"}}, 200, [JSON, ("test-header", "value")], b""),
        ({}, 200, [JSON], b""),
        ({"statusCode": None, "body": None, "isBase64Encoded": None}, 200, [JSON], b""),
        ({"statusCode": 404, "body": "gone"}, 404, [JSON], b"gone"),
        ({"statusCode": 200.0, "body": 7}, 200, [JSON], b"7"),
        ({"headers": {"content-type": "text/html"}, "body": "<p>"}, 200, [("content-type", "text/html")], b"<p>"),
        (
            {"headers": {"Date": "x", "Content-Length": 5, "Connection": "close", "Transfer-Encoding": "chunked"}},
            200,
            [
                JSON,
                ("x-amzn-Remapped-Date", "x"),
                ("x-amzn-Remapped-Content-Length", "5"),
                ("x-amzn-Remapped-Connection", "close"),
            ],
            b"",
        ),
        ({"headers": {"empty": None}}, 200, [JSON], b""),
        ({"body": "x", "isBase64Encoded": "false"}, 200, [JSON], b"x"),
    ],
)
def test_a_proxy_answer_is_translated_as_recorded(answer, returned, status, headers, body):
    told = answer(returned)
    assert (told.status, visible(told), told.body) == (status, headers, body)


@pytest.mark.parametrize(
    "returned",
    [
        {"statusCode": 200, "wrongValue": "value"},
        {"statusCode": 200, "multiValueHeaders": {"test-multi-invalid": "value1"}},
        {"statusCode": "test"},
        {"statusCode": 1000},
        {"statusCode": 101},
        {"statusCode": [200]},
        {"body": {"a": 1}},
        {"headers": ["a"]},
        {"headers": {"a": {"b": 1}}},
        {"headers": {"a": "x\r\nSet-Cookie: evil"}},
        {"headers": {"a b": "x"}},
        {"isBase64Encoded": "perhaps"},
        "justAString",
        None,
        [],
        b"not json",
    ],
)
def test_what_is_no_proxy_answer_is_a_bad_gateway(answer, returned, header):
    told = answer(returned)
    assert (told.status, told.body) == BROKEN
    assert header(told, "x-amzn-ErrorType") == "InternalServerErrorException"


@pytest.mark.parametrize(
    ("listed", "accept", "decoded"),
    [
        (["image/png", "*/test"], "image/png", True),
        (["image/png", "*/test"], "image/jpg", False),
        (["image/png", "*/test"], "image/*", False),
        (["image/png", "*/test"], "*/test", False),
        (["image/png", "*/test"], "random/test", False),
        (["image/png", "*/test"], "*/*", False),
        (["image/png", "*/test"], "image/webp,image/png,*/*;q=0.8", False),
        (["image/png", "*/test"], "image/png,image/*,*/*;q=0.8", True),
        (["image/png", "application/*", "image/jpg"], "application/whatever", True),
        (["image/png", "application/*", "image/jpg"], "application/*", True),
        (["image/png", "application/*", "image/jpg"], "image/jpg", True),
        (["image/png", "application/*", "image/jpg"], "application", False),
        (["image/png", "application/*", "image/jpg"], None, False),
        (["*/*"], "text/html", True),
        (["*/*"], None, True),
        ([], "image/png", False),
    ],
)
def test_base64_is_decoded_for_who_accepts_a_binary_media_type(world, listed, accept, decoded):
    api = world.api(binaryMediaTypes=listed)
    world.proxy(api, "GET", "/notes")
    world.deploy(api)
    encoded = base64.b64encode(b"\x89PNG").decode()
    world.lambdas.returns({"body": encoded, "isBase64Encoded": True})
    told = world.send(api, headers=[("Accept", accept)] if accept else [])
    assert told.body == (b"\x89PNG" if decoded else encoded.encode())


def test_a_body_that_is_no_base64_is_a_configuration_error(world):
    api = world.api(binaryMediaTypes=["*/*"])
    world.proxy(api, "GET", "/notes")
    world.deploy(api)
    world.lambdas.returns({"body": "no base64!", "isBase64Encoded": True})
    told = world.send(api)
    assert (told.status, told.body) == (500, b'{"message": "Internal server error"}')


def test_an_answer_carries_the_gateways_ids(answer, world, header):
    told = answer({"statusCode": 200})
    assert [name for name, _ in told.headers] == [
        "x-amzn-RequestId",
        "x-amz-apigw-id",
        "Content-Type",
        "X-Amzn-Trace-Id",
    ]
    assert len(header(told, "x-amzn-RequestId")) == 36
    trace = header(told, "X-Amzn-Trace-Id").split(";")
    assert [part.partition("=")[0] for part in trace] == ["Root", "Parent", "Sampled"]


def test_a_trace_id_of_the_client_is_kept(answer, world, header):
    full = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
    told = answer({}, headers=[("x-amzn-trace-id", full)])
    assert header(told, "X-Amzn-Trace-Id") == full
    assert world.lambdas.invoked[-1].trace_id == full
    assert world.lambdas.invoked[-1].event["headers"]["X-Amzn-Trace-Id"] == full


def test_a_bare_trace_id_is_completed(answer, header):
    bare = "Root=1-3152b799-8954dae64eda91bc9a23a7e8"
    root, parent, sampled = header(answer({}, headers=[("X-Amzn-Trace-Id", bare)]), "X-Amzn-Trace-Id").split(";")
    assert (root, sampled) == (bare, "Sampled=0")
    assert parent != "Parent=7fa8c0f79203be72"
