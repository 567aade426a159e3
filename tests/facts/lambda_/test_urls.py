"""Function URLs: who is let in, what the function is told, what comes back."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

ECHO = """
import json
def handler(event, context):
    return {"statusCode": 201, "body": json.dumps(event), "cookies": ["a=b"], "headers": {"x-own": "yes"}}
"""


def ask(url, method="GET", path="", body=None, headers=None):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(method, parts.path.rstrip("/") + (path or "/"), body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def opened(aws, code=ECHO, *, auth="NONE", permit=True, **more):
    name = aws.function(code)
    url = aws.lambda_.create_function_url_config(FunctionName=name, AuthType=auth, **more)["FunctionUrl"]
    if permit:
        aws.lambda_.add_permission(
            FunctionName=name,
            StatementId="public",
            Action="lambda:InvokeFunctionUrl",
            Principal="*",
            FunctionUrlAuthType=auth,
        )
    return name, url


def test_without_a_permission_it_is_forbidden(aws, fact):
    _, url = opened(aws, permit=False)
    status, _, body = ask(url)
    assert (status, json.loads(body)) == (403, fact("lambda-url-forbidden")["lambda_url_invocation_missing_permission"])


def test_the_function_is_told_the_request(aws):
    _, url = opened(aws)
    sent = {"Content-Type": "application/json", "Cookie": "one=1; two=2", "X-Mine": "m"}
    status, headers, body = ask(url, "POST", "/a%20b?x=1&x=2&y=", '{"k": 1}', sent)
    event = json.loads(body)
    assert (status, headers["x-own"], headers["set-cookie"]) == (201, "yes", "a=b")
    assert (event["version"], event["rawPath"], event["rawQueryString"]) == ("2.0", "/a b", "x=1&x=2&y=")
    assert event["queryStringParameters"] == {"x": "1,2", "y": ""}
    assert (event["cookies"], event["headers"]["x-mine"]) == (["one=1", "two=2"], "m")
    assert (event["body"], event["isBase64Encoded"]) == ('{"k": 1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["accountId"] == "anonymous"
    assert event["requestContext"]["requestId"] == headers["x-amzn-requestid"]


def test_bytes_go_both_ways(aws):
    code = (
        "def handler(event, context):\n"
        "    return {'statusCode': 200, 'body': event['body'], 'isBase64Encoded': event['isBase64Encoded']}\n"
    )
    _, url = opened(aws, code)
    assert ask(url, "POST", body=b"\x00\xff")[2] == b"\x00\xff"


@pytest.mark.parametrize(("returned", "body"), [("'text'", b"text"), ("{'a': 1}", b'{"a":1}'), ("None", b"null")])
def test_an_answer_without_a_status_is_the_body(aws, returned, body):
    _, url = opened(aws, f"def handler(event, context):\n    return {returned}\n")
    status, headers, came = ask(url)
    assert (status, headers["content-type"], came) == (200, "application/json", body)


def test_a_function_that_fails_is_a_502(aws):
    _, url = opened(aws, "def handler(event, context):\n    raise Exception('no')\n")
    assert ask(url)[::2] == (502, b"Internal Server Error")


def test_the_host_name_that_aws_would_give_works_too(aws):
    _, url = opened(aws)
    host = f"{urlsplit(url).path.strip('/').rpartition('/')[2]}.lambda-url.us-east-1.on.aws"
    status, _, body = ask(aws.endpoint_url, path="/x", headers={"Host": host})
    assert (status, json.loads(body)["requestContext"]["domainName"]) == (201, host)


def test_a_browser_of_another_origin_is_answered_by_cors(aws):
    cors = {"AllowOrigins": ["https://*.example.com"], "AllowMethods": ["GET"], "MaxAge": 60, "AllowCredentials": True}
    _, url = opened(aws, Cors=cors)
    origin = {"Origin": "https://app.example.com"}
    status, headers, _ = ask(url, "OPTIONS", headers=origin)
    assert (status, headers["access-control-allow-origin"]) == (200, origin["Origin"])
    assert (headers["access-control-allow-methods"], headers["access-control-max-age"]) == ("GET", "60")
    assert ask(url, headers=origin)[1]["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in ask(url, headers={"Origin": "https://evil.com"})[1]


def test_with_iam_an_unsigned_request_is_forbidden_even_where_everybody_is_permitted(aws):
    _, url = opened(aws, auth="AWS_IAM")
    assert ask(url)[0] == 403


def test_a_signed_request_is_let_in_and_its_signer_is_told(aws):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    iam = aws.client("iam")
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    _, url = opened(aws, auth="AWS_IAM", permit=False)

    def signed():
        request = AWSRequest("GET", url, headers={"Host": urlsplit(url).netloc})
        SigV4Auth(Credentials(key["AccessKeyId"], key["SecretAccessKey"]), "lambda", "us-east-1").add_auth(request)
        return ask(url, headers=dict(request.headers))

    assert signed()[0] == 403
    statement = {"Effect": "Allow", "Action": "lambda:InvokeFunctionUrl", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName="caller", PolicyName="p", PolicyDocument=policy)
    status, _, body = signed()
    assert status == 201
    assert json.loads(body)["requestContext"]["authorizer"]["iam"]["userArn"].endswith(":user/caller")


def test_configurations_are_told_changed_and_removed(aws):
    name, url = opened(aws)
    lambda_ = aws.lambda_
    assert lambda_.get_function_url_config(FunctionName=name)["FunctionUrl"] == url
    assert lambda_.update_function_url_config(FunctionName=name, AuthType="AWS_IAM")["AuthType"] == "AWS_IAM"
    assert len(lambda_.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]) == 1
    again = aws.refusal("create_function_url_config", FunctionName=name, AuthType="NONE")["Error"]
    assert again["Message"].endswith("Error message:  FunctionUrlConfig exists for this Lambda function")
    lambda_.delete_function_url_config(FunctionName=name)
    gone = aws.refusal("get_function_url_config", FunctionName=name)["Error"]
    assert (gone["Code"], gone["Message"]) == (
        "ResourceNotFoundException",
        "The resource you requested does not exist.",
    )
    assert ask(url)[0] == 404
    streamed = {"FunctionName": name, "AuthType": "NONE", "InvokeMode": "RESPONSE_STREAM"}
    assert aws.refusal("create_function_url_config", **streamed)["Error"]["Message"] == (
        "InvokeMode=RESPONSE_STREAM is not emulated by this local AWS. Use BUFFERED."
    )
