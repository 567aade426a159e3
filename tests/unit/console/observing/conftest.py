"""A console over the story in memory; ``console`` is the one of all pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.observing.story import StoryPipeline


@pytest.fixture
def pipeline(tmp_path: Path) -> StoryPipeline:
    pipeline = StoryPipeline(tmp_path)
    pipeline.tell()
    return pipeline
