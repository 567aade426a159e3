"""The chapter through the pipeline of a running lab: real git, the real local AWS, everything that it writes down."""

from __future__ import annotations

import subprocess
import threading
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_rollbacklab.build.source import Repository
from pytest_rollbacklab.errors import BuildError, ConflictError, NothingToRollBackError, UsageError
from pytest_rollbacklab.model import Build
from pytest_rollbacklab.pipeline.pipeline import Pipeline
from pytest_rollbacklab.pipeline.values import Activity, Actor, Configured
from pytest_rollbacklab.shipped import copy_app, sample_app
from pytest_rollbacklab.target import Target

ANN = Actor(name="ann", via="console")
PUSHER = Actor(name="ann", via="git push")
TOML = """
app = "notes"
[stages.dev]
branch = "main"
parameters = { StageName = "dev" }
[stages.prod]
promote_only = true
parameters = { StageName = "prod" }
[pull_requests]
branches = ["feature/*"]
parameters = { StageName = "{stage}" }
[probe]
method = "POST"
path = "/notes"
body = { content = "hello world", attachment = "hello.jpg" }
"""


class Lab:
    """A learner's working tree, the repository that it is pushed to, and the pipeline behind that."""

    def __init__(self, target: Target, directory: Path) -> None:
        self.target, self.directory = target, directory
        self.work = Repository.init(directory / "app")
        copy_app(sample_app(directory), self.work.path)
        self.work.write("rollbacklab.toml", TOML)
        bare = directory / "lab.git"
        subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)], check=True)
        self.bare = Repository(bare)
        self.pipeline = self.open()
        self.said: list[str] = []

    def open(self) -> Pipeline:
        return Pipeline(target=self.target, directory=self.work.path, repository=self.bare, owner="ann")

    def commit(self, message: str) -> str:
        return self.work.commit(message).sha

    def send(self, sha: str, branch: str = "main") -> None:
        """Hand the objects over, as git does before the hook of the branch runs."""
        where = ["git", "-C", str(self.work.path), "push", "--quiet", "--force", str(self.bare.path)]
        subprocess.run([*where, f"{sha}:refs/heads/{branch}"], check=True)

    def push(self, message: str, branch: str = "main") -> Build:
        sha = self.commit(message)
        self.send(sha, branch)
        build = self.pipeline.pushed_commit(branch, sha, who=PUSHER, say=self.said.append, quarantine={})
        self.pipeline.moved(branch, sha, who=PUSHER, say=self.said.append)
        return build

    def push_bad_line(self) -> Build:
        self.work.edit("functions/create.py", at_top_of="main", insert="gibberish.what")
        return self.push("Making a mistake")

    def confirm(self, stage: str, kind: str, **options: object) -> Activity:
        plan = self.pipeline.plan(stage, kind, who=ANN, **options)  # type: ignore[arg-type]
        return self.ended(self.pipeline.confirm(stage, plan.id, who=ANN))

    def ended(self, activity: Activity) -> Activity:
        for _ in self.pipeline.follow(activity.number, stop=threading.Event()):
            pass
        return self.pipeline.activity(activity.number)


@pytest.fixture
def lab(rollbacklab_target: Target, tmp_path: Path) -> Iterator[Lab]:
    account = f"{zlib.crc32(str(tmp_path).encode()) % 10**12:012d}"  # of this test's own
    lab = Lab(replace(rollbacklab_target, account_id=account, _clients={}), tmp_path)
    yield lab
    lab.pipeline.close()


