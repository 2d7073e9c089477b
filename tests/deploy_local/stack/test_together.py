"""Things that run at the same time end together."""

import asyncio

import pytest
from memberpass_local.together import together


async def test_one_error_ends_the_others_cleanly_and_comes_through_as_it_is() -> None:
    cleaned: list[str] = []

    async def waits(name: str) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            cleaned.append(name)

    async def breaks() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    with pytest.raises(LookupError):
        await together(waits("a"), breaks(), waits("b"))
    assert sorted(cleaned) == ["a", "b"]

    whole = asyncio.create_task(together(waits("c"), waits("d")))
    await asyncio.sleep(0.01)
    whole.cancel()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert sorted(cleaned) == ["a", "b", "c", "d"]
