"""The release that is under way on a stage: noted before the stack is touched, so that a stop in between can be told.

Between a stack's change and the line in the ledger the process may end. What was wanted then lies in the bucket as
``stages/<stage>/under-way.json``; whoever starts next compares it with what stands, and either writes the line or says
what the stage went back to. Nothing is deployed here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from pytest_rollbacklab.build.bucket import Bucket
from pytest_rollbacklab.build.shelf import Shelf
from pytest_rollbacklab.build.template_text import parse_template
from pytest_rollbacklab.deploy.configuration import of_release, with_environment
from pytest_rollbacklab.deploy.ledger import Ledger, release_from_json, release_to_json
from pytest_rollbacklab.deploy.stack import DEPLOYED, Stack, StackState
from pytest_rollbacklab.model import Release
from pytest_rollbacklab.target import Target

__all__ = ["Settled", "UnderWay", "settle"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What became of a release that was under way."""

    wanted: Release
    released: Release | None
    """The line in the ledger, when it is live; None when it is not."""
    stack_status: str | None
    """CloudFormation's word for the stack; None when there is none."""


class UnderWay:
    """The note of one stage."""

    def __init__(self, bucket: Bucket, stage: str) -> None:
        self._bucket, self._key = bucket, f"stages/{stage}/under-way.json"

    def note(self, release: Release) -> None:
        """Write down what is going to be live."""
        self._bucket.put(self._key, json.dumps(release_to_json(release), ensure_ascii=False).encode())

    def noted(self) -> Release | None:
        """Return what was going to be live, or None when nothing is under way."""
        content = self._bucket.get(self._key)
        return None if content is None else release_from_json(json.loads(content))

    def clear(self) -> None:
        """Take the note away: what it was about has come to its end."""
        self._bucket.delete(self._key)


def settle(target: Target, stack: Stack, shelf: Shelf, ledger: Ledger, wanted: Release) -> Settled:
    """Compare what was wanted with what stands, and write the release down if it is live.

    Raises:
        WaitTimeout: the stack did not settle in time.
    """
    live = ledger.live()
    if live is not None and live.number >= wanted.number:  # its line was written, and only the note remained
        state = stack.state()
        return Settled(wanted=wanted, released=live, stack_status=state.status if state else None)
    state = stack.settled()
    if state is None or state.status not in DEPLOYED or not _stands(target, stack, shelf, wanted):
        return Settled(wanted=wanted, released=None, stack_status=state.status if state else None)
    released = ledger.append(lambda number: replace(wanted, number=number, outputs=_outputs(state)))
    return Settled(wanted=wanted, released=released, stack_status=state.status)


def _outputs(state: StackState) -> dict[str, str]:
    return dict(state.outputs)


def _stands(target: Target, stack: Stack, shelf: Shelf, wanted: Release) -> bool:
    """Tell whether the stack has the template and the parameters that were wanted."""
    cloudformation = target.client("cloudformation")
    body = cloudformation.get_template(StackName=stack.name, TemplateStage="Original")["TemplateBody"]
    stands = parse_template(body, where=stack.name) if isinstance(body, str) else body
    configuration = of_release(wanted)
    text = with_environment(shelf.template(wanted.build), configuration.environment)
    told = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0].get("Parameters", ())
    has = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in told}
    same = parse_template(text, where=stack.name) == json.loads(json.dumps(stands))
    return same and configuration.parameters.items() <= has.items()