def test_the_chapter_from_push_to_rollback_and_mended(lab: Lab) -> None:
    pipeline = lab.pipeline
    good = lab.push("Notes API")
    assert pipeline.stage("dev").live.build == good
    promoted = lab.confirm("prod", "promote", from_stage="dev")
    assert (promoted.state, promoted.releases) == ("done", ("prod/1",))
    assert pipeline.probe("prod").status == 200

    bad = lab.push_bad_line()
    assert pipeline.build(bad.number).changed == ("CreateFunction",)
    plan = pipeline.plan("prod", "promote", who=ANN, from_stage="dev")
    assert plan.title == "Promote build 2 to prod"
    changes = {line.change.logical_id: line.meaning for line in plan.changes}
    assert changes["CreateFunction"] == "replaced code, no downtime; the next calls start cold"
    assert pipeline.stage("prod").live.build == good
    lab.ended(pipeline.confirm("prod", plan.id, who=ANN))
    assert pipeline.probe("prod").status == 502
    assert pipeline.stage("prod").health.failing_share > 0

    plan = pipeline.plan("prod", "rollback", who=ANN, reason="users get 502")
    assert plan.title == "Roll back prod to build 1"
    not_back = [remark.text for remark in plan.remarks if remark.kind == "will not come back"]
    assert any("items in NotesTable" in text for text in not_back), not_back
    rolled_back = lab.ended(pipeline.confirm("prod", plan.id, who=ANN))
    assert (rolled_back.state, rolled_back.by, rolled_back.reason) == ("done", "ann", "users get 502")
    release = pipeline.stage("prod").live
    assert (release.kind, release.by, release.reason, release.packages_rebuilt) == (
        "rollback",
        "ann",
        "users get 502",
        0,
    )
    assert pipeline.probe("prod").status == 200
    assert pipeline.stage("prod").pin.reason == "rolled back from build 2: users get 502"

    lab.work.restore("functions/create.py", "HEAD~1")
    lab.push("Mended")
    with pytest.raises(ConflictError, match="prod is pinned to build 1 by ann"):
        pipeline.plan("prod", "promote", who=ANN, from_stage="dev")
    pipeline.unpin("prod", who=ANN)
    assert lab.confirm("prod", "promote", from_stage="dev").state == "done"
    assert pipeline.probe("prod").status == 200
    kinds = [activity.kind for activity in reversed(pipeline.activities(limit=50).items)]
    assert kinds == [
        *("push", "deploy", "promote", "push", "deploy", "promote"),
        *("rollback", "push", "deploy", "unpin", "promote"),
    ]


def test_a_pinned_stage_is_not_deployed_to_and_the_pusher_is_told(lab: Lab) -> None:
    good = lab.push("Notes API")
    lab.push_bad_line()
    assert lab.confirm("dev", "rollback").state == "done"
    lab.work.write("README.md", "more\n")
    lab.push("More")
    assert lab.pipeline.stage("dev").live.build.number == good.number
    assert "dev is pinned to build 1 by ann (rolled back from build 2):" in lab.said
    assert lab.pipeline.build(3).live_on == ()


def test_a_commit_that_does_not_build_is_refused_with_its_reason_and_kept(lab: Lab) -> None:
    lab.push("Notes API")
    lab.work.write("template.yaml", "Resources: [")
    sha = lab.commit("Broken")
    lab.send(sha, "other")
    with pytest.raises(BuildError, match=r"build 2 of .* failed: "):
        lab.pipeline.pushed_commit("main", sha, who=PUSHER, say=lab.said.append, quarantine={})
    assert lab.pipeline.build(2).build.failure is not None
    assert lab.pipeline.build_log(2)[-1].startswith("Build 2 failed in ")
    failed = lab.pipeline.activities(limit=1).items[0]
    assert (failed.kind, failed.state, failed.build) == ("push", "failed", 2)
    assert lab.pipeline.stage("dev").live.build.number == 1


def test_a_commit_is_built_once_and_a_branch_has_a_stage_that_goes_with_it(lab: Lab) -> None:
    lab.push("Notes API")
    sha = lab.work.commit_at("HEAD").sha
    lab.send(sha, "feature/notes")
    build = lab.pipeline.pushed_commit("feature/notes", sha, who=PUSHER, say=lab.said.append, quarantine={})
    assert build.number == 1
    lab.pipeline.moved("feature/notes", sha, who=PUSHER, say=lab.said.append)
    name = next(stage.name for stage in lab.pipeline.app.stages if stage.pull_request)
    assert name.startswith("pr-feature-notes-")
    assert lab.pipeline.probe(name).status == 200
    subprocess.run(["git", "-C", str(lab.bare.path), "branch", "--quiet", "-D", "feature/notes"], check=True)
    lab.pipeline.removed("feature/notes", who=PUSHER, say=lab.said.append)
    assert name not in [stage.name for stage in lab.pipeline.app.stages]
    assert lab.said[-1] == f"{name} is gone, with all that was in it"


