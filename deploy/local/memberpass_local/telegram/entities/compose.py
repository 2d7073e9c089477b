"""From what a bot sends to what is shown: markup, cleaning, trimming, lengths."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from memberpass_local.telegram.entities.detect import detect
from memberpass_local.telegram.entities.html import parse_html
from memberpass_local.telegram.entities.markdown import parse_markdown
from memberpass_local.telegram.entities.markdown_v2 import parse_markdown_v2
from memberpass_local.telegram.entities.spans import Span, from_wire, to_wire, untangle
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Entity

MAX_TEXT = 4096
MAX_CAPTION = 1024
_MAX_SOURCE_BYTES = 1 << 15
_PARSERS = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BLANK = re.compile(r"[\s\u200b\u2060\ufeff]*")


@dataclass(frozen=True, slots=True)
class Formatted:
    """Visible text and its entities."""

    text: str = ""
    entities: list[Entity] = field(default_factory=list)


def plain(text: str) -> Formatted:
    """A person's text: no markup, cleaned and trimmed; commands, links and the like are found."""
    return _finish(text, [])


def compose_text(text: str, parse_mode: str, entities: Sequence[Entity]) -> Formatted:
    """A message's text: 1..4096 characters after parsing.

    Raises:
        BotApiError: 400 with the real server's sentence.
    """
    if not text:
        raise BotApiError.bad_request("message text is empty")
    formatted = _compose(text, parse_mode, entities)
    if not formatted.text:
        raise BotApiError.bad_request("text must be non-empty")
    if len(formatted.text) > MAX_TEXT:
        raise BotApiError.bad_request("message is too long")
    return formatted


def compose_caption(text: str, parse_mode: str, entities: Sequence[Entity]) -> Formatted:
    """A file's caption: 0..1024 characters after parsing.

    Raises:
        BotApiError: 400 with the real server's sentence.
    """
    formatted = _compose(text, parse_mode, entities)
    if len(formatted.text) > MAX_CAPTION:
        raise BotApiError.bad_request("message caption is too long")
    return formatted


def _compose(text: str, parse_mode: str, entities: Sequence[Entity]) -> Formatted:
    if len(text.encode("utf-8", "surrogatepass")) > _MAX_SOURCE_BYTES:
        raise BotApiError.bad_request("text is too long")
    mode = parse_mode.lower()
    if mode in {"", "none"}:
        return _finish(text, from_wire(text, entities))
    if mode not in _PARSERS:
        raise BotApiError.bad_request("unsupported parse_mode")
    return _finish(*_PARSERS[mode](text))


def _finish(text: str, spans: list[Span]) -> Formatted:
    text, spans = _without_carriage_returns(text, spans)
    text = _CONTROL.sub(" ", text)
    if _BLANK.fullmatch(text):
        return Formatted()
    spans = [span for span in spans if not _BLANK.fullmatch(text, span.start, span.end)]
    end = len(text.rstrip())
    first = min((span.start for span in spans), default=end)
    begin = min(len(text) - len(text.lstrip(" \n")), first)
    trimmed = [
        replace(span, start=span.start - begin, end=min(span.end, end) - begin)
        for span in spans
        if span.start < min(span.end, end)
    ]
    marked = untangle(trimmed)
    shown = text[begin:end]
    return Formatted(shown, to_wire(shown, [*marked, *detect(shown, marked)]))


def _without_carriage_returns(text: str, spans: list[Span]) -> tuple[str, list[Span]]:
    if "\r" not in text:
        return text, spans
    moved = [
        replace(span, start=span.start - text.count("\r", 0, span.start), end=span.end - text.count("\r", 0, span.end))
        for span in spans
    ]
    return text.replace("\r", ""), moved
