"""The buttons under messages. Callback data stays far below Telegram's 64 bytes."""

import re

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot_gateway import texts
from bot_gateway.chats.invite import NO_WAYS, Ways
from bot_gateway.code_form import LONGEST_IN_A_BUTTON
from bot_gateway.people import plain_name

HOME = "home"
ASK = "ask"
STATUS = "status"
HELP = "help"
JOIN = "join"
REDEEM = "redeem:"
PREVIEW = "preview:"
_WITH_CODE = re.compile(rf"(?:redeem|preview):([0-9A-Z._-]{{6,{LONGEST_IN_A_BUTTON}}})")


def code_of(data: str | None) -> str | None:
    """The code in callback data that this module made; None for anything else."""
    found = _WITH_CODE.fullmatch(data or "")
    return found[1] if found else None


def start() -> InlineKeyboardMarkup:
    """Under the plan list."""
    return _rows((texts.BUTTON_REDEEM, ASK), (texts.BUTTON_MEMBERSHIPS, STATUS))


def confirm(code: str) -> InlineKeyboardMarkup:
    """The one button under a preview (`rules.md` T1). `code`: as codes-api has it, up to `LONGEST_IN_A_BUTTON` characters."""
    return _rows((texts.BUTTON_CONFIRM, REDEEM + code))


def redeem_again(code: str) -> InlineKeyboardMarkup:
    """When redeeming could not be tried: the same once more."""
    return _rows((texts.BUTTON_AGAIN, REDEEM + code))


def preview_again(code: str) -> InlineKeyboardMarkup:
    """When a code could not be looked at: the same once more."""
    return _rows((texts.BUTTON_AGAIN, PREVIEW + code))


def after_redeeming(ways: Ways = NO_WAYS) -> InlineKeyboardMarkup:
    """Under the result: the links into the project's chats, a button for those that could not be made, the memberships."""
    return _with_links(ways, *_join_again(ways), (texts.BUTTON_MEMBERSHIPS, STATUS))


def joining(ways: Ways) -> InlineKeyboardMarkup:
    """Under the links that a member asked for."""
    return _with_links(ways, *_join_again(ways), (texts.BUTTON_BACK, HOME))


def way_back() -> InlineKeyboardMarkup:
    """When a membership ends or has ended: another code, or the plan list."""
    return _rows((texts.BUTTON_REDEEM, ASK), (texts.BUTTON_PLANS, HOME))


def after_refusal() -> InlineKeyboardMarkup:
    """Under a refusal: another code, or back."""
    return _rows((texts.BUTTON_ANOTHER, ASK), (texts.BUTTON_BACK, HOME))


def back() -> InlineKeyboardMarkup:
    """To the plan list."""
    return _rows((texts.BUTTON_BACK, HOME))


def status(*, chats: bool = False) -> InlineKeyboardMarkup:
    """Under the memberships. `chats`: they let the member into private chats."""
    join = [(texts.BUTTON_JOIN, JOIN)] if chats else []
    return _rows(*join, (texts.BUTTON_REDEEM, ASK), (texts.BUTTON_BACK, HOME))


def _join_again(ways: Ways) -> list[tuple[str, str]]:
    return [(texts.BUTTON_JOIN, JOIN)] if ways.missing else []


def _with_links(ways: Ways, *buttons: tuple[str, str]) -> InlineKeyboardMarkup:
    links = [[InlineKeyboardButton(text=plain_name(f"Join {title}"), url=link)] for title, link in ways.links]
    return InlineKeyboardMarkup(inline_keyboard=[*links, *_rows(*buttons).inline_keyboard])


def _rows(*buttons: tuple[str, str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=data)] for text, data in buttons])
