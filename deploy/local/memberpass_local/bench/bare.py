"""The floor of redemption: FastAPI and asyncpg, one guarded UPDATE, nothing else. A process of its own:
`python -m memberpass_local.bench.bare`, served exactly as the services are (`shared.web.serve`)."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Response
from pydantic import BaseModel

from memberpass_local.ports import HOST

TABLE = "bench.bare_codes"
POOL = 20
"""As many connections as codes-api opens at a peak."""
_REDEEM = f"""
UPDATE {TABLE} SET redeemed_at = now(), redeemed_by = $2 WHERE code = $1 AND redeemed_at IS NULL RETURNING code, redeemed_at
"""  # noqa: S608  # a constant


class Redeem(BaseModel):
    """The same body that codes-api takes."""

    text: str
    telegram_id: int


class Redeemed(BaseModel):
    """What came of it."""

    code: str
    redeemed_at: str


def create_app(database_url: str) -> FastAPI:
    """The bare handler."""
    pool: asyncpg.Pool[Any]

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        nonlocal pool
        async with asyncpg.create_pool(database_url, min_size=POOL, max_size=POOL) as pool:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/readyz")
    async def readyz() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/redemptions", response_model=Redeemed)
    async def redeem(body: Redeem) -> Redeemed | Response:
        row = await pool.fetchrow(_REDEEM, body.text, body.telegram_id)
        if row is None:
            return Response(status_code=409)
        return Redeemed(code=row["code"], redeemed_at=row["redeemed_at"].isoformat())

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["BENCH_DATABASE_URL"]),
        host=HOST,
        port=int(os.environ["PORT"]),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )
