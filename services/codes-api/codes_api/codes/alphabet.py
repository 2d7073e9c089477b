"""The form of an access code (`rules.md` C1). Pure.

15 random symbols of Crockford's base 32 (75 bits) and a check symbol by the Luhn algorithm modulo 32, which notices every
single wrong symbol and every swap of neighbours but that of the first and the last symbol of the alphabet (0 and Z).
"""

import re
import secrets
import unicodedata
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_SYMBOLS: Final = 15
LENGTH: Final = RANDOM_SYMBOLS + 1
GROUP: Final = 4

_VALUE: Final = {symbol: value for value, symbol in enumerate(ALPHABET)}
_BASE: Final = len(ALPHABET)
_DOUBLED: Final = {symbol: 2 * value // _BASE + 2 * value % _BASE for symbol, value in _VALUE.items()}
_OF_BYTES: Final = bytes(ord(ALPHABET[byte % _BASE]) for byte in range(256))
_DOUBLED_OF_BYTES: Final = bytes(_DOUBLED[ALPHABET[byte % _BASE]] for byte in range(256))
_CHECKS: Final = bytes(ord(ALPHABET[-byte % _BASE]) for byte in range(256))
_LOOKALIKES: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_PLAIN: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}")
_MINUS: Final = "\u2212"  # used as a dash, though Unicode calls it a symbol
_PAYLOAD: Final = re.compile(r"^\s*(?:(?:https?://)?t\.me/\w+\?start=|/start\s+)?(?:code[=_-])?", re.IGNORECASE)


def new_code() -> str:
    """A fresh code of 16 symbols from the system's randomness."""
    (code,) = new_codes(1)
    return code


def new_codes(number: int) -> list[str]:
    """Like `new_code`, so many: five bits are taken of each byte that the system gives.

    All codes are worked on side by side, place by place, which takes an eighth of the time of one after the other.
    """
    places = [secrets.token_bytes(number) for _ in range(RANDOM_SYMBOLS)]
    written = bytearray(LENGTH * number)
    for place, drawn in enumerate(places):
        written[place::LENGTH] = drawn.translate(_OF_BYTES)
    written[RANDOM_SYMBOLS::LENGTH] = _check_symbols(places)
    text = written.decode("ascii")
    return [text[start : start + LENGTH] for start in range(0, len(text), LENGTH)]


def _check_symbols(places: list[bytes]) -> bytes:
    """`check_symbol` of many bodies at once: `places` holds their first symbols, their second ones, and so on, each symbol as any
    byte that stands for it. A whole number is a row of bytes, and adding two adds all of them: eight values below 32 at a time,
    so that no sum runs over into its neighbour."""
    number = len(places[0])
    low = int.from_bytes(bytes([_BASE - 1]) * number)
    doubled = sum(int.from_bytes(place.translate(_DOUBLED_OF_BYTES)) for place in places[::-2])
    plain = sum(int.from_bytes(place) & low for place in places[-2::-2])
    return ((doubled & low) + (plain & low)).to_bytes(number).translate(_CHECKS)


def check_symbol(body: str) -> str:
    """The check symbol that goes behind `body` (canonical symbols only): Luhn mod 32, every second value doubled from the
    right, digits of a doubled value added in base 32."""
    total = sum(map(_DOUBLED.__getitem__, body[::-2])) + sum(map(_VALUE.__getitem__, body[-2::-2]))
    return ALPHABET[-total % _BASE]


def canonical(typed: str) -> str | None:
    """What somebody typed, tapped or pasted, as the 16 stored symbols; None if it has not the form of a code.

    Upper-cases, drops spaces and every kind of dash, reads O as 0 and I and L as 1, and takes the payload forms
    `code_...`, `code=...`, `code-...`, also in a whole join link (`rules.md` C1, C11). The check symbol is not looked at:
    see `well_typed`.
    """
    plain = typed.replace("-", "").upper()
    if _PLAIN.fullmatch(plain):  # as we show it: spares nearly everybody the long way
        return plain
    text = unicodedata.normalize("NFKC", typed)
    # The whole text first: a code whose first group looks like "code" must not lose it.
    for symbols in (fragment(text), fragment(_PAYLOAD.sub("", text, count=1))):
        if symbols is not None and len(symbols) == LENGTH:
            return symbols
    return None


def fragment(typed: str) -> str | None:
    """Like `canonical` for a piece of a code, as somebody remembers it: its symbols; None if one can't be of a code."""
    symbols = undashed(typed).upper().translate(_LOOKALIKES)
    return None if any(symbol not in _VALUE for symbol in symbols) else symbols


def undashed(typed: str) -> str:
    """What somebody typed without spaces and any kind of dash."""
    text = unicodedata.normalize("NFKC", typed)
    kept = "".join(symbol for symbol in text if not (symbol.isspace() or unicodedata.category(symbol) in {"Pd", "Cf"}))
    return kept.replace(_MINUS, "")


def without_payload(typed: str) -> str:
    """What somebody typed without the start of a join link and the `code_` before a code."""
    return _PAYLOAD.sub("", unicodedata.normalize("NFKC", typed), count=1)


def well_typed(code: str) -> bool:
    """Whether the check symbol of a canonical code is right; if not, it was mistyped and no look-up is needed."""
    return check_symbol(code[:-1]) == code[-1]


def shown(code: str) -> str:
    """A stored code as people read it: XXXX-XXXX-XXXX-XXXX; one that was imported in another form as it is."""
    return grouped(code) if is_plain(code) else code


def is_plain(code: str) -> bool:
    """Whether a stored code has the form of a generated one."""
    return _PLAIN.fullmatch(code) is not None


def grouped(code: str) -> str:
    """Like `shown` for a code that is known to be plain: a tenth of the time, where there are a million."""
    return f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}"
