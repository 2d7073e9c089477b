"""Whether a text has the form of an access code. Pure and loose: which symbols are good is for codes-api to say.

Reading a code drops spaces and every kind of dash (`rules.md` C1); a deep link's payload comes in several forms (C11).
"""

import re
import unicodedata

SYMBOLS = 16
_FORM = re.compile(r"[0-9A-Za-z]{16}")
_PAYLOAD = re.compile(r"^code[_=-]", re.IGNORECASE)
_GROUPED = re.compile(r"(?<![0-9A-Za-z-])[0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3}(?![0-9A-Za-z-])")
_IMPORTED = re.compile(r"[0-9A-Za-z._-]{6,64}")
LONGEST_IN_A_BUTTON = 56
"""Telegram's 64 bytes less what the button does."""
_MINUS = "\N{MINUS SIGN}"


def bare_code(text: str) -> str | None:
    """The 16 symbols of a text that is a code and nothing else, upper-case; None if it isn't one."""
    kept = "".join(
        symbol
        for symbol in text
        if not symbol.isspace() and symbol != _MINUS and unicodedata.category(symbol) not in {"Pd", "Cf"}
    )
    return kept.upper() if _FORM.fullmatch(kept) else None


def imported_form(text: str) -> bool:
    """Whether a message could be a code that its creator brought from another system: one word of 6 to 64 safe characters."""
    return _IMPORTED.fullmatch(text.strip()) is not None


def button_code(text: str) -> str | None:
    """A typed code in the form that a button holds; None if it has not the form of one, or is too long."""
    whole = text.strip()
    return bare_code(text) or (whole.upper() if imported_form(whole) and len(whole) <= LONGEST_IN_A_BUTTON else None)


def find_code(text: str) -> str | None:
    """The code in a message: the whole message, also as a link's payload, or the one code that a forwarded message holds
    in its printed form."""
    whole = bare_code(text) or bare_code(_PAYLOAD.sub("", text.strip(), count=1))
    if whole is not None:
        return whole
    printed = {found.upper() for found in _GROUPED.findall(text)}
    return bare_code(printed.pop()) if len(printed) == 1 else None


def code_of_payload(payload: str) -> str | None:
    """What the payload of `/start` says as a code: `code_...`, `code=...`, `code-...` or the bare code (C11).

    After a prefix anything is taken, so that a link with a typing mistake is answered as one. None: no code is meant.
    """
    # The whole first: a code whose first group reads "CODE" must not lose it.
    if (whole := bare_code(payload)) is not None:
        return whole
    prefix = _PAYLOAD.match(payload)
    return (payload[prefix.end() :].strip() or None) if prefix else None
