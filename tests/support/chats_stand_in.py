"""The part of the codes-api stand-in that knows private chats: who may be in them, the links kept, who has to leave."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter, Response
from shared.contracts.chats import Departed, Departure, EndingMembership, InviteLink, KeepInvite, MemberChat, MemberChats

from tests.support.refusal import Refusal


class ChatsStandIn:
    """Chats of one project, with switches."""

    def __init__(self) -> None:
        self.chats: dict[int, str] = {}
        self.entitled: set[int] = set()
        self.invites: dict[tuple[int, int], InviteLink] = {}
        self.troubles: list[int] = []
        self.leaving_member = 0
        self.comes_back = False
        self.races = False
        self.ending = EndingMembership(telegram_id=1, plan_name="Gold", ends_at=None, running=True)

    def chat_routes(self) -> APIRouter:
        """Below the project's path."""
        router = APIRouter()
        router.get("/members/{telegram_id}/chats")(self._member_chats)
        router.put("/members/{telegram_id}/chats/{chat_id}/invite", response_model=None)(self._keep_invite)
        router.post("/chats/{chat_id}/trouble")(self._trouble)
        router.get("/memberships/{membership_id}/departure")(self._departure)
        router.post("/memberships/{membership_id}/departure")(self._departed)
        router.get("/memberships/{membership_id}/end")(self._end)
        return router

    async def _member_chats(self, telegram_id: int) -> MemberChats:
        chats = self._chats_of(telegram_id) if telegram_id in self.entitled else []
        return MemberChats(data=chats, invites_until=datetime.now(UTC) + timedelta(days=1))

    async def _keep_invite(self, telegram_id: int, chat_id: int, body: KeepInvite) -> InviteLink | Response:
        if telegram_id not in self.entitled:
            return Refusal(404, "not_found").response()
        key = (telegram_id, chat_id)
        if self.races:  # another gateway made one in the meantime
            self.invites[key] = body.invite.model_copy(update={"link": "https://t.me/+quicker"})
        kept = self.invites.get(key)
        if kept is None or kept.link == body.instead_of:
            self.invites[key] = body.invite
        return self.invites[key]

    async def _trouble(self, chat_id: int) -> dict[str, str]:
        self.troubles.append(chat_id)
        return {}

    async def _departure(self) -> Departure:
        member = self.leaving_member
        gone = member not in self.entitled
        return Departure(telegram_id=member, plan_name="Gold", gone=gone, chats=self._chats_of(member))

    async def _departed(self, body: Departed) -> Departure:
        if self.comes_back:
            self.entitled.add(self.leaving_member)
        self.invites = {key: kept for key, kept in self.invites.items() if kept.link not in body.links}
        return await self._departure()

    async def _end(self) -> EndingMembership:
        return self.ending

    def _chats_of(self, telegram_id: int) -> list[MemberChat]:
        return [
            MemberChat(chat_id=chat_id, title=title, invite=self.invites.get((telegram_id, chat_id)))
            for chat_id, title in self.chats.items()
        ]
