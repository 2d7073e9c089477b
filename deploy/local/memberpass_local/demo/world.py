"""What the chapters share: where the stack is, who the people are, what came out so far."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from memberpass_local.demo.checks import StoryError, must
from memberpass_local.demo.people import Chat, Json, Rest
from memberpass_local.demo.teller import Teller
from memberpass_local.stack_file import StackFile

CREATOR, MIA, BEN, ZOE = 1001, 2001, 2002, 2003
"""Telegram ids."""


@dataclass
class World:
    """The stage of the story."""

    urls: StackFile
    http: httpx.AsyncClient
    teller: Teller
    suffix: str
    """Keeps names apart where databases outlive a demo."""
    things: dict[str, Any] = field(default_factory=dict)

    def billing(self, key: str | None = None) -> Rest:
        """billing-api, as somebody."""
        return Rest(self.http, self.urls.billing_api, key)

    def codes(self, key: str) -> Rest:
        """codes-api, as a creator."""
        return Rest(self.http, self.urls.codes_api, key)

    def chat(self, user_id: int, bot: str | None = None) -> Chat:
        """Somebody's chat with the creator's bot (or another)."""
        return Chat(self.http, self.urls.telegram, bot or self["bot"], user_id)

    async def new_bot(self, username: str) -> Json:
        """A bot, as @BotFather would give it."""
        answer = await self.http.post(f"{self.urls.telegram}/sandbox/bots", json={"username": username})
        must(answer.is_success, f"the sandbox Telegram gave no bot: {answer.text}")
        bot: Json = answer.json()
        return bot

    async def new_group(self, title: str) -> int:
        """A private group whose administrator is the creator's bot; its number at Telegram."""
        body = {"title": title, "bot": self["bot"]}
        answer = await self.http.post(f"{self.urls.telegram}/sandbox/groups", json=body)
        must(answer.is_success, f"the sandbox Telegram made no group: {answer.text}")
        chat_id: int = answer.json()["chat_id"]
        return chat_id

    async def joins(self, user_id: int, invite_link: str) -> bool:
        """Somebody opens an invite link; whether it let them in."""
        body = {"user_id": user_id, "invite_link": invite_link}
        answer = await self.http.post(f"{self.urls.telegram}/sandbox/groups/joins", json=body)
        return answer.is_success

    def __getitem__(self, name: str) -> Any:
        """What an earlier chapter left.

        Raises:
            StoryError: none did.
        """
        if name not in self.things:
            raise StoryError(f"no chapter has set {name!r}")
        return self.things[name]

    def __setitem__(self, name: str, thing: Any) -> None:
        self.things[name] = thing