def test_a_change_of_configuration_is_a_release_and_can_be_rolled_back_alone(lab: Lab) -> None:
    lab.push("Notes API")
    configured = lab.confirm("dev", "config", configure=Configured(environment={"LEVEL": "debug"}))
    assert (configured.kind, configured.state) == ("config", "done")
    settings = lab.pipeline.settings("dev")
    assert (settings.configured.environment, settings.file_parameters) == ({"LEVEL": "debug"}, {"StageName": "dev"})
    function = lab.pipeline.resources("dev").function_name("CreateFunction")
    awslambda = lab.target.client("lambda")
    told = awslambda.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    assert told["LEVEL"] == "debug"
    assert lab.confirm("dev", "rollback").state == "done"
    told = awslambda.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
    assert "LEVEL" not in told
    assert [release.kind for release in lab.pipeline.releases("dev").items] == ["rollback", "config", "deploy"]


def test_two_promotions_planned_at_once_do_not_interleave(lab: Lab) -> None:
    lab.push("Notes API")
    plans = [lab.pipeline.plan("prod", "promote", who=ANN, from_stage="dev") for _ in range(2)]
    begun = [lab.pipeline.confirm("prod", plan.id, who=ANN) for plan in plans]
    ended = [lab.ended(activity) for activity in begun]
    assert [activity.state for activity in ended] == ["done", "failed"]
    assert "prod has moved on since this was planned: release 1 is live" in ended[1].outcome
    assert len(lab.pipeline.releases("prod").items) == 1


def test_what_cannot_be_done_says_why(lab: Lab) -> None:
    with pytest.raises(UsageError, match="there is nothing on dev to configure"):
        lab.pipeline.plan("dev", "config", who=ANN, configure=Configured())
    with pytest.raises(NothingToRollBackError):
        lab.pipeline.plan("dev", "rollback", who=ANN)
    with pytest.raises(UsageError, match="a promotion needs the stage that it is from"):
        lab.pipeline.plan("prod", "promote", who=ANN)
    with pytest.raises(UsageError, match="there is no plan 12 of dev"):
        lab.pipeline.confirm("dev", "12", who=ANN)
    with pytest.raises(UsageError, match="dev is not pinned"):
        lab.pipeline.unpin("dev", who=ANN)
    assert lab.pipeline.stage("dev").state == "empty"


def test_old_builds_are_pruned_but_never_what_is_live_or_last_good(lab: Lab) -> None:
    lab.work.write("rollbacklab.toml", TOML + "[retention]\nbuilds = 1\n")
    lab.push("Notes API")
    lab.confirm("prod", "promote", from_stage="dev")
    for number in range(2, 6):
        lab.work.write("functions/create.py", lab.work.read("functions/create.py") + f"\n# {number}\n")
        lab.push(f"Change {number}")
    assert [line.build.number for line in lab.pipeline.builds().items if line.pruned] == [2]
    assert lab.confirm("dev", "rollback").state == "done"
    assert lab.pipeline.probe("dev").status == 200
    for kind in ("deploy", "rollback"):
        with pytest.raises(UsageError) as refused:
            lab.confirm("dev", kind, build=2)
        assert refused.value.what == "build 2 cannot be deployed: it was removed by retention"
        assert "/pruned/000002: its record is kept, its parts are not" in str(refused.value)
        assert "choose a build that is kept, or push commit" in str(refused.value)


def test_a_lab_that_starts_again_deploys_what_git_had_taken(lab: Lab) -> None:
    lab.push("Notes API")
    lab.work.write("README.md", "more\n")
    sha = lab.commit("More")
    lab.send(sha)
    lab.pipeline.pushed_commit("main", sha, who=PUSHER, say=lab.said.append, quarantine={})
    again = lab.open()
    assert again.recover() == ("dev: build 2 is live now",)
    assert again.stage("dev").live.build.number == 2
    assert again.recover() == ()


def test_an_activity_without_an_end_is_named_after_a_restart(lab: Lab) -> None:
    lab.push("Notes API")
    begun = lab.pipeline._ground.journal.begin("promote", ANN, "promote build 1 to prod", stage="prod")
    again = lab.open()
    told = again.recover()
    assert told == (
        (
            f"activity {begun.number} (promote build 1 to prod) was interrupted when the lab was stopped; "
            "prod stands at nothing"
        ),
    )
    assert again.activity(begun.number).state == "interrupted"
