"""Each page's test finds a plan that waits: a rollback of prod, ``p1``."""

from __future__ import annotations

import pytest

from console.fake_pipeline import FakePipeline, make_plan


@pytest.fixture(autouse=True)
def planned(pipeline: FakePipeline) -> None:
    pipeline.plans["p1"] = make_plan("prod", "rollback", pipeline.all_builds[1].build)
