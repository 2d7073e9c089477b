"""The smallest Bot API server that can be: five methods, anything else is a plain 404. It doesn't hold requests open."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import FastAPI, Request, Response

KNOWN = ("getMe", "getUpdates", "sendMessage", "editMessageText", "answerCallbackQuery")


@dataclass
class MinimalBotApi:
    """One bot, one member. `failures`: statuses that getUpdates answers with first."""

    token: str
    bot_id: int
    username: str
    member: int = 501
    updates: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    failures: list[int] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()
        app.post("/bot{token}/{method}")(self.call)
        return app

    def say(self, text: str) -> None:
        self._push("message", self._message(self._user(), text))

    def press(self, message_id: int, data: str) -> None:
        message = self._message({"id": self.bot_id, "is_bot": True, "first_name": "Bot"}, "x") | {"message_id": message_id}
        self._push("callback_query", {"id": "1", "from": self._user(), "message": message, "chat_instance": "1", "data": data})

    def push_raw(self, payload: dict[str, Any]) -> None:
        self.updates.append({"update_id": len(self.updates) + 1, **payload})

    @property
    def last(self) -> dict[str, Any]:
        return self.messages[max(self.messages)]

    async def call(self, token: str, method: str, request: Request) -> Response:
        if token != self.token or method not in KNOWN:
            return Response("not found", 404)
        self.called.append(method)
        form = dict(parse_qsl((await request.body()).decode()))
        if method == "getUpdates" and self.failures:
            status = self.failures.pop(0)
            return self._answer(status, {"ok": False, "error_code": status, "description": "as told"})
        return self._answer(200, {"ok": True, "result": getattr(self, f"_{method}")(form)})

    @staticmethod
    def _answer(status: int, body: dict[str, Any]) -> Response:
        return Response(orjson.dumps(body), status, media_type="application/json")

    def _getMe(self, _: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        return {"id": self.bot_id, "is_bot": True, "first_name": "Bot", "username": self.username}

    def _getUpdates(self, form: dict[str, str]) -> list[dict[str, Any]]:  # noqa: N802
        offset = int(form.get("offset", 0))
        self.offsets.append(offset)
        return [update for update in self.updates if update["update_id"] >= offset]

    def _sendMessage(self, form: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        message_id = len(self.messages) + 1000
        self.messages[message_id] = form | {"message_id": message_id}
        return self._message(self._getMe({}), form["text"]) | {"message_id": message_id}

    def _editMessageText(self, form: dict[str, str]) -> bool:  # noqa: N802
        self.messages[int(form["message_id"])] |= form | {"message_id": int(form["message_id"])}
        return True

    def _answerCallbackQuery(self, _: dict[str, str]) -> bool:  # noqa: N802
        return True

    def _push(self, kind: str, payload: dict[str, Any]) -> None:
        self.push_raw({kind: payload})

    def _user(self) -> dict[str, Any]:
        return {"id": self.member, "is_bot": False, "first_name": "Ann"}

    def _message(self, sender: dict[str, Any], text: str) -> dict[str, Any]:
        chat = {"id": self.member, "type": "private", "first_name": "Ann"}
        return {"message_id": len(self.updates) + 1, "date": int(time.time()), "chat": chat, "from": sender, "text": text}
