"""The buttons under messages. Callback data stays far below Telegram's 64 bytes."""

import re

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot_gateway import texts
from bot_gateway.code_form import LONGEST_IN_A_BUTTON

HOME = "home"
ASK = "ask"
STATUS = "status"
HELP = "help"
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


def after_redeeming() -> InlineKeyboardMarkup:
    """Under the result."""
    return _rows((texts.BUTTON_MEMBERSHIPS, STATUS))


def after_refusal() -> InlineKeyboardMarkup:
    """Under a refusal: another code, or back."""
    return _rows((texts.BUTTON_ANOTHER, ASK), (texts.BUTTON_BACK, HOME))


def back() -> InlineKeyboardMarkup:
    """To the plan list."""
    return _rows((texts.BUTTON_BACK, HOME))


def status() -> InlineKeyboardMarkup:
    """Under the memberships."""
    return _rows((texts.BUTTON_REDEEM, ASK), (texts.BUTTON_BACK, HOME))


def _rows(*buttons: tuple[str, str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=data)] for text, data in buttons])
