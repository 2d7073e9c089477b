"""`reply_markup`, as strict as the real server (telegram-bot-api `Client.cpp`, TDLib `ReplyMarkup.cpp`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from memberpass_local.telegram.entities.links import checked_link
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Button, ReplyKeyboard

MAX_CALLBACK_BYTES = 64
MAX_BUTTONS = 100
_MAX_COPY_TEXT = 256


@dataclass(frozen=True, slots=True)
class Markup:
    """Buttons under the message, or a change of the person's keyboard, or neither."""

    buttons: list[list[Button]] = field(default_factory=list)
    keyboard: ReplyKeyboard | None = None


def read_markup(value: object) -> Markup:
    """Read `reply_markup`.

    Args:
        value: the decoded JSON, None if it was not given.

    Raises:
        BotApiError: 400 with the real server's sentence.
    """
    if value is None:
        return Markup()
    if not isinstance(value, dict):
        raise BotApiError.bad_request("object expected as reply markup")
    if value.get("keyboard"):
        return Markup(keyboard=_reply_keyboard(value))
    if "inline_keyboard" in value:
        return Markup(buttons=_inline_rows(value["inline_keyboard"]))
    if value.get("remove_keyboard"):
        return Markup(keyboard=ReplyKeyboard(kind="remove"))
    if value.get("force_reply"):
        return Markup(keyboard=ReplyKeyboard(kind="force_reply", placeholder=_placeholder(value)))
    return Markup()


def _inline_rows(rows: object) -> list[list[Button]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BotApiError.bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    read = [[_inline_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in read) > MAX_BUTTONS:
        raise BotApiError.bad_request("reply markup is too long")
    return read


def _inline_button(button: object) -> Button:
    if not isinstance(button, dict):
        raise _bad_button("InlineKeyboardButton must be an Object")
    text = _string(button, "text")
    if text is None:
        raise _bad_button('Can\'t find field "text"')
    if not text.strip():
        raise BotApiError.bad_request("inline keyboard button text must be non-empty")
    if url := _string(button, "url") or _inner(button, "login_url", "url"):
        return Button(text=text, url=_checked(url))
    if data := _string(button, "callback_data"):
        return Button(text=text, callback_data=_callback_data(data))
    if address := _inner(button, "web_app", "url"):
        return Button(text=text, web_app=_secure(address))
    if copied := _inner(button, "copy_text", "text"):
        return Button(text=text, copy_text=_copied(copied))
    raise _bad_button("Text buttons are unallowed in the inline keyboard")


def _callback_data(data: str) -> str:
    if len(data.encode()) > MAX_CALLBACK_BYTES:
        raise BotApiError.bad_request("BUTTON_DATA_INVALID")
    return data


def _copied(text: str) -> str:
    if len(text) > _MAX_COPY_TEXT:
        raise BotApiError.bad_request("BUTTON_COPY_TEXT_INVALID")
    return text


def _secure(address: str) -> str:
    if not address.startswith("https://"):
        raise BotApiError.bad_request(f"inline keyboard button Web App URL '{address}' is invalid: Only HTTPS links are allowed")
    return address


def _reply_keyboard(value: Mapping[str, object]) -> ReplyKeyboard:
    rows = value["keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise BotApiError.bad_request('field "keyboard" must be an Array of Arrays')
    read = [[_keyboard_text(button) for button in row] for row in rows if row]
    return ReplyKeyboard(
        kind="keyboard", rows=read, one_time=value.get("one_time_keyboard") is True, placeholder=_placeholder(value)
    )


def _keyboard_text(button: object) -> str:
    text = button if isinstance(button, str) else _string(button, "text") if isinstance(button, dict) else None
    if text is None:
        raise BotApiError.bad_request("can't parse keyboard button: KeyboardButton must be a String or an Object")
    if not text.strip():
        raise BotApiError.bad_request("keyboard button text must be non-empty")
    return text


def _placeholder(value: Mapping[str, object]) -> str | None:
    placeholder = value.get("input_field_placeholder")
    return placeholder if isinstance(placeholder, str) and placeholder else None


def _string(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise _bad_button(f'Field "{name}" must be of type String')


def _inner(fields: Mapping[str, object], name: str, inner: str) -> str | None:
    value = fields.get(name)
    return _string(value, inner) if isinstance(value, dict) else None


def _checked(url: str) -> str:
    link = checked_link(url)
    if link is None:
        raise BotApiError.bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return link


def _bad_button(problem: str) -> BotApiError:
    return BotApiError.bad_request(f"can't parse inline keyboard button: {problem}")
