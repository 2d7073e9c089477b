"""What all clients do: the service token, the request id, retries of what is safe to repeat, problems as errors."""

from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
import stamina
from pydantic import BaseModel, ConfigDict, SecretStr

from shared.errors import DependencyUnavailableError, RemoteProblem
from shared.request_id import HEADER, current_request_id
from shared.tls import trusted

M = TypeVar("M", bound=BaseModel)

# All internal calls are keyed by a business id, so repeating one is safe. A service that restarts is back within a few
# seconds; a caller that waits longer than this is better told so.
ATTEMPTS = 4
RETRY_FOR_S = 6.0
KEEP_IDLE_S = 30.0
_PASSING = {502, 503, 504}


class Done(BaseModel):
    """An answer without content."""

    model_config = ConfigDict(extra="ignore")


class _PassingFaultError(Exception):
    """The service answered that it can't answer now."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        super().__init__(str(response.status_code))


class ServiceClient:
    """Talks to one service.

    Args:
        name: for messages, such as "billing-api".
        base_url: `http://host:port`.
        service_token: sent as bearer token.
        timeout: seconds for one try.
        transport: tests reach an app without a socket through this.
        retry: off for callers that a job retries anyway.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        service_token: SecretStr,
        *,
        timeout: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
        retry: bool = True,
    ) -> None:
        self._name = name
        self._retry = retry
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout,
            transport=transport,
            verify=trusted(),
            # Services are reached where the settings say, whatever proxy the environment names.
            trust_env=False,
            headers={"Authorization": f"Bearer {service_token.get_secret_value()}"},
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=100, keepalive_expiry=KEEP_IDLE_S),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

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

    async def send(
        self, method: str, path: str, body: BaseModel | None = None, params: dict[str, Any] | None = None
    ) -> httpx.Response:
        """Like `call`, for an answer that is no JSON object of ours."""
        content = None if body is None else body.model_dump_json().encode()
        headers = {"Content-Type": "application/json"} if content is not None else {}
        if (request_id := current_request_id()) is not None:
            headers[HEADER] = request_id
        try:
            async for attempt in stamina.retry_context(
                on=(httpx.TransportError, _PassingFaultError),
                attempts=ATTEMPTS if self._retry else 1,
                timeout=RETRY_FOR_S,
                wait_initial=0.1,
                wait_max=2.0,
            ):
                with attempt:
                    response = await self._http.request(method, path, content=content, params=params, headers=headers)
                    if response.status_code in _PASSING:
                        raise _PassingFaultError(response)  # noqa: TRY301  # stamina retries what is raised inside
        except httpx.TransportError as error:
            raise DependencyUnavailableError(self._name) from error
        except _PassingFaultError as error:
            raise DependencyUnavailableError(self._name) from error
        if response.is_error:
            raise self._problem(response)
        return response

    def _problem(self, response: httpx.Response) -> Exception:
        try:
            document = response.json()
            known = {"type", "title", "status", "detail", "code", "request_id"}
            return RemoteProblem(
                status=response.status_code,
                code=document["code"],
                title=document["title"],
                detail=document["detail"],
                extensions={name: value for name, value in document.items() if name not in known},
                headers={name: value for name, value in response.headers.items() if name.lower() == "retry-after"},
            )
        except (ValueError, KeyError, TypeError):
            return DependencyUnavailableError(self._name)
