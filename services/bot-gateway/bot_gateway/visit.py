"""One member in one bot's private chat, for the length of one update."""

from dataclasses import dataclass

from aiogram.fsm.context import FSMContext
from aiogram.types import InlineKeyboardMarkup
from shared.clients.codes import CodesClient
from shared.contracts.bots import ConnectedBot, LinkOwnerChat, OwnerChatLinked
from shared.contracts.redemptions import CodePreview, MemberView, Redemption, TypedCode

from bot_gateway.chats.invite import Ways, ways_in
from bot_gateway.talk import Talk


@dataclass(frozen=True, slots=True)
class Visit:
    """What a handler works with: codes-api's view of this member, and the chat to answer in.

    Attributes:
        codes: decides everything.
        connected: the bot and its project.
        telegram_id: the member; in a private chat also the chat's id.
        state: what the conversation remembers.
        talk: the bot's voice.
        pressed: the message whose button was pressed; None for a written message.
    """

    codes: CodesClient
    connected: ConnectedBot
    telegram_id: int
    state: FSMContext
    talk: Talk
    pressed: int | None

    async def answer(self, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
        """Answer in the place of the pressed message, or with a new one."""
        await self.talk.replace(self.pressed, text, keyboard)

    async def view(self) -> MemberView:
        """The plans on offer and the member's memberships."""
        return await self.codes.member_view(self.connected.account_id, self.connected.project_id, self.telegram_id)

    async def preview(self, text: str) -> CodePreview:
        """What a code would give. Raises RemoteProblem as `CodesClient.preview_code` does."""
        return await self.codes.preview_code(self.connected.account_id, self.connected.project_id, self._typed(text))

    async def knows(self, text: str) -> bool:
        """Whether a text that nobody asked for is an imported code of the project."""
        return await self.codes.known_code(self.connected.account_id, self.connected.project_id, self._typed(text))

    async def redeem(self, text: str) -> Redemption:
        """Redeem a code. Raises RemoteProblem as `CodesClient.redeem` does."""
        return await self.codes.redeem(self.connected.account_id, self.connected.project_id, self._typed(text))

    async def ways_in(self, *, fresh: bool = False) -> Ways:
        """The links into the project's chats; none are made and nobody is asked where it names none."""
        return await ways_in(self.codes, self.talk.bot, self.connected, self.telegram_id, fresh=fresh)

    async def link_owner(self, link_token: str) -> OwnerChatLinked:
        """This chat is the creator's. Raises RemoteProblem as `CodesClient.link_owner_chat` does."""
        link = LinkOwnerChat(link_token=link_token, chat_id=self.telegram_id)
        return await self.codes.link_owner_chat(self.connected.account_id, self.connected.project_id, link)

    def _typed(self, text: str) -> TypedCode:
        return TypedCode(text=text, telegram_id=self.telegram_id)
