"""What commands have in common: options that mean the same everywhere, the running lab, the stage that is meant.

Where one stage alone is reached by promotion, it is the one that is meant when none is named. Names are completed from
the running lab, quietly: whoever presses Tab does not want to read an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from pytest_rollbacklab.cli.decoding import decode
from pytest_rollbacklab.cli.lab import Lab
from pytest_rollbacklab.cli.safe_text import one_line
from pytest_rollbacklab.config import CONFIG_NAME
from pytest_rollbacklab.errors import RollbacklabError, UsageError
from pytest_rollbacklab.pipeline.values import Overview, StageStatus
from pytest_rollbacklab.up.place_file import LAB_DIRECTORY, read_lab

__all__ = [
    "chosen_stage",
    "complete_builds",
    "complete_functions",
    "complete_stages",
    "connect",
    "directory_of",
    "function_names",
    "json_option",
    "lab_directory",
    "only_one",
    "read_overview",
    "stage_argument",
    "stage_option",
]

_COMPLETION_PATIENCE_S = 1.5
_LAB_FILE = "lab.json"
_FUNCTION = "AWS::Lambda::Function"


def directory_of(context: click.Context) -> Path:
    """Return the directory that ``-C`` names, else the current one."""
    directory: Path | None = context.find_root().params.get("directory")
    return directory or Path()


def lab_directory(context: click.Context) -> Path:
    """Return the directory whose lab is meant: the nearest above with a lab or an app of its own, else where we are."""
    here = directory_of(context).absolute()
    marks = (Path(LAB_DIRECTORY) / _LAB_FILE, Path(CONFIG_NAME))
    return next((place for place in (here, *here.parents) if any((place / mark).exists() for mark in marks)), here)


def connect(context: click.Context, **options: Any) -> Lab:
    """Return the lab that runs in the directory.

    Raises:
        LabNotRunningError: none does.
    """
    return Lab(read_lab(lab_directory(context)), **options)


def read_overview(lab: Lab) -> Overview:
    """Return the app in one look."""
    return decode(Overview, lab.get()["overview"], name="overview")


def chosen_stage(lab: Lab, given: str | None) -> str:
    """Return the stage that is meant.

    Args:
        given: What was named, if anything; whether there is such a stage is the lab's to say.

    Raises:
        UsageError: none was named, and not exactly one stage is reached by promotion alone.
    """
    if given is not None:
        return given
    stages = read_overview(lab).stages
    return only_one(stages, [stage for stage in stages if stage.promote_only], "which stage is meant")


def only_one(stages: Iterable[StageStatus], candidates: list[StageStatus], question: str) -> str:
    """Return the name of the one candidate.

    Raises:
        UsageError: there is none, or there are several; names all stages.
    """
    if len(candidates) == 1:
        return candidates[0].name
    names = ", ".join(stage.name for stage in stages)
    raise UsageError(
        f"{question} has to be said", looked_at=f"the app's stages: {names}", mend=f"name one of them: {names}"
    )


def function_names(lab: Lab, stage: str) -> tuple[str, ...]:
    """Return the logical ids of a stage's functions, in their order."""
    resources = lab.get("stages", stage, "resources")["resources"]
    return tuple(sorted(resource["logical_id"] for resource in resources if resource["type"] == _FUNCTION))


Names = Callable[[Lab, click.Context], Iterable[str | int]]


def _completing(names: Names) -> Callable[[click.Context, click.Parameter, str], list[str]]:
    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            offered = [str(name) for name in names(connect(context, patience_s=_COMPLETION_PATIENCE_S), context)]
        except (RollbacklabError, LookupError, TypeError):
            return []
        return [name for name in offered if name.startswith(incomplete) and _fits_a_shell(name)]

    return complete


def _fits_a_shell(name: str) -> bool:
    """Whether a shell can take a name as one word, and a terminal show it."""
    return not any(letter.isspace() or letter in "\"'`$\\;&|<>*?()" for letter in name) and one_line(name) == name


def _functions(lab: Lab, context: click.Context) -> Iterable[str]:
    return function_names(lab, chosen_stage(lab, context.params.get("stage")))


complete_stages = _completing(lambda lab, _: [stage.name for stage in read_overview(lab).stages])
complete_builds = _completing(lambda lab, _: [line.build.number for line in read_overview(lab).builds])
complete_functions = _completing(_functions)

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
stage_argument = click.argument("stage", required=False, shell_complete=complete_stages)
stage_option = click.option(
    "--stage", metavar="STAGE", shell_complete=complete_stages, help="Default: the promote-only one."
)
