"""Runs several things at the same time."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def together(*parts: Coroutine[Any, Any, None]) -> None:
    """Wait for all. The first error is raised as it is, after the others were cancelled and have cleaned up."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            if not task.cancelling():  # a second request would break into its cleaning up
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
