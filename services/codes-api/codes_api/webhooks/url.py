"""The form of an endpoint's URL. Pure; where it leads is `courier.py`'s question."""

import re
from typing import Final

import httpx

from codes_api.webhooks.errors import WebhookUrlInvalidError

MAX_URL: Final = 2000
MAX_PORT: Final = 65535
_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")  # a name (in ASCII by then), or an address


def checked_url(url: str, *, plain_http: bool) -> str:
    """The URL as it is kept.

    Args:
        plain_http: whether http will do as well as https (the sandbox).

    Raises:
        WebhookUrlInvalidError: it is too long, no absolute https URL, or has credentials or a fragment.
    """
    if not 1 <= len(url) <= MAX_URL:
        raise WebhookUrlInvalidError(f"A URL has 1 to {MAX_URL} characters.")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise WebhookUrlInvalidError("This is no URL.") from error
    if parsed.scheme not in ({"https", "http"} if plain_http else {"https"}):
        raise WebhookUrlInvalidError("The URL must begin with https://.")
    if not _HOST.fullmatch(parsed.raw_host):
        raise WebhookUrlInvalidError("The URL names no server.")
    if parsed.userinfo:
        raise WebhookUrlInvalidError("The URL must not hold a user name or a password; the signature says who sends.")
    if parsed.fragment:
        raise WebhookUrlInvalidError("The URL must not have a fragment (#...).")
    if parsed.port is not None and not 1 <= parsed.port <= MAX_PORT:
        raise WebhookUrlInvalidError("There is no such port.")
    return str(parsed)
