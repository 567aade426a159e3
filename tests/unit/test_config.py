from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_rollbacklab.config import CONFIG_NAME, Probe, StageConfig, load_config
from pytest_rollbacklab.errors import ConfigError, UnknownStageError

NOTES = """
app = "notes"
template = "sam.yaml"
[stages.dev]
branch = "main"
[stages.prod]
promote_only = true
[stages.prod.parameters]
StageName = "prod"
[probe]
method = "POST"
path = "/notes"
body = { content = "hello" }
expect_status = 200
"""


def write(directory: Path, text: str) -> Path:
    (directory / CONFIG_NAME).write_text(text)
    return directory


def test_reads_the_app_its_stages_and_its_probe(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, NOTES))
    assert (app.name, app.template, app.directory) == ("notes", "sam.yaml", tmp_path)
    assert app.stages == (
        StageConfig(name="dev", branch="main"),
        StageConfig(name="prod", promote_only=True, parameters={"StageName": "prod"}),
    )
    assert app.probe == Probe(method="POST", path="/notes", body={"content": "hello"}, expect_status=200)


def test_a_push_reaches_the_stages_that_follow_its_branch(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, NOTES))
    assert [stage.name for stage in app.following("main")] == ["dev"]
    assert app.following("other") == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('app = "a"\nstage = 1\n', "unknown key 'stage' in rollbacklab.toml"),
        ('app = "a"\n[stages.dev]\nbranc = "main"\n', "unknown key 'stages.dev.branc' in rollbacklab.toml"),
        ("app = 1\n[stages.dev]\n", "'app' in rollbacklab.toml must be a string, not 1"),
        (
            'app = "a"\n[stages.dev]\npromote_only = "yes"\n',
            "'stages.dev.promote_only' in rollbacklab.toml must be true or",
        ),
        (
            'app = "a"\n[stages.dev.parameters]\nN = 1\n',
            "'stages.dev.parameters.N' in rollbacklab.toml must be a string",
        ),
        ('app = "a"\n[stages]\ndev = 1\n', "'stages.dev' in rollbacklab.toml must be a table, not 1"),
        (
            'app = "a"\n[stages.dev]\n[probe]\nexpect_status = true\n',
            "'probe.expect_status' in rollbacklab.toml must be a whole",
        ),
        ('app = "a"\n', "the app has no stages"),
        ("[stages.dev]\n", "'app' is missing in rollbacklab.toml"),
        ("app = \n", "rollbacklab.toml does not parse: Invalid value"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load_config(write(tmp_path, text))
    assert message in str(wrong.value)
    assert str(tmp_path / CONFIG_NAME) in str(wrong.value)


def test_an_unknown_key_says_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="allowed here: branch, environment, parameters, promote_only"):
        load_config(write(tmp_path, 'app = "a"\n[stages.dev]\npromote = true\n'))


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no rollbacklab\.toml") as missing:
        load_config(tmp_path)
    assert "rollbacklab init DIR" in str(missing.value)


def test_an_unknown_stage_lists_those_there_are(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, NOTES))
    with pytest.raises(UnknownStageError, match="has no stage 'staging'") as unknown:
        app.stage("staging")
    assert "stages dev, prod" in str(unknown.value)


PULL_REQUESTS = """
[pull_requests]
branches = ["feature/*", "fix-?"]
parameters = { StageName = "{stage}" }
environment = { WHERE = "on {stage}, {stage}", LEVEL = "debug" }
"""


def test_a_stage_has_variables_of_its_own(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, 'app = "a"\n[stages.dev]\nenvironment = { LEVEL = "debug" }\n'))
    assert app.stage("dev").environment == {"LEVEL": "debug"}
    assert load_config(write(tmp_path, NOTES)).stage("dev").environment == {}


def test_all_builds_are_kept_unless_the_file_says_how_many(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, NOTES)).retained_builds is None
    assert load_config(write(tmp_path, NOTES + "[retention]\n")).retained_builds is None
    assert load_config(write(tmp_path, NOTES + "[retention]\nbuilds = 7\n")).retained_builds == 7


def test_branches_that_fit_a_pattern_have_a_stage_of_their_own(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, NOTES + PULL_REQUESTS))
    assert [stage.name for stage in app.stages] == ["dev", "prod"]
    own = app.with_branches(["main", "feature/notes", "other", "fix-1"])
    first, second = own.stages[2:]
    assert (first.branch, second.branch, second.name) == ("feature/notes", "fix-1", "pr-fix-1")
    assert first.name.startswith("pr-feature-notes-")
    assert (first.pull_request, first.promote_only) == (True, False)
    assert first.parameters == {"StageName": first.name}
    assert first.environment == {"WHERE": f"on {first.name}, {first.name}", "LEVEL": "debug"}
    assert own.following("feature/notes") == (first,)
    assert own.following("other") == ()


