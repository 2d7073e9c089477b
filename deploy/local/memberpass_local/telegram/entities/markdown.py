"""parse_mode Markdown, the legacy one: no nesting, `*bold*`, `_italic_`, `[text](link)`, backticks."""

import re

from memberpass_local.telegram.entities.links import checked_link
from memberpass_local.telegram.entities.spans import Span
from memberpass_local.telegram.errors import BotApiError

_ESCAPED = re.compile(r"\\([_*`\[])")
_BLOCK = re.compile(r"```(?:([^\s`]+)(?=\s))?(?:\r\n|\n|\r)?(.*?)```", re.DOTALL)
_SIMPLE = {
    "*": ("bold", re.compile(r"\*([^*]*)\*")),
    "_": ("italic", re.compile(r"_([^_]*)_")),
    "`": ("code", re.compile(r"`([^`]*)`")),
    "[": ("text_link", re.compile(r"\[([^\]]*)\](?:\(([^)]*)\))?")),
}


def parse_markdown(source: str) -> tuple[str, list[Span]]:
    """The visible text and its spans.

    Raises:
        BotApiError: 400 "can't parse entities: Can't find end of the entity ...".
    """
    shown, spans, at = "", [], 0
    while at < len(source):
        escaped = _ESCAPED.match(source, at)
        if escaped or source[at] not in _SIMPLE:
            shown += escaped.group(1) if escaped else source[at]
            at = escaped.end() if escaped else at + 1
            continue
        kind, pattern = ("pre", _BLOCK) if source.startswith("```", at) else _SIMPLE[source[at]]
        match = pattern.match(source, at)
        if match is None:
            offset = len(source[:at].encode())
            raise BotApiError.bad_request(f"can't parse entities: Can't find end of the entity starting at byte offset {offset}")
        inner = match.group(2) if kind == "pre" else match.group(1)
        extra = _extra(kind, match)
        if inner and extra is not None:
            spans.append(Span(kind, len(shown), len(shown) + len(inner), extra))
        shown += inner
        at = match.end()
    return shown, spans


def _extra(kind: str, match: re.Match[str]) -> dict[str, str] | None:
    if kind == "pre":
        return {"language": match.group(1)} if match.group(1) else {}
    if kind == "text_link":
        link = checked_link(match.group(2) if match.group(2) is not None else match.group(1))
        return {"url": link} if link else None
    return {}
