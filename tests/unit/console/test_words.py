"""Every text that people see can be said in Korean, with the same things filled in."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any, get_args

import jinja2
import pytest
from jinja2 import nodes

import pytest_rollbacklab
from pytest_rollbacklab.console import faults, html, moments, sentences, words
from pytest_rollbacklab.console.words import Words, choose_language
from pytest_rollbacklab.deploy import stack
from pytest_rollbacklab.model import Change
from pytest_rollbacklab.pipeline import meanings, values

PACKAGE = Path(pytest_rollbacklab.__file__).parent
CONSOLE = PACKAGE / "console"
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def _in_templates() -> Iterator[str]:
    environment = html.environment()
    assert environment.loader is not None
    for name in environment.list_templates():
        source, *_ = environment.loader.get_source(environment, name)
        for call in environment.parse(source).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in ("_", "rich"):
                yield from _constants(call.args[0])


def _constants(argument: nodes.Node) -> Iterator[str]:
    """Return a text, or the texts that are chosen from; a variable's are named in ``_in_tables``."""
    if isinstance(argument, nodes.CondExpr):
        yield from _constants(argument.expr1)
        if argument.expr2 is not None:
            yield from _constants(argument.expr2)
    elif isinstance(argument, nodes.Const):
        yield argument.value


def _calls(path: Path, names: tuple[str, ...]) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        called = node.func if isinstance(node, ast.Call) else None
        if getattr(called, "attr", getattr(called, "id", None)) in names:
            assert isinstance(node, ast.Call)
            yield node


def _in_code() -> Iterator[str]:
    for path in CONSOLE.rglob("*.py"):
        for call in _calls(path, ("words",)):
            if call.args and isinstance(call.args[0], ast.Constant):
                yield str(call.args[0].value)


def _in_tables() -> Iterator[str]:
    """Texts that are looked up by a variable."""
    yield from sentences.RELEASE_KINDS.values()
    yield from sentences.PLAN_TITLES.values()
    yield from (text for _, text in moments.AGO)
    yield from get_args(values.ActivityState)
    yield from (via for via in get_args(values.Via))
    yield from ("Add", "Modify", "Remove", "Dynamic", "Import")


TEXTS = sorted({*_in_templates(), *_in_code(), *_in_tables()})


def _sample(argument: ast.expr) -> str:
    """Return a text of code with something filled in."""
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    if isinstance(argument, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "x1" for part in argument.values)
    return ""


def _errors(*paths: Path) -> Iterator[str]:
    """What errors say, and what they say to do."""
    for path in paths:
        for call in _calls(path, ERRORS):
            said = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mend")]
            yield from filter(None, (_sample(argument) for argument in said if not _is_number(argument)))


def _is_number(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, int)


def _remarks() -> Iterator[str]:
    """What to know before a plan is confirmed."""
    for call in _calls(PACKAGE / "pipeline" / "remarks.py", ("_lost", "_note")):
        yield _sample(call.args[0]).replace("x1 that change", "variables that change")


def _meanings() -> Iterator[str]:
    """What changes mean: of the tables, and of what is put together beside them."""
    tables: tuple[Any, ...] = (meanings._MODIFIED, meanings._ADDED, meanings._REMOVED)
    for table in tables:
        yield from (part for text in table.values() for part in text.split("; "))
    for action, replacement in (("Add", None), ("Remove", None), *(("Modify", one) for one in REPLACEMENTS)):
        for kind in ("AWS::DynamoDB::Table", "AWS::Nobodys::Own"):
            change = Change(
                action=action, logical_id="X", resource_type=kind, replacement=replacement, properties=("Other",)
            )
            yield from meanings.change_line(change, {}).meaning.split("; ")


def _done() -> Iterator[str]:
    """What activities are called, and what comes of them."""
    for path in PIPELINE:
        for call in _calls(path, ("doing",)):
            yield _sample(call.args[2])
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Assign) and _name(node.targets[0]) in ("outcome", "summary"):
                values = (node.value.body, node.value.orelse) if isinstance(node.value, ast.IfExp) else (node.value,)
                yield from map(_sample, values)


def _name(target: ast.expr) -> str | None:
    return getattr(target, "attr", getattr(target, "id", None))


