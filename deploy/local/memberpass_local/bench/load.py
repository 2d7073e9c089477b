"""The members: a process of its own that posts bodies over keep-alive connections as fast as it gets answers.

`python -m memberpass_local.bench.load` reads a `Job` from standard input and writes a `Result` to standard output. SIGTERM
ends it early: what is under way is still answered and counted, and no further body is posted, in their order. Bytes are
written and read by hand: an HTTP library would take more of the machine than the handlers that are measured.
"""

import asyncio
import signal
import sys
import time
from collections.abc import Iterator

import uvloop
from pydantic import BaseModel

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


class Job(BaseModel):
    """Where to post what."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    connections: int
    bodies: list[str]


class Result(BaseModel):
    """How it went. `statuses` counts the answers; latencies in milliseconds; `answered_at`: the moment of each answer, on the
    clock that all processes of a machine share (seconds since the epoch)."""

    seconds: float
    statuses: dict[int, int]
    p50_ms: float
    p99_ms: float
    answered_at: list[float] = []

    def per_second(self, since: float, until: float) -> float:
        """Answers a second in a window of that clock that lies within the run."""
        return sum(since <= moment < until for moment in self.answered_at) / (until - since)


async def post_all(job: Job) -> Result:
    """Open the connections, then post every body once; the time runs from the first request to the last answer."""
    streams = [await asyncio.open_connection(job.host, job.port) for _ in range(job.connections)]
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    requests = _until(stopped, [_request(job, body) for body in job.bodies])
    statuses: dict[int, int] = {}
    latencies: list[float] = []
    answered_at: list[float] = []
    began = time.perf_counter()
    await asyncio.gather(*(_post_on(reader, writer, requests, statuses, latencies, answered_at) for reader, writer in streams))
    seconds = time.perf_counter() - began
    for _, writer in streams:
        writer.close()
    latencies.sort()
    p50_ms, p99_ms = _at(latencies, 0.5), _at(latencies, 0.99)
    return Result(seconds=seconds, statuses=statuses, p50_ms=p50_ms, p99_ms=p99_ms, answered_at=answered_at)


def _until(stopped: asyncio.Event, requests: list[bytes]) -> Iterator[bytes]:
    for request in requests:
        if stopped.is_set():
            return
        yield request


def _request(job: Job, body: str) -> bytes:
    content = body.encode()
    headers = {
        "Host": f"{job.host}:{job.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(content)),
        **job.headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {job.path} HTTP/1.1\r\n{head}\r\n".encode() + content


async def _post_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    requests: Iterator[bytes],
    statuses: dict[int, int],
    latencies: list[float],
    answered_at: list[float],
) -> None:
    for request in requests:
        sent = time.perf_counter()
        writer.write(request)
        head = (await reader.readuntil(_END_OF_HEAD)).lower()
        status = int(head.split(b" ", 2)[1])
        start = head.index(_LENGTH) + len(_LENGTH)
        await reader.readexactly(int(head[start : head.index(b"\r\n", start)]))
        latencies.append((time.perf_counter() - sent) * 1000)
        answered_at.append(time.time())
        statuses[status] = statuses.get(status, 0) + 1


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


if __name__ == "__main__":
    job = Job.model_validate_json(sys.stdin.buffer.read())
    sys.stdout.write(uvloop.run(post_all(job)).model_dump_json())
