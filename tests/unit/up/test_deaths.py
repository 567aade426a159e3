"""How often the local AWS may die."""

from __future__ import annotations

import pytest

from pytest_rollbacklab.errors import CloudError
from pytest_rollbacklab.up.deaths import Deaths

DIED = CloudError("the local AWS (process 7) is gone: killed by signal 9", looked_at="its last words: (none)")


def test_too_many_deaths_are_told_with_the_last_ones_words() -> None:
    deaths = Deaths(most=2, within_s=120, clock=lambda: 0)
    deaths.note(DIED)
    deaths.note(DIED)
    with pytest.raises(CloudError) as raised:
        deaths.note(DIED)
    assert str(raised.value) == (
        "the local AWS (process 7) is gone: killed by signal 9; it died 3 times within 2 min, "
        "and is not started again\n"
        "  looked at: its last words: (none)\n"
        "  what to do: what it had answered is kept: see why it dies, then start the lab again with: rollbacklab up"
    )


def test_deaths_that_lie_far_enough_apart_go_on_being_got_over() -> None:
    times = iter((0, 50, 100, 150, 199))
    deaths = Deaths(most=2, within_s=100, clock=lambda: next(times))
    for _ in range(4):
        deaths.note(DIED)
    with pytest.raises(CloudError, match="it died 3 times"):
        deaths.note(DIED)
