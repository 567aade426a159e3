"""Whatever a template holds, the answer is CloudFormation's: a refusal or a stack, and never a fault of the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_rollbacklab.localaws.api import ServiceError

WORDS = st.sampled_from(
    ["A", "B", "P", "C", "AWS::NoValue", "AWS::Region", "${A}", "${B.Arn}", "${!x}", "x,y", "0", "true", "Retain", ""]
)
FUNCTIONS = st.sampled_from(
    [
        "Ref",
        "Condition",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::Join",
        "Fn::Select",
        "Fn::Split",
        "Fn::FindInMap",
        "Fn::If",
        "Fn::Base64",
        "Fn::GetAZs",
        "Fn::ImportValue",
        "Fn::Equals",
        "Fn::Not",
        "Fn::And",
        "Fn::Cidr",
        "Fn::Else",
    ]
)
LEAVES = st.one_of(WORDS, st.integers(-1, 3), st.booleans(), st.none(), st.floats(0, 1))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(FUNCTIONS, inner, min_size=1, max_size=1),
        st.dictionaries(WORDS, inner, max_size=2),
    ),
    max_leaves=8,
)


def members(*names: str) -> st.SearchStrategy[Any]:
    """Return objects with some of these members, or something else altogether."""
    return st.one_of(st.fixed_dictionaries({}, optional=dict.fromkeys(names, VALUES)), VALUES)


TYPES = st.sampled_from(["AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::SQS::Queue", "Custom::X", "No::Such::Type"])
RESOURCE = st.one_of(
    st.fixed_dictionaries(
        {"Type": TYPES},
        optional={
            "Properties": members("LogGroupName", "RetentionInDays", "Tags", "BucketName"),
            "DependsOn": VALUES,
            "Condition": VALUES,
            "Metadata": VALUES,
            "DeletionPolicy": VALUES,
        },
    ),
    VALUES,
)
NAMES = st.sampled_from(["A", "B", "C", "P"])
TEMPLATES = st.fixed_dictionaries(
    {"Resources": st.dictionaries(NAMES, RESOURCE, max_size=3)},
    optional={
        "Parameters": st.dictionaries(NAMES, members("Type", "Default", "AllowedValues", "MinLength"), max_size=2),
        "Mappings": VALUES,
        "Conditions": st.dictionaries(NAMES, VALUES, max_size=2),
        "Outputs": st.dictionaries(NAMES, members("Value", "Export", "Condition"), max_size=2),
        "Transform": st.one_of(st.just("AWS::Serverless-2016-10-31"), VALUES),
        "Description": VALUES,
    },
)


async def answer_or_refusal(call: Awaitable[Any]) -> Any:
    """Return the answer, or None when the call was refused as CloudFormation refuses."""
    try:
        return await call
    except ServiceError as error:
        refusal = error
    assert refusal.code == "ValidationError"
    return None


@settings(max_examples=150, deadline=None)
@given(template=TEMPLATES)
def test_a_template_of_anything_is_refused_or_deployed(new_console: Callable[[], Any], template: Any) -> None:
    async def story() -> None:
        console = new_console()
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
        text = json.dumps(template)
        for operation in ("ValidateTemplate", "GetTemplateSummary"):
            await answer_or_refusal(console.call(operation, TemplateBody=text))
        stack = await answer_or_refusal(console.create(text, Capabilities=capabilities))
        assert stack is None or stack["StackStatus"] in {"CREATE_COMPLETE", "ROLLBACK_COMPLETE"}

    asyncio.run(story())
