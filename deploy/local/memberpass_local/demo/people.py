"""The people of the story: creators and operators over REST, members and creators in Telegram."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httpx

from memberpass_local.demo.checks import StoryError, eventually, must_equal

Json = dict[str, Any]


class Rest:
    """A REST client with one bearer key."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, key: str | None = None) -> None:
        self._http = http
        self._base = base_url
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def send(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        """Send a request and give back whatever answer comes."""
        return await self._http.request(method, f"{self._base}{path}", json=body, headers=self._headers)

    async def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send a request that must succeed.

        Raises:
            StoryError: it did not.
        """
        answer = await self.send(method, path, body)
        if not answer.is_success:
            raise StoryError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return _json(answer)

    async def refused(self, method: str, path: str, body: Json, *, status: HTTPStatus, code: str) -> Json:
        """Send a request that must be refused in exactly this way; gives the problem document.

        Raises:
            StoryError: it was let through or refused otherwise.
        """
        answer = await self.send(method, path, body)
        problem = _json(answer)
        must_equal(f"{method} {path}", (answer.status_code, problem.get("code")), (int(status), code))
        must_equal("the refusal's media type", answer.headers["content-type"], "application/problem+json")
        return problem

    async def text(self, path: str) -> str:
        """A document that is no JSON."""
        answer = await self.send("GET", path)
        must_equal(f"GET {path}", answer.status_code, int(HTTPStatus.OK))
        return answer.text


class Chat:
    """One person's chat with one bot, in the sandbox Telegram. Remembers what was seen, so that `next` is new."""

    def __init__(self, http: httpx.AsyncClient, telegram: str, bot: str, user_id: int) -> None:
        self._http = http
        self._path = f"{telegram}/sandbox/chats/{bot}/{user_id}"
        self._seen = 0

    async def messages(self) -> list[Json]:
        """Everything in the chat, in order."""
        answer = await self._http.get(f"{self._path}/messages")
        must_equal("the chat", answer.status_code, int(HTTPStatus.OK))
        listed: list[Json] = answer.json()["messages"]
        return listed

    async def say(self, text: str) -> None:
        """Type a message (or tap a link that types one)."""
        self._seen = len(await self.messages())
        answer = await self._http.post(f"{self._path}/messages", json={"text": text})
        must_equal("sending a message", answer.is_success, True)

    async def ask(self, text: str, what: str, fits: Callable[[Json], bool] = lambda _: True) -> Json:
        """Type a message and wait for the bot's answer that fits."""
        await self.say(text)
        return await self.answer(what, fits)

    async def press(self, message: Json, data: str) -> None:
        """Press the button of a message whose callback data begins with `data`."""
        for row in message["buttons"]:
            for button in row:
                if str(button.get("callback_data", "")).startswith(data):
                    body = {"message_id": message["message_id"], "callback_data": button["callback_data"]}
                    self._seen = len(await self.messages())
                    answer = await self._http.post(f"{self._path}/presses", json=body)
                    must_equal("pressing a button", answer.is_success, True)
                    return
        raise StoryError(f"the message has no button {data!r}: {message['buttons']}")

    async def answer(self, what: str, fits: Callable[[Json], bool]) -> Json:
        """The bot's first message since the last `say` or `press` that fits."""

        async def look() -> Json | None:
            fresh = (await self.messages())[self._seen :]
            return next((message for message in fresh if message["from_bot"] and fits(message)), None)

        return await eventually(what, look)

    async def edited(self, message: Json, what: str, fits: Callable[[Json], bool]) -> Json:
        """The same message once the bot has changed it so that it fits; or a new one, where a bot can't edit."""

        async def look() -> Json | None:
            listed = await self.messages()
            return next(
                (
                    other
                    for place, other in enumerate(listed)
                    if (other["message_id"] == message["message_id"] or place >= self._seen) and other["from_bot"] and fits(other)
                ),
                None,
            )

        return await eventually(what, look)

    async def download(self, message: Json) -> str:
        """The text of a message's document."""
        answer = await self._http.get(message["document"]["url"])
        must_equal("downloading the document", answer.status_code, int(HTTPStatus.OK))
        return answer.content.decode("utf-8")


def _json(answer: httpx.Response) -> Json:
    if not answer.content:
        return {}
    body: Json = answer.json()
    return body
