"""A wire to an app in this process, without a socket."""

from collections.abc import Mapping
from typing import Any

import httpx
from fastapi import FastAPI
from shared.clients.wire import Answer


class AsgiWire:
    """Carries a client's requests straight into an app. What the app raises comes back as its answer, a 500."""

    def __init__(self, app: FastAPI) -> None:
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://in-process"
        )

    async def request(
        self, method: str, path: str, *, content: bytes | None, params: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Answer:
        response = await self._http.request(method, path, content=content, params=params, headers=headers)
        return Answer(response.status_code, response.headers, response.content)

    async def close(self) -> None:
        await self._http.aclose()
