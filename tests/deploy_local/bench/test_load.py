"""The bench's client process posts every body exactly once, counts the answers, and its report adds up."""

import asyncio
import sys
from collections import Counter
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from memberpass_local.bench.load import Job, Result
from memberpass_local.bench.redemption import Round, compare

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


def test_redemptions_are_compared_by_the_medians_of_the_same_run() -> None:
    def rounds(*seconds: float) -> list[Round]:
        return [Round(Result(seconds=one, statuses={200: 100}, p50_ms=1, p99_ms=2), events_after_s=0.5) for one in seconds]

    work = compare(rounds(2, 4, 1), rounds(1, 1, 5))
    assert work.ratio == 0.5
    assert not work.reached
    assert work.figures["memberpass"]["per_second"] == {"median": 50, "min": 25, "max": 100}
    assert compare(rounds(1), rounds(0.6)).reached


def test_a_rate_in_a_window_of_the_run() -> None:
    result = Result(seconds=4, statuses={200: 5}, p50_ms=1, p99_ms=1, answered_at=[10, 11, 11.5, 12, 13])
    assert result.per_second(since=11, until=13) == 1.5
