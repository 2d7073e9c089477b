"""Calls between services over real sockets: what an answer becomes, and what becomes of none."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from shared.clients.base import Done, ServiceClient
from shared.errors import DependencyUnavailableError, RemoteProblem

TOKEN = SecretStr("service")
DONE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PROBLEM = b'{"type": "x", "title": "T", "status": 409, "detail": "D", "code": "c", "request_id": "r", "left": 3}'


def _answer(status: str, body: bytes, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Scripted:
    """Answers each request with the next answer; None breaks the connection off, b"" leaves the caller waiting."""

    def __init__(self, *answers: bytes | None) -> None:
        self.answers = list(answers)
        self.heads: list[str] = []
        self.connections = 0
        self.url = ""

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.decode())
                answer = self.answers.pop(0)
                if answer is None:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


@asynccontextmanager
async def scripted(*answers: bytes | None) -> AsyncIterator[Scripted]:
    script = Scripted(*answers)
    server = await asyncio.start_server(script.talk, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        script.url = f"http://{host}:{port}"
        yield script


async def test_what_a_call_carries_and_that_connections_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with scripted(DONE, DONE) as there, ServiceClient("there", there.url, TOKEN) as client:
        for _ in range(2):
            await client.call("POST", "/internal/things", Done, params={"stalled_for": 10})
    assert there.connections == 1
    for head in there.heads:
        line, *headers = head.split("\r\n")
        assert line == "POST /internal/things?stalled_for=10 HTTP/1.1"
        assert "Authorization: Bearer service" in headers


async def test_a_refusal_is_told_in_full_and_not_repeated() -> None:
    refused = _answer("409 Conflict", PROBLEM, **{"retry-after": "7"})
    async with scripted(refused) as there, ServiceClient("there", there.url, TOKEN) as client:
        with pytest.raises(RemoteProblem) as caught:
            await client.call("POST", "/x", Done)
    problem = caught.value
    assert (problem.problem_status, problem.problem_code, problem.detail) == (409, "c", "D")
    assert (problem.extensions, problem.headers) == ({"left": 3}, {"Retry-After": "7"})


@pytest.mark.parametrize("passing", [None, _answer("503 Service Unavailable", b"")], ids=["broken off", "503"])
async def test_what_can_pass_is_tried_again(passing: bytes | None) -> None:
    async with scripted(passing, DONE) as there, ServiceClient("there", there.url, TOKEN) as client:
        await client.call("POST", "/x", Done)
    assert len(there.heads) == 2


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"nonsense\r\n\r\n",
        _answer("302 Found", b"", Location="/elsewhere"),
        _answer("418 Teapot", b"no problem document"),
    ],
    ids=["broken off", "silence", "nonsense", "redirect", "not a problem document"],
)
async def test_what_is_no_answer_of_ours(answer: bytes | None) -> None:
    async with scripted(answer) as there, ServiceClient("there", there.url, TOKEN, timeout=0.2, retry=False) as client:
        with pytest.raises((DependencyUnavailableError, ValueError)):
            await client.call("POST", "/x", Done)
    assert len(there.heads) == 1


async def test_nobody_listens() -> None:
    async with scripted() as there:
        url = there.url
    async with ServiceClient("there", url, TOKEN, retry=False) as client:
        with pytest.raises(DependencyUnavailableError):
            await client.call("GET", "/x", Done)
