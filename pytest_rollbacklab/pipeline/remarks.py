"""What to know before a plan is confirmed: above all what a rollback will not bring back.

A rollback puts code, template and configuration back. It does not undo what the release did while it was live, and it
does not see what was changed beside the stack. Each remark is about this stage, in a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_rollbacklab.deploy.configuration import Configuration, of_release
from pytest_rollbacklab.model import Release, ReleaseKind
from pytest_rollbacklab.pipeline.meanings import STORES
from pytest_rollbacklab.pipeline.values import ChangeLine, Pin, Remark

__all__ = ["remarks"]


def remarks(
    kind: ReleaseKind,
    *,
    live: Release | None,
    configuration: Configuration,
    changes: Sequence[ChangeLine],
    resources: Mapping[str, Mapping[str, str]],
    access_logs_on: bool,
    pin: Pin | None,
) -> tuple[Remark, ...]:
    """Say what to know.

    Args:
        live: What is live on the stage.
        configuration: What would be live.
        resources: Of the stage's stack: logical ids and physical ids by type.
        access_logs_on: Whether somebody has switched API access logs on.
    """
    found = [*_losses(changes)]
    if kind == "rollback" and live is not None:
        found += _not_back(live, resources, access_logs_on)
        found.append(
            _note("afterwards the stage is pinned: pushes build but do not deploy here until the pin is released")
        )
    elif pin is not None:
        found.append(_note(f"the stage stays pinned, as {pin.by} has set it"))
    found += _configuration(live, configuration)
    return tuple(found)


def _losses(changes: Sequence[ChangeLine]) -> Iterator[Remark]:
    for line in changes:
        if line.loses_data:
            yield Remark(kind="data loss", text=f"{line.change.logical_id}: {line.meaning}")


def _not_back(live: Release, resources: Mapping[str, Mapping[str, str]], access_logs_on: bool) -> Iterator[Remark]:
    since = f"{live.released_at:%Y-%m-%d %H:%M:%S} UTC"
    stores = [
        f"{held} in {', '.join(sorted(resources[resource_type]))}"
        for resource_type, held in sorted(STORES.items())
        if resources.get(resource_type)
    ]
    if stores:
        yield _lost(
            f"what was written since build {live.build.number} went live ({since}) stays as it is: {'; '.join(stores)}"
        )
    yield _lost("what was sent meanwhile stays sent: answers, messages, events")
    if access_logs_on:
        yield _lost("API access logs stay on: they were switched on beside the stack")
    yield _lost("what was changed beside the stack, by hand or by another tool, is not seen and stays")


def _configuration(live: Release | None, configuration: Configuration) -> Iterator[Remark]:
    if live is None:
        return
    before = of_release(live)
    for what, was, will in (
        ("variables", before.environment, configuration.environment),
        ("parameters", before.parameters, configuration.parameters),
    ):
        differing = sorted(name for name in {*was, *will} if was.get(name) != will.get(name))
        if differing:
            yield _note(f"{what} that change: {', '.join(differing)}")


def _lost(text: str) -> Remark:
    return Remark(kind="will not come back", text=text)


def _note(text: str) -> Remark:
    return Remark(kind="note", text=text)
