"""What all clients do: the service token, the request id, retries of what is safe to repeat, problems as errors."""

import json
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self, TypeVar

import stamina
from pydantic import BaseModel, ConfigDict, SecretStr

from shared.clients.wire import Answer, HttpWire, UnreachableError, Wire
from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.request_id import HEADER, current_request_id

M = TypeVar("M", bound=BaseModel)

# All internal calls are keyed by a business id, so repeating one is safe. A service that restarts is back within a few
# seconds; a caller that waits longer than this is better told so.
ATTEMPTS = 4
RETRY_FOR_S = 6.0
_PASSING = {502, 503, 504}


class Done(BaseModel):
    """An answer without content."""

    model_config = ConfigDict(extra="ignore")


class _PassingFaultError(Exception):
    """The service answered that it can't answer now."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(str(answer.status))


class ServiceClient:
    """Talks to one service.

    Args:
        name: for messages, such as "billing-api".
        base_url: `http://host:port`.
        service_token: sent as bearer token.
        timeout: seconds for each wait of one try.
        wire: tests reach an app without a socket through this.
        retry: off for callers that a job retries anyway.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        service_token: SecretStr,
        *,
        timeout: float = 10.0,
        wire: Wire | None = None,
        retry: bool = True,
    ) -> None:
        self._name = name
        self._retry = retry
        self._wire = wire or HttpWire(base_url, timeout=timeout)
        self._token = f"Bearer {service_token.get_secret_value()}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def call(
        self, method: str, path: str, answer: type[M], body: BaseModel | None = None, params: dict[str, Any] | None = None
    ) -> M:
        """One internal call.

        Raises:
            RemoteProblem: the service refused.
            DependencyUnavailableError: it can't be reached, or said that a part of it is away.
        """
        response = await self.send(method, path, body, params)
        return answer.model_validate_json(response.content)

    async def send(self, method: str, path: str, body: BaseModel | None = None, params: dict[str, Any] | None = None) -> Answer:
        """Like `call`, for an answer that is no JSON object of ours."""
        content = None if body is None else body.model_dump_json().encode()
        headers = {"Authorization": self._token}
        if content is not None:
            headers["Content-Type"] = "application/json"
        if (request_id := current_request_id()) is not None:
            headers[HEADER] = request_id
        try:
            async for attempt in stamina.retry_context(
                on=(UnreachableError, _PassingFaultError),
                attempts=ATTEMPTS if self._retry else 1,
                timeout=RETRY_FOR_S,
                wait_initial=0.1,
                wait_max=2.0,
            ):
                with attempt:
                    response = await self._wire.request(method, path, content=content, params=params, headers=headers)
                    if response.status in _PASSING:
                        raise _PassingFaultError(response)  # noqa: TRY301  # stamina retries what is raised inside
        except (UnreachableError, _PassingFaultError) as error:
            raise DependencyUnavailableError(self._name) from error
        if response.status >= HTTPStatus.BAD_REQUEST:
            raise self._problem(response)
        return response

    def _problem(self, response: Answer) -> Exception:
        try:
            document = json.loads(response.content)
            known = {"type", "title", "status", "detail", "code", "request_id"}
            return RemoteProblem(
                status=response.status,
                code=document["code"],
                title=document["title"],
                detail=document["detail"],
                extensions={name: value for name, value in document.items() if name not in known},
                headers={name.title(): value for name, value in response.headers.items() if name.lower() == "retry-after"},
            )
        except (ValueError, KeyError, TypeError):
            return DependencyUnavailableError(self._name)
