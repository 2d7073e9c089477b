"""What is looked up for a text: a generated code in its one form (`rules.md` C1), or a code of another system. Pure.

A creator who moves here brings codes of any form of 6 to 64 safe characters, matched case-insensitively. They stand
upper-case in the same column as generated codes. A text that reads as a generated code, check symbol and all, is one, also
in an import: both ways lead to the same 16 symbols. Everything else is an imported code or nothing. One of 16 letters and
digits is read like a generated one, with dashes anywhere or none: people are shown and type both alike.
"""

import re
from typing import Final

from codes_api.codes.alphabet import canonical, undashed, well_typed, without_payload

SHORTEST: Final = 6
LONGEST: Final = 64
_SAFE: Final = re.compile(r"[A-Z0-9._-]*")
_SIXTEEN: Final = re.compile(r"[A-Z0-9]{16}")


def generated(typed: str) -> str | None:
    """The 16 symbols of a text that reads as a generated code; None if it doesn't, or was mistyped."""
    code = canonical(typed)
    return code if code is not None and well_typed(code) else None


def safe(value: str) -> bool:
    """Whether an upper-case text has only the characters that an imported code may have."""
    return _SAFE.fullmatch(value) is not None


def upper(value: str) -> str:
    """Upper-case letters for the 26; others are left, because some change their length (and no code has them)."""
    return value.translate(_UPPER)


def stored_form(value: str) -> str:
    """How an imported code stands in the database: safe characters only, 6 to 64 of them."""
    return generated(value) or _sixteen(value) or upper(value)


def spellings(typed: str) -> list[str]:
    """What a typed text can be in the database, the likeliest first; nothing for a text that can be no code."""
    code = generated(typed)
    if code is not None:
        return [code]
    whole = upper(typed.strip())
    forms = [_sixteen(typed), whole, canonical(typed), upper(without_payload(typed).strip())]
    return list(dict.fromkeys(form for form in forms if form and SHORTEST <= len(form) <= LONGEST and safe(form)))


def _sixteen(value: str) -> str | None:
    symbols = upper(undashed(value))
    return symbols if _SIXTEEN.fullmatch(symbols) else None


_UPPER: Final = {ord(symbol): symbol.upper() for symbol in "abcdefghijklmnopqrstuvwxyz"}
