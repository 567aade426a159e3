from __future__ import annotations

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
