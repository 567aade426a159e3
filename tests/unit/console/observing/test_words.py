"""The observing pages in Korean: every text, every error and every reason, and nothing left over."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from console.conftest import Console
from console.fake_pipeline import now
from pytest_rollbacklab.console import html, observing, words
from pytest_rollbacklab.console.observing.deployments import STATES
from pytest_rollbacklab.console.observing.requests import CHAIN
from pytest_rollbacklab.console.observing.resources import GROUPS
from pytest_rollbacklab.console.words import Words
from pytest_rollbacklab.model import AccessLogLine
from pytest_rollbacklab.observe.access_logs import FORMAT
from pytest_rollbacklab.observe.missing_links import Asked, Found, Switches, links
from pytest_rollbacklab.observe.resources import StageResources

PLACEHOLDER = re.compile(r"\{(\w+)\}")
FILE = tomllib.loads(
    resources.files("pytest_rollbacklab.console").joinpath("words-observing.ko.toml").read_text("utf-8")
)
CODE = [ast.parse(path.read_text()) for path in sorted(Path(observing.__file__).parent.glob("*.py"))]


def _in_templates(*, ours: bool) -> Iterator[str]:
    environment = html.environment()
    loader = environment.loader
    assert isinstance(loader, jinja2.PackageLoader)
    for name in environment.list_templates():
        if name.startswith("observing/") is ours:
            source, *_ = loader.get_source(environment, name)
            for call in environment.parse(source).find_all(nodes.Call):
                if isinstance(call.node, nodes.Name) and call.node.name in ("_", "rich"):
                    yield from (constant.value for constant in _constants(call.args[0]))


def _constants(argument: nodes.Node) -> Iterator[nodes.Const]:
    if isinstance(argument, nodes.Const):
        yield argument
    elif isinstance(argument, nodes.CondExpr):
        yield from _constants(argument.expr1)
        if argument.expr2 is not None:
            yield from _constants(argument.expr2)


def _calls(*names: str) -> Iterator[ast.Call]:
    for tree in CODE:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None)) in names:
                yield node


def _in_code() -> Iterator[str]:
    for call in _calls("words"):
        if isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


def _in_tables() -> Iterator[str]:
    yield from STATES.values()
    yield from CHAIN
    yield from (title for title, _ in GROUPS)
    yield from ("logs", "metrics", "access logs")


TEXTS = sorted({*_in_templates(ours=True), *_in_code(), *_in_tables()})
OURS = sorted(set(TEXTS) - set(_in_templates(ours=False)) - {"5xx answers", "requests", "build {number}"})


def _sample(argument: ast.expr) -> str:
    """Return a text of code with something filled in."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if isinstance(argument, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x1" for part in argument.values)
    return ""


def _errors() -> Iterator[str]:
    for call in _calls("Refused", "UsageError"):
        said = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mend")]
        yield from filter(None, map(_sample, said))


MADE_OF = StageResources(
    stack_name="notes-prod",
    by_type={
        "AWS::ApiGateway::RestApi": {"Api": "abc123"},
        "AWS::ApiGateway::Stage": {"Stage": "prod"},
        "AWS::Lambda::Function": {"Create": "notes-prod-Create"},
    },
)
REFUSED = AccessLogLine(at=now(), fields={"error.message": "Forbidden"}, raw="")
ASKED = (Asked(request_id="r1"), Asked(request_id="r1", given_id="r1"), Asked(request_id="r1", status=200))
SWITCHES = tuple(
    Switches(access_log_format=log_format, execution_level=level)
    for log_format in (None, FORMAT)
    for level in ("OFF", "ERROR", "INFO")
)
FOUND = (
    Found(),
    Found(untimed=True),
    Found(candidates=0),
    Found(candidates=1),
    Found(access_log=REFUSED),
    Found(access_log=REFUSED, lambda_request_id="l1", metrics={}),
    Found(
        access_log=AccessLogLine(at=now(), fields={"integrationErrorMessage": "Rate Exceeded"}, raw=""),
        lambda_request_id="l1",
    ),
)
REASONS = sorted(
    {
        why
        for asked in ASKED
        for switches in SWITCHES
        for found in FOUND
        for why in links(MADE_OF, asked, switches, found).values()
        if why is not None
    }
)


@pytest.mark.parametrize("english", OURS)
def test_every_text_is_in_korean_with_the_same_placeholders(english: str) -> None:
    korean = words.translations("ko").get(english)
    assert korean, f"words-observing.ko.toml does not say {english!r}"
    assert sorted(PLACEHOLDER.findall(korean)) == sorted(PLACEHOLDER.findall(english))


@pytest.mark.parametrize("english", sorted({*_errors(), *REASONS}))
def test_errors_and_reasons_are_retold_in_korean(english: str) -> None:
    assert re.search("[가-힣]", Words("ko").retell(english))


def test_no_translation_is_left_over() -> None:
    known = Words("ko")
    said = [*_errors(), *REASONS, *OBSERVED]
    retold = {known.retell(english) for english in said}
    patterns = [_pattern(korean) for english, korean in FILE.items() if english not in TEXTS]
    unused = [pattern.pattern for pattern in patterns if not any(pattern.fullmatch(text) for text in retold)]
    assert unused == []


def _pattern(korean: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in re.split(r"\{\w+\}", korean)), re.S)


OBSERVED = (
    "the stack notes-prod has no function 'x'",
    "the stack notes-prod has no AWS::ApiGateway::RestApi, where one is needed",
    "nothing is deployed as notes-prod",
    "push, or promote to this stage, first",
    "access logs are off on notes-prod",
    "switch them on first: enable_access_logs(); only later requests are logged",
    "access-log lines cannot be chosen by x: the stage's format does not hold it",
    'name one of these, or look for it as text: "x=..."',
    "access logs that do not go to a log group cannot be read back",
    "send them to a CloudWatch log group",
    "choose one of 2xx, 5xx, or a number: 502",
)
"""Errors of ``observe`` that these pages show, and what is put together here."""


@pytest.mark.parametrize("english", OBSERVED)
def test_what_observe_says_is_retold_in_korean(english: str) -> None:
    assert re.search("[가-힣]", Words("ko").retell(english))


def test_the_pages_are_korean(console: Console) -> None:
    page = console.get("/stages/prod/metrics", **{"Accept-Language": "ko"}).text
    assert "롤백됨" in page
    assert "숫자로 보기" in page
    links_of_resources = console.get("/stages/prod/resources", **{"Accept-Language": "ko"}).text
    assert ">액세스 로그<" in links_of_resources
