"""The small parts under the engine: graph, walk, statuses, names, registry."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_rollbacklab.localaws.api import ServiceError
from pytest_rollbacklab.localaws.stacks.registry import exists, schema_of
from pytest_rollbacklab.localaws.stacks.resources import TYPES
from pytest_rollbacklab.localaws.stacks.state.names import physical_name
from pytest_rollbacklab.localaws.stacks.state.statuses import (
    CHANGE_SET_EXECUTION_MOVES,
    DELETABLE,
    RESOURCE_MOVES,
    STACK_MOVES,
    UPDATABLE,
    IllegalStatusMoveError,
    move,
)
from pytest_rollbacklab.localaws.stacks.templates.graph import Graph
from pytest_rollbacklab.localaws.stacks.work.walk import walk

ROOT = Path(__file__).resolve().parents[4]


def test_a_graph_orders_each_after_what_it_waits_for() -> None:
    graph = Graph.of({"c": ["b", "elsewhere"], "a": [], "b": ["a"], "d": ["a"]})
    assert graph.order() == ["a", "b", "d", "c"]
    assert graph.reversed().order() == ["c", "d", "b", "a"]


def test_a_circle_is_named_without_those_that_only_wait_for_it() -> None:
    with pytest.raises(ServiceError, match=r"Circular dependency between resources: \[a, b\]"):
        Graph.of({"a": ["b"], "b": ["a"], "after": ["a"], "free": []})


def test_circles_of_two_templates_can_be_cut() -> None:
    graph = Graph.without_circles({"a": ["b"], "b": ["a"], "after": ["a"], "c": ["d"], "d": []})
    assert sorted(graph.order()) == ["a", "after", "b", "c", "d"]
    assert graph.before["c"] == {"d"}


def test_a_walk_begins_everything_that_can_and_each_as_soon_as_it_can() -> None:
    begun: list[str] = []
    gates = {node: asyncio.Event() for node in "abcd"}

    async def story() -> None:
        c_begun = asyncio.Event()

        def begin(node: str) -> Any:
            begun.append(node)
            if node == "c":
                c_begun.set()

            async def work() -> bool:
                await gates[node].wait()
                return node != "b"

            return None if node == "idle" else work()

        graph = Graph.of({"a": [], "b": [], "idle": ["a"], "c": ["idle"], "d": ["b"]})
        walking = asyncio.create_task(walk(graph, begin))
        await asyncio.sleep(0)
        assert begun == ["a", "b"]
        gates["a"].set()
        await c_begun.wait()
        for gate in gates.values():
            gate.set()
        await walking
        assert begun == ["a", "b", "idle", "c"]

    asyncio.run(story())


def test_a_long_chain_of_nothing_to_do_is_no_recursion() -> None:
    graph = Graph.of({str(number): [str(number - 1)] for number in range(5000)})
    asyncio.run(walk(graph, lambda _node: None))


@pytest.mark.parametrize("table", [STACK_MOVES, RESOURCE_MOVES, CHANGE_SET_EXECUTION_MOVES])
def test_every_status_that_can_be_reached_is_in_its_table(table: Any) -> None:
    reached = {status for nexts in table.values() for status in nexts}
    assert reached <= table.keys()
    assert table.keys() - reached == {""}


def test_no_stack_is_stuck_in_progress() -> None:
    assert all(STACK_MOVES[status] for status in STACK_MOVES if status.endswith("_IN_PROGRESS"))


def test_a_move_that_is_not_in_the_table_is_a_named_error() -> None:
    assert move(STACK_MOVES, "stack notes", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS") == "UPDATE_IN_PROGRESS"
    with pytest.raises(IllegalStatusMoveError) as caught:
        move(STACK_MOVES, "stack notes", "ROLLBACK_COMPLETE", "UPDATE_IN_PROGRESS")
    assert str(caught.value) == (
        "stack notes is ROLLBACK_COMPLETE and cannot become UPDATE_IN_PROGRESS; from there it can become "
        "['DELETE_IN_PROGRESS']"
    )


def test_what_may_be_updated_and_deleted_follows_from_the_table() -> None:
    assert sorted(UPDATABLE) == [
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert "ROLLBACK_COMPLETE" in DELETABLE
    assert "UPDATE_IN_PROGRESS" not in DELETABLE


@pytest.mark.parametrize(
    ("stack", "logical_id", "longest"),
    [("notes", "Table", 255), ("s" * 128, "Function", 64), ("notes", "F" * 200, 64), ("s" * 128, "F" * 255, 63)],
)
def test_a_made_up_name_fits_and_tells_what_it_is_the_name_of(stack: str, logical_id: str, longest: int) -> None:
    name = physical_name(stack, logical_id, longest=longest)
    assert len(name) <= longest
    first, second, random = name.split("-")
    assert stack.startswith(first)
    assert first
    assert logical_id.startswith(second)
    assert second
    assert len(random) == 12
    assert name != physical_name(stack, logical_id, longest=longest)


def test_a_made_up_name_can_be_in_lower_case() -> None:
    name = physical_name("Notes", "Bucket", longest=63, lower_case=True)
    assert name == name.lower()


def test_every_emulated_type_has_a_schema_and_lists_only_its_properties() -> None:
    for name, resource_type in TYPES.items():
        schema = schema_of(name)
        assert schema is not None, name
        assert resource_type.emulated <= schema.properties.keys(), name
        assert schema.read_only.isdisjoint(resource_type.emulated), name
        assert resource_type.replaced_for <= {path.partition("/")[0] for path in schema.conditional_create_only}, name
        if schema.tags:
            assert schema.tags in resource_type.emulated, f"{name} takes tags"


def test_types_are_known_by_name_whether_emulated_or_not() -> None:
    assert exists("AWS::Lambda::Function")
    assert exists("AWS::SQS::Queue")
    assert exists("Custom::Anything")
    assert not exists("AWS::Lambda::Funktion")
    assert schema_of("AWS::SQS::Queue") is None


def test_values_take_the_kind_of_their_schema() -> None:
    schema = schema_of("AWS::Lambda::Function")
    assert schema is not None
    properties, complaints = schema.fit(
        {
            "Role": "r",
            "Code": {"S3Bucket": "b", "S3Key": "k"},
            "Timeout": "6",
            "MemorySize": 128.0,
            "Environment": {"Variables": {"A": 1, "B": True}},
            "VpcConfig": {"Ipv6AllowedForDualStack": "true"},
            "Layers": ["l"],
        }
    )
    assert complaints == []
    assert properties["Timeout"] == 6
    assert isinstance(properties["MemorySize"], int)
    assert properties["Environment"] == {"Variables": {"A": "1", "B": "true"}}
    assert properties["VpcConfig"] == {"Ipv6AllowedForDualStack": True}


def test_what_does_not_fit_is_told_with_its_path() -> None:
    schema = schema_of("AWS::Lambda::Function")
    assert schema is not None
    _, complaints = schema.fit(
        {"Code": "zip", "Role": "r", "Layers": "l", "Environment": {"Variables": 3}, "Arn": "a", "Timeout": True}
    )
    assert sorted(complaints) == [
        "#/Code: expected type: JSONObject, found: String",
        "#/Environment/Variables: expected type: JSONObject, found: Integer",
        "#/Layers: expected type: JSONArray, found: String",
        "#/Timeout: expected type: Integer, found: Boolean",
        "#: extraneous key [Arn] is not permitted",
    ]


def test_recreation_follows_the_create_only_properties() -> None:
    function, table = schema_of("AWS::Lambda::Function"), schema_of("AWS::DynamoDB::Table")
    assert function is not None
    assert table is not None
    assert function.recreation("FunctionName", "a", "b") == "Always"
    assert function.recreation("Code", {"S3Key": "a"}, {"S3Key": "b"}) == "Never"
    assert table.recreation("KeySchema", [1], [2]) == "Conditionally"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("registry_schemas", ROOT / "tools/registry_schemas.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_registry_is_what_the_tool_makes_of_cfn_lints_schemas() -> None:
    tool = _tool()
    folder = tool.schemas_folder()
    if folder is None:
        pytest.skip("cfn-lint is not installed")
    text = tool.TARGET.read_text()
    made = tool.extract(folder, TYPES)
    if f'"schemas":"{made["schemas"]}"' not in text:
        pytest.skip(f"registry.json was made from other schemas than those of {made['schemas']}")
    assert tool.written(made) == text
    assert "cfnlint" not in sys.modules