def test_a_branch_that_a_stage_of_the_file_follows_has_no_other(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, 'app = "a"\n[stages.dev]\nbranch = "feature/x"\n' + PULL_REQUESTS))
    assert app.with_branches(["feature/x"]) == app


def test_without_pull_requests_no_branch_has_a_stage(tmp_path: Path) -> None:
    app = load_config(write(tmp_path, NOTES))
    assert app.with_branches(["feature/x"]) is app


@pytest.mark.parametrize(
    "branch", ["feature/a_b", "feature/a-b", "feature/A-b", "feature/가", f"feature/{'x' * 200}", "feature/--", "fix-1"]
)
def test_a_branchs_stage_can_be_part_of_a_stacks_name(tmp_path: Path, branch: str) -> None:
    app = load_config(write(tmp_path, NOTES + PULL_REQUESTS)).with_branches([branch])
    name = app.stages[-1].name
    assert re.fullmatch(r"pr-[a-z0-9]+(-[a-z0-9]+)*", name)
    assert len(name) <= 32


def test_branches_that_look_alike_have_stages_of_their_own(tmp_path: Path) -> None:
    branches = ["feature/a_b", "feature/a-b", "feature/A-b", f"feature/{'x' * 40}", f"feature/{'x' * 41}"]
    app = load_config(write(tmp_path, NOTES + PULL_REQUESTS)).with_branches(branches)
    assert len({stage.name for stage in app.stages}) == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[pull_requests]\nbranch = 1\n",
            (
                "unknown key 'pull_requests.branch' in rollbacklab.toml\n"
                "  looked at: {file}\n  what to do: allowed here: branches, environment, parameters"
            ),
        ),
        ("[pull_requests]\n", "'pull_requests.branches' is missing in rollbacklab.toml\n  looked at: {file}"),
        (
            '[pull_requests]\nbranches = "x"\n',
            "'pull_requests.branches' in rollbacklab.toml must be a list, not 'x'\n  looked at: {file}",
        ),
        (
            "[pull_requests]\nbranches = []\n",
            (
                "'pull_requests.branches' in rollbacklab.toml must be a list of names with *, not []\n"
                '  looked at: {file}\n  what to do: write it as in branches = ["feature/*"]'
            ),
        ),
        (
            "[pull_requests]\nbranches = [1]\n",
            (
                "'pull_requests.branches' in rollbacklab.toml must be a list of names with *, not [1]\n"
                '  looked at: {file}\n  what to do: write it as in branches = ["feature/*"]'
            ),
        ),
        (
            '[pull_requests]\nbranches = ["x"]\nparameters = {N = 1}\n',
            "'pull_requests.parameters.N' in rollbacklab.toml must be a string, not 1\n  looked at: {file}",
        ),
        (
            '[pull_requests]\nbranches = ["x"]\nenvironment = "N"\n',
            "'pull_requests.environment' in rollbacklab.toml must be a table, not 'N'\n  looked at: {file}",
        ),
        (
            "[retention]\nbuild = 1\n",
            (
                "unknown key 'retention.build' in rollbacklab.toml\n"
                "  looked at: {file}\n  what to do: allowed here: builds"
            ),
        ),
        (
            '[retention]\nbuilds = "many"\n',
            "'retention.builds' in rollbacklab.toml must be a whole number, not 'many'\n  looked at: {file}",
        ),
        (
            "[retention]\nbuilds = true\n",
            "'retention.builds' in rollbacklab.toml must be a whole number, not True\n  looked at: {file}",
        ),
        (
            "[retention]\nbuilds = 0\n",
            (
                "'retention.builds' in rollbacklab.toml must be 1 or more, not 0\n"
                "  looked at: {file}\n  what to do: leave it out to keep all builds"
            ),
        ),
        (
            "[stages.test]\nenvironment = {LEVEL = 1}\n",
            "'stages.test.environment.LEVEL' in rollbacklab.toml must be a string, not 1\n  looked at: {file}",
        ),
        (
            '[stages.test]\nenvironment = ["LEVEL"]\n',
            "'stages.test.environment' in rollbacklab.toml must be a table, not ['LEVEL']\n  looked at: {file}",
        ),
        (
            "[stages.1st]\n",
            (
                "'1st' cannot be a stage's name: a stack is named after it\n"
                "  looked at: {file}\n  what to do: use letters, digits and hyphens, a letter first"
            ),
        ),
        (
            "[pull-requests]\n",
            (
                "unknown key 'pull-requests' in rollbacklab.toml\n  looked at: {file}\n"
                "  what to do: allowed here: app, probe, pull_requests, retention, stages, template"
            ),
        ),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_what_is_allowed(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        load_config(write(tmp_path, 'app = "a"\n[stages.dev]\n' + text))
    assert str(wrong.value) == message.format(file=tmp_path / CONFIG_NAME)
