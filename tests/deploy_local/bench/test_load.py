"""The bench's client process posts every body exactly once, counts the answers, and its report adds up."""

import asyncio
import sys
from collections import Counter
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from memberpass_local.bench.generation import Generation
from memberpass_local.bench.load import Job, Result
from memberpass_local.bench.redemption import Redemption, Round
from memberpass_local.bench.report import as_json

from tests.support.in_process import served


async def test_every_body_is_posted_once_over_few_connections() -> None:
    app, seen, connections = FastAPI(), Counter[str](), set[object]()

    @app.post("/redemptions")
    async def redeem(request: Request) -> Response:
        body = (await request.body()).decode()
        seen[body] += 1
        connections.add(request.client)
        assert request.headers["authorization"] == "Bearer of the test"
        return Response(content=b"x" * len(body), status_code=409 if body.endswith("7") else 200)

    async with served(app) as url:
        place = urlsplit(url)
        job = Job(
            host=place.hostname or "",
            port=place.port or 0,
            path="/redemptions",
            headers={"Authorization": "Bearer of the test"},
            connections=4,
            bodies=[f"body {number}" for number in range(200)],
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "memberpass_local.bench.load", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate(job.model_dump_json().encode())
    result = Result.model_validate_json(output)
    assert seen == Counter(job.bodies)
    assert len(connections) == 4
    assert result.statuses == {200: 180, 409: 20}
    assert 0 < result.p50_ms <= result.p99_ms < result.seconds * 1000


def test_the_report_compares_medians_of_the_same_run() -> None:
    def rounds(*seconds: float) -> list[Round]:
        return [Round(Result(seconds=one, statuses={200: 100}, p50_ms=1, p99_ms=2), events_after_s=0.5) for one in seconds]

    redemption = Redemption(memberpass=rounds(2, 4, 1), bare=rounds(1, 1, 5), redemptions=100)
    figures = as_json("small", Generation(ready_ms=[90, 300, 100], accepted_ms=[1, 2, 3], copy_ms=[10, 20, 30]), redemption)
    assert figures["generation"]["ready_ms"] == {"median": 100, "min": 90, "max": 300}
    assert figures["generation"]["times_the_copy"] == 5
    assert figures["redemption"]["memberpass"]["per_second"]["median"] == 50
    assert figures["redemption"]["ratio"] == 0.5
