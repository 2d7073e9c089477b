"""The demo's story, told to nobody: every step of it checks itself."""

import pytest
from memberpass_local.demo.chapters import CHAPTERS
from memberpass_local.demo.world import World


@pytest.mark.timeout(180)
async def test_the_whole_story(world: World) -> None:
    for chapter in CHAPTERS:
        await chapter(world)
    assert world.teller.steps >= 30