ERRORS = (
    "BuildError",
    "ConflictError",
    "DeployError",
    "NothingToRollBackError",
    "PromoteError",
    "Refused",
    "RollbacklabError",
    "UsageError",
)
REPLACEMENTS = ("False", "Conditional", "True")
OWN = [path for path in CONSOLE.rglob("*.py") if "observing" not in path.parts]
PIPELINE = sorted((PACKAGE / "pipeline").glob("*.py"))
DEPLOY = [PACKAGE / "deploy" / f"{name}.py" for name in ("change_set", "ledger", "release", "stack")]
PUT_TOGETHER = (
    *(f"{held} in NotesTable, Other" for held in meanings.STORES.values()),
    *meanings.STORES.values(),
    *(f"switch access logs of dev {how}" for how in ("on", "off")),
    *(f"access logs of dev are {how}" for how in ("on", "off")),
    *(f"dev stands at {what}" for what in ("nothing", "nothing (its stack: X)", "build 6 (its stack: X)")),
    "what was pushed is built when it is pushed again",
    *(f"{what} build 7 to prod" for what in ("promote", "deploy")),
    "roll back prod to build 6",
    "change the configuration of dev",
    "rolled back from build 7: users see 502",
    "the lab failed: KeyError",
    *(text for became, mend in stack._FAILED.values() for text in (became.format(before="build 6"), mend)),
    "the stack is gone",
    "build 7 is live already",
    "build 7 was never live there",
    "nothing was ever released there",
    "nothing else was live before build 7",
    *(text for what_and_mend in faults._HTTP.values() for text in what_and_mend),
    "the app 'notes' has no stage 'x'",
    "use one of them, or add [stages.x] to rollbacklab.toml",
    "there is no build 99",
    "variables",
    "parameters",
    "go to another build, or build commit 4f2c1ab again (which may come out otherwise)",
    "build 7 cannot be deployed: it failed",
    "build 7 cannot be deployed: its package is gone",
    "activity 7",
    "the newest is 7",
    "it was planned when release 2 was live",
    "the change set build-7; nothing was changed",
    "NotesTable: replaced by an empty one: its items are lost",
    "the address",
    "the plans that wait: it was confirmed, cancelled, or the lab was started again since",
    *(f"dev is pinned to {what} by ann" for what in ("nothing", "build 6")),
    "dev is no longer a stage of the app",
    "the newest 50 builds",
    "the repository's branches",
    "build 2 cannot be deployed: it was removed by retention",
    "s3://rollbacklab-notes/pruned/000002: its record is kept, its parts are not",
    "choose a build that is kept, or push commit 4f2c1ab as a new branch: it is then built again, under a new number",
)
"""Texts that are put together of several, or by code that is not looked through."""
VARYING = ("x1: x1", "x1 is pinned to x1 by x1", "switch access logs of x1 x1", "access logs of x1 are x1")
"""Texts with nothing filled in that makes sense; ``PUT_TOGETHER`` has them as they are."""
RETOLD = sorted(
    {
        text
        for text in (*_errors(*OWN, *PIPELINE, *DEPLOY), *_remarks(), *_meanings(), *_done(), *PUT_TOGETHER)
        if text and text not in VARYING
    }
)


@pytest.mark.parametrize("english", TEXTS)
def test_every_text_is_in_korean_with_the_same_placeholders(english: str) -> None:
    korean = words.translations("ko").get(english)
    assert korean, f"no words*.ko.toml says {english!r}"
    assert sorted(PLACEHOLDER.findall(korean)) == sorted(PLACEHOLDER.findall(english))


@pytest.mark.parametrize("english", RETOLD)
def test_what_is_put_together_elsewhere_is_retold_in_korean(english: str) -> None:
    assert re.search("[가-힣]", Words("ko").retell(english))


def test_no_translation_is_left_over() -> None:
    assert set(_file("words.ko.toml")) <= set(TEXTS)


def test_no_retold_pattern_is_left_over() -> None:
    patterns = {english: words._pattern(english) for english in _file("words-pipeline.ko.toml")}
    assert [english for english, pattern in patterns.items() if not any(map(pattern.fullmatch, RETOLD))] == []


def _file(name: str) -> dict[str, str]:
    return tomllib.loads(resources.files("pytest_rollbacklab.console").joinpath(name).read_text(encoding="utf-8"))


def test_a_text_without_translation_is_shown_in_english() -> None:
    assert Words("ko")("Nobody has said this {how}", how="yet") == "Nobody has said this yet"


def test_the_files_of_a_language_are_read_as_one() -> None:
    known = words.translations("ko")
    assert known["Promote to {stage}…"]
    assert known["traffic moves at once"]


def test_retelling_fills_in_what_varies() -> None:
    assert Words("ko").retell("promote build 7 to prod") == "7번 빌드를 prod 스테이지로 프로모트"
    assert Words("en").retell("promote build 7 to prod") == "promote build 7 to prod"
    assert Words("ko").retell("nothing of ours") == "nothing of ours"


def test_what_is_retold_in_parts_is_retold_part_by_part() -> None:
    told = "what was written since build 7 went live (12:05) stays as it is: items in Notes; users in Pool; x in Y"
    assert Words("ko").retell(told).endswith(": Notes의 항목; Pool의 사용자; x in Y")


def test_what_somebody_wrote_is_not_retold_within_a_text() -> None:
    assert "done" in Words("ko").retell("push 4f2c1ab done to main")


def test_a_text_that_is_nobodys_sentence_stays_as_it_is() -> None:
    long = "there is no build " + "9" * 2000
    assert Words("ko").retell(long) == long


def test_an_error_of_several_lines_is_retold_line_by_line() -> None:
    told = sentences.retell(Words("ko"), "there is no build 9\n  looked at: s3://x\n  what to do: name it")
    assert told.splitlines() == ["9번 빌드가 없습니다", "  확인한 것: s3://x", "  해결 방법: 지정하세요"]


@pytest.mark.parametrize(
    ("header", "chosen", "spoken"),
    [
        ("ko-KR,ko;q=0.9,en;q=0.8", None, "ko"),
        ("en;q=0.3,ko;q=0.9", None, "ko"),
        ("de,fr;q=0.9", None, "en"),
        ("ko", "en", "en"),
        ("en", "tlh", "en"),
        ("ko;q=rubbish", None, "ko"),
        ("", None, "en"),
    ],
)
def test_the_language_is_the_one_chosen_or_else_the_browsers(header: str, chosen: str | None, spoken: str) -> None:
    assert choose_language(header, chosen) == spoken


def test_a_template_that_misses_a_value_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError):
        html.environment().from_string("{{ nothing_of_the_kind }}").render()
