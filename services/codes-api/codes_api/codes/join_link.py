"""The link that brings a member into the bot with the code applied (`rules.md` C11). Pure."""

from typing import overload

from codes_api.codes.alphabet import shown


@overload
def join_link(template: str, bot: str, code: str) -> str: ...
@overload
def join_link(template: str, bot: None, code: str) -> None: ...
@overload
def join_link(template: str, bot: str | None, code: str) -> str | None: ...
def join_link(template: str, bot: str | None, code: str) -> str | None:
    """The join link of a canonical code; None while the project has no bot.

    The code stands in it as the creator reads it elsewhere, XXXX-XXXX-XXXX-XXXX: Telegram allows `A-Za-z0-9_-` in a
    start payload, up to 64 characters.

    Args:
        template: holds `{bot}` and `{code}`; a setting.
        bot: the bot's username.
        code: 16 symbols.
    """
    return None if bot is None else template.format(bot=bot, code=shown(code))
