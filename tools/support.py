"""Write ``docs/support.md`` from the code: what the local AWS emulates, refuses by name, and leaves to moto.

    python tools/support.py            write it
    python tools/support.py --check    say whether it is what the code says; exit status 1 when it is not

Operations come from the services' own tables and from AWS's models, resource types from the stack engine's registry,
refused options from the calls that refuse them, and where a behaviour is known from out of the facts that tests hold.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import botocore.session

ROOT: Final = Path(__file__).resolve().parent.parent
TARGET: Final = ROOT / "docs/support.md"
CODE: Final = ROOT / "pytest_rollbacklab/localaws"
FACTS: Final = ROOT / "tests/facts"
KINDS: Final = {
    "aws-recorded": "recorded against AWS",
    "asserted": "asserted by tests that were validated against AWS",
    "aws-captured": "captured from AWS",
    "aws-source": "AWS's own source",
    "aws-documented": "AWS's documentation",
    "reported": "quoted from AWS by its users",
}
NAMES: Final = {
    "apigateway": "API Gateway (REST)",
    "apigatewayv2": "API Gateway (HTTP APIs)",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "cognito-identity": "Cognito identity pools",
    "cognito-idp": "Cognito user pools",
    "lambda": "Lambda",
    "logs": "CloudWatch Logs",
    "sts": "STS",
}
INTRODUCTION: Final = """# What the local AWS emulates

Made from the code by `python tools/support.py`; a test holds that it is what the code says.

Three things can happen to a call. It is **emulated** here, as AWS documents it or was seen to do it. It is **refused by
name**: an error (`NotImplemented`, or the service's own validation error) that names the operation, option, property or
resource type. Or its service is not one of these, and it **passes through to [moto](https://docs.getmoto.org)**, which
says for itself what it implements. Nothing is taken and then ignored on purpose; where you find something that is, it
is a defect.
"""


def main() -> int:
    """Write the page, or check it; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write docs/support.md from the code.")
    parser.add_argument("--check", action="store_true", help="say whether the page is what the code says")
    options = parser.parse_args()
    text = page()
    if not options.check:
        TARGET.write_text(text)
        return 0
    if TARGET.is_file() and TARGET.read_text() == text:
        return 0
    sys.stderr.write("docs/support.md is not what the code says; run: python tools/support.py\n")
    return 1


def page() -> str:
    """Return the page."""
    from pytest_rollbacklab.localaws.cloud import Cloud

    services = Cloud(endpoint="http://127.0.0.1:0").services
    session = botocore.session.get_session()
    models = {service.name: frozenset(session.get_service_model(service.name).operation_names) for service in services}
    lines = [
        INTRODUCTION,
        "## Services",
        "",
        "| service | emulated | of AWS's operations | the others |",
        "|---|---|---|---|",
    ]
    for service in sorted(services, key=_title):
        others = "moto's" if service.rest_on_moto else "refused by name"
        here = f"{len(service.operations)}"
        lines.append(
            f"| [{_title(service)}](#{_anchor(_title(service))}) | {here} | {len(models[service.name])} | {others} |"
        )
    lines += [
        "",
        "Every other service of AWS is moto's: S3, DynamoDB, IAM, SQS, SNS, SSM, EventBridge, KMS, Secrets Manager ...",
    ]
    for service in sorted(services, key=_title):
        lines += ["", f"## {_title(service)}", "", "Emulated: " + _listed(service.operations) + "."]
        rest = sorted(models[service.name] - set(service.operations))
        if not service.rest_on_moto:
            lines += [
                "",
                f"<details><summary>Refused by name: {len(rest)} operations</summary>",
                "",
                _listed(rest) + ".",
                "",
                "</details>",
            ]
    lines += ["", "## Resource types of stacks", "", _listed(_resource_types()) + ".", ""]
    lines += ["Every other type is refused by name, when the change set is made.", ""]
    lines += ["## Options that are refused by name", "", "| where | what |", "|---|---|"]
    lines += [f"| {place} | {what} |" for place, what in sorted(set(_refused_options()))]
    lines += ["", "## Where behaviour is known from", "", _known_from(), ""]
    return "\n".join(lines)


def _title(service: object) -> str:
    name = str(getattr(service, "name", ""))
    return NAMES.get(name, name)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _resource_types() -> list[str]:
    from pytest_rollbacklab.localaws.stacks.resources import TYPES

    return sorted(TYPES)


def _refused_options() -> Iterator[tuple[str, str]]:
    """Yield what the code refuses: the part that does, and the first words of what it says."""
    for path in sorted(CODE.rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name == "not_emulated" and call.args:
                what = _text(call.args[0])
                if what:
                    yield path.relative_to(CODE).parts[0], what


def _text(node: ast.expr) -> str:
    """Return a text, or one with what is put into it named."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("|", "\\|")
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else f"*{_named(part)}*" for part in node.values)
        return "".join(str(part) for part in parts).replace("|", "\\|")
    return ""


def _named(part: ast.expr) -> str:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    names = [node for node in ast.walk(value) if isinstance(node, ast.Name | ast.Attribute)]
    if not names:
        return "..."
    first = names[0]
    return (first.attr if isinstance(first, ast.Attribute) else first.id).strip("_")


def _known_from() -> str:
    facts: dict[str, Mapping[str, object]] = {}
    for path in sorted(FACTS.rglob("*.json")):
        found = json.loads(path.read_text()).items()
        facts |= {name: fact for name, fact in found if isinstance(fact, Mapping) and "kind" in fact}
    held = _held_by()
    rows = ["| behaviour | known from | held by |", "|---|---|---|"]
    for name, fact in sorted(facts.items()):
        kind = KINDS.get(str(fact["kind"]), str(fact["kind"]))
        tests = ", ".join(sorted(held.get(name, ())))
        rows.append(f"| {name} | {kind} | {tests} |")
    return "\n".join(rows)


def _held_by() -> Mapping[str, set[str]]:
    """Return the test files that name a fact."""
    held: dict[str, set[str]] = defaultdict(set)
    for path in sorted(FACTS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                held[node.value].add(f"[{path.stem}](../{path.relative_to(ROOT)})")
    return held


if __name__ == "__main__":
    sys.exit(main())
