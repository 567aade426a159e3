from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pytest_rollbacklab.config import StageConfig
from pytest_rollbacklab.deploy.configuration import Configuration, configured, of_release, of_stage, with_environment
from pytest_rollbacklab.deploy.release import Releases
from pytest_rollbacklab.errors import TemplateError
from pytest_rollbacklab.model import Build

STAGE = StageConfig(name="dev", parameters={"Stage": "dev", "Memory": "128"}, environment={"LEVEL": "info"})


def template(**environment: object) -> str:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": environment} if environment else {}}
    return json.dumps({"Resources": {"Create": function, "Table": {"Type": "AWS::DynamoDB::Table"}}})


def test_what_is_set_by_hand_lies_over_the_file() -> None:
    found = configured(STAGE, parameters={"Memory": "64"}, environment={"LEVEL": "debug", "NEW": "1"})
    assert found.parameters == {"Stage": "dev", "Memory": "64"}
    assert found.environment == {"LEVEL": "debug", "NEW": "1"}
    assert found.set_by_hand == {"parameters": {"Memory": "64"}, "environment": {"LEVEL": "debug", "NEW": "1"}}


def test_a_stage_of_which_nothing_was_set_has_what_the_file_says() -> None:
    assert of_stage(STAGE, None) == Configuration(parameters=STAGE.parameters, environment=STAGE.environment)


def test_what_was_set_by_hand_stays_for_the_next_deployment_and_goes_with_a_rollback(
    releases: Releases, make_build: Callable[..., Build]
) -> None:
    first, second = make_build("1"), make_build("2")
    releases.deploy(first, "dev")
    by_hand = configured(releases.app.stage("dev"), parameters={}, environment={"FLAG": "on"})
    releases.execute(releases.plan(first, "dev", kind="config", configuration=by_hand))
    deployed = releases.deploy(second, "dev")
    assert (deployed.environment, deployed.set_by_hand) == ({"FLAG": "on"}, {"environment": {"FLAG": "on"}})
    assert of_release(releases.roll_back("dev")).environment == {"FLAG": "on"}
    back = releases.roll_back("dev")
    assert (back.build.number, back.environment, back.set_by_hand) == (first.number, {}, {})
    assert releases.deploy(second, "dev").environment == {}


def test_the_variables_reach_every_function_over_its_own() -> None:
    text = with_environment(template(Variables={"LEVEL": "info", "TABLE": {"Ref": "Table"}}), {"LEVEL": "debug"})
    properties = json.loads(text)["Resources"]["Create"]["Properties"]
    assert properties["Environment"]["Variables"] == {"LEVEL": "debug", "TABLE": {"Ref": "Table"}}
    bare = json.loads(with_environment(template(), {"LEVEL": "debug"}))["Resources"]
    assert bare["Create"]["Properties"]["Environment"] == {"Variables": {"LEVEL": "debug"}}
    assert bare["Table"] == {"Type": "AWS::DynamoDB::Table"}


def test_without_variables_the_template_is_the_very_one() -> None:
    text = template(Variables={"LEVEL": "info"})
    assert with_environment(text, {}) is text


@pytest.mark.parametrize("environment", [{"Fn::If": ["A", {}, {}]}, {"Variables": {"Fn::If": ["A", {}, {}]}}])
def test_variables_that_are_worked_out_cannot_be_added_to(environment: dict[str, object]) -> None:
    with pytest.raises(TemplateError, match="cannot be given to Create: its own come from an intrinsic function"):
        with_environment(template(**environment), {"LEVEL": "debug"})
