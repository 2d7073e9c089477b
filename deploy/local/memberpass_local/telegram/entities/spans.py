"""Entities while they are worked on: counted in characters. On the wire they are counted in UTF-16 code units."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Entity

_BASIC_PLANE = 0xFFFF
STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji"})
VERBATIM = frozenset({"code", "pre"})
MAX_ENTITIES = 100


@dataclass(frozen=True, slots=True)
class Span:
    """One entity of a text, from character `start` up to `end` (not included)."""

    kind: str
    start: int
    end: int
    extra: dict[str, str] = field(default_factory=dict)


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text has: Telegram's unit for offsets."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def to_wire(text: str, spans: Iterable[Span]) -> list[Entity]:
    """The spans as `MessageEntity` objects, in order, 100 at most (Bot API, "Formatting options")."""
    before = _units_before(text)
    ordered = sorted(spans, key=lambda span: (span.start, -span.end, span.kind))
    return [
        Entity(type=span.kind, offset=before[span.start], length=before[span.end] - before[span.start], **span.extra)
        for span in ordered[:MAX_ENTITIES]
    ]


def from_wire(text: str, entities: Sequence[Entity]) -> list[Span]:
    """A caller's `entities` as spans.

    Raises:
        BotApiError: an entity begins or ends outside the text or in the middle of a character.
    """
    position = {units: index for index, units in enumerate(_units_before(text))}
    spans = []
    for entity in entities:
        start, end = position.get(entity.offset), position.get(entity.offset + entity.length)
        if start is None:
            raise BotApiError.bad_request(f"entity begins outside of the text or in the middle of a symbol at {entity.offset}")
        if end is None:
            raise BotApiError.bad_request(f"entity beginning at UTF-16 offset {entity.offset} ends after the end of the text")
        extra = entity.model_dump(include={"url", "language", "custom_emoji_id"}, exclude_none=True)
        if start < end:
            spans.append(Span(entity.type, start, end, extra))
    return spans


def untangle(spans: Iterable[Span]) -> list[Span]:
    """Cut styles out of code and pre, where Telegram shows none, and drop doubles."""
    whole = list({(span.kind, span.start, span.end): span for span in spans}.values())
    verbatim = [span for span in whole if span.kind in VERBATIM]
    result = [span for span in whole if span.kind not in STYLES]
    for span in whole:
        if span.kind in STYLES:
            result.extend(_cut(span, verbatim))
    return result


def _cut(span: Span, holes: Sequence[Span]) -> list[Span]:
    """What is left of a span around the holes."""
    parts = [span]
    for hole in holes:
        parts = [piece for part in parts for piece in _around(part, hole)]
    return parts


def _around(part: Span, hole: Span) -> list[Span]:
    if part.end <= hole.start or hole.end <= part.start:
        return [part]
    pieces = (replace(part, end=hole.start), replace(part, start=hole.end))
    return [piece for piece in pieces if piece.start < piece.end]


def _units_before(text: str) -> list[int]:
    """UTF-16 units before each character, and at the end the text's whole length."""
    units, total = [], 0
    for character in text:
        units.append(total)
        total += 2 if ord(character) > _BASIC_PLANE else 1
    units.append(total)
    return units
