"""Entities that Telegram finds by itself: commands, mentions, hashtags, addresses."""

import re
from collections.abc import Sequence

from memberpass_local.telegram.entities.spans import VERBATIM, Span

_TOP_LEVEL = "app|bot|com|de|dev|eu|info|io|me|net|org|shop|site|ru|uk"
_PATTERNS = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+\b")),
    ("url", re.compile(r"(?i)(?<![\w@])(?:https?|tg|ton)://[^\s<>\"«»]*[^\s<>\"«».,:;!?'\])}]")),
    (
        "url",
        re.compile(
            rf"(?i)(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:{_TOP_LEVEL})(?![\w.-]*\w)(?:[/?#](?:[^\s<>\"«»]*[^\s<>\"«».,:;!?'\])}}])?)?"
        ),
    ),
    ("bot_command", re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/])")),
    ("mention", re.compile(r"(?<![\w/@])@[A-Za-z0-9_]{4,32}(?![\w@])")),
    ("hashtag", re.compile(r"(?<![\w#])#(?!\d+\b)\w{1,256}(?!#)")),
)
_BUSY = VERBATIM | {"text_link", "text_mention"}


def detect(text: str, marked: Sequence[Span] = ()) -> list[Span]:
    """What Telegram marks by itself, outside of the code and links that the sender marked."""
    taken = [(span.start, span.end) for span in marked if span.kind in _BUSY]
    found = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if all(match.end() <= start or match.start() >= end for start, end in taken):
                taken.append(match.span())
                found.append(Span(kind, match.start(), match.end()))
    return found
