"""The link that brings a member into the bot with the code applied (`rules.md` C11). Pure."""

import re
from typing import Final

from codes_api.codes.alphabet import shown

LONGEST: Final = 56
"""A start payload has at most 64 characters, and so has what stands behind the button that confirms."""
_IN_A_LINK: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")


def join_link(template: str, bot: str | None, code: str) -> str | None:
    """The join link of a stored code; None while the project has no bot, and for an imported code that no link can hold.

    The code stands in it as the creator reads it elsewhere, XXXX-XXXX-XXXX-XXXX: Telegram allows `A-Za-z0-9_-` in a
    start payload, up to 64 characters.

    Args:
        template: holds `{bot}` and `{code}`; a setting.
        bot: the bot's username.
        code: as it is stored.
    """
    if bot is None or _IN_A_LINK.fullmatch(code) is None:
        return None
    return template.format(bot=bot, code=shown(code))


def bot_link(template: str, bot: str, code: str) -> str:
    """The join link, or where there can't be one a link to the bot, where the code is typed."""
    return join_link(template, bot, code) or f"https://t.me/{bot}"
