"""parse_mode HTML, with the tags, the strictness and the error sentences of the real server (TDLib `MessageEntity.cpp`)."""

import re
from dataclasses import dataclass

from memberpass_local.telegram.entities.links import checked_link
from memberpass_local.telegram.entities.spans import Span
from memberpass_local.telegram.errors import BotApiError

_KINDS = {
    "b": "bold", "strong": "bold",
    "i": "italic", "em": "italic",
    "u": "underline", "ins": "underline",
    "s": "strikethrough", "strike": "strikethrough", "del": "strikethrough",
    "tg-spoiler": "spoiler", "span": "spoiler",
    "a": "text_link", "pre": "pre", "code": "code", "blockquote": "blockquote", "tg-emoji": "custom_emoji",
}  # fmt: skip
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-zA-Z]+));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_SPACES = re.compile(r"\s*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>/\"']*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)


@dataclass(frozen=True, slots=True)
class _Open:
    tag: str
    argument: str
    start: int


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.shown: list[str] = []
        self.length = 0
        self.open: list[_Open] = []
        self.spans: list[Span] = []

    def run(self) -> tuple[str, list[Span]]:
        at = 0
        while at < len(self.source):
            character = self.source[at]
            if character == "<":
                at = self._close_tag(at) if self.source.startswith("</", at) else self._open_tag(at)
            elif character == "&":
                decoded, at = _reference(self.source, at)
                self._show(decoded)
            else:
                end = min(
                    (found for found in (self.source.find("<", at), self.source.find("&", at)) if found >= 0),
                    default=len(self.source),
                )
                self._show(self.source[at:end])
                at = end
        if self.open:
            raise self._error(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return "".join(self.shown), self.spans

    def _show(self, text: str) -> None:
        self.shown.append(text)
        self.length += len(text)

    def _open_tag(self, begin: int) -> int:
        name_end = _end(_TAG_NAME, self.source, begin + 1)
        if name_end == len(self.source):
            raise self._error("Unclosed start tag", begin)
        tag = self.source[begin + 1 : name_end].lower()
        if tag not in _KINDS:
            raise self._error(f'Unsupported start tag "{tag}"', begin)
        attributes, after = self._attributes(tag, name_end, begin)
        self.open.append(_Open(tag, self._argument(tag, attributes, begin), self.length))
        return after

    def _attributes(self, tag: str, at: int, begin: int) -> tuple[dict[str, str], int]:
        found: dict[str, str] = {}
        while True:
            at = _end(_SPACES, self.source, at)
            if self.source.startswith(">", at):
                return found, at + 1
            name_end = _end(_ATTRIBUTE_NAME, self.source, at)
            if name_end == at:
                problem = "Unclosed start tag" if at == len(self.source) else f'Empty attribute name in the tag "{tag}"'
                raise self._error(problem, begin)
            name, at = self.source[at:name_end], _end(_SPACES, self.source, name_end)
            if not self.source.startswith("=", at):
                found[name] = ""
                continue
            at = _end(_SPACES, self.source, at + 1)
            found[name], at = self._value(tag, at, begin)

    def _value(self, tag: str, at: int, begin: int) -> tuple[str, int]:
        if at == len(self.source):
            raise self._error(f'Unclosed start tag "{tag}"', begin)
        quote = self.source[at]
        if quote not in "\"'":
            end = _end(_TOKEN, self.source, at)
            if end < len(self.source) and not (self.source[end].isspace() or self.source[end] == ">"):
                raise self._error("Unexpected end of name token", at)
            return self.source[at:end].lower(), end
        end = self.source.find(quote, at + 1)
        if end < 0:
            raise self._error("Unclosed start tag", begin)
        return _decode(self.source[at + 1 : end]), end + 1

    def _argument(self, tag: str, attributes: dict[str, str], begin: int) -> str:
        match tag:
            case "a":
                return attributes.get("href", "")
            case "code":
                return attributes.get("class", "").removeprefix("language-") if "language-" in attributes.get("class", "") else ""
            case "tg-emoji":
                return attributes.get("emoji-id", "")
            case "blockquote":
                return "expandable" if "expandable" in attributes else ""
            case "span" if attributes.get("class") != "tg-spoiler":
                raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        return ""

    def _close_tag(self, begin: int) -> int:
        if not self.open:
            raise self._error("Unexpected end tag", begin)
        name_end = _end(_TAG_NAME, self.source, begin + 2)
        at = _end(_SPACES, self.source, name_end)
        if not self.source.startswith(">", at):
            raise self._error("Unclosed end tag", begin)
        name, opened = self.source[begin + 2 : name_end].lower(), self.open.pop()
        if name and name != opened.tag:
            problem, expected = "Unmatched end tag", f', expected "</{opened.tag}>", found "</{name}>"'
            raise self._error(problem, begin, expected)
        if opened.start < self.length:
            self._add(opened)
        return at + 1

    def _add(self, opened: _Open) -> None:
        kind, extra = _KINDS[opened.tag], {}
        last = self.spans[-1] if self.spans else None
        covers_last = last is not None and (last.start, last.end) == (opened.start, self.length)
        match kind:
            case "text_link":
                shown = "".join(self.shown)[opened.start : self.length]
                link = checked_link(opened.argument or shown)
                if link is None:
                    return
                extra = {"url": link}
            case "pre" if last is not None and covers_last and last.kind == "code":
                self.spans.pop()
                extra = last.extra
            case "code" if last is not None and covers_last and last.kind == "pre" and opened.argument:
                self.spans.pop()
                kind, extra = "pre", {"language": opened.argument}
            case "code" if opened.argument:
                extra = {"language": opened.argument}
            case "custom_emoji":
                if not opened.argument.isdigit():
                    raise self._error("Invalid custom emoji identifier specified")
                extra = {"custom_emoji_id": opened.argument}
            case "blockquote" if opened.argument:
                kind = "expandable_blockquote"
        self.spans.append(Span(kind, opened.start, self.length, extra))

    def _error(self, problem: str, at: int | None = None, more: str = "") -> BotApiError:
        where = "" if at is None else f" at byte offset {len(self.source[:at].encode())}"
        return BotApiError.bad_request(f"can't parse entities: {problem}{where}{more}")


def parse_html(source: str) -> tuple[str, list[Span]]:
    """The visible text and its spans.

    Raises:
        BotApiError: 400 "can't parse entities: ...", with the byte offset, as the real server says it.
    """
    text, spans = _Parser(source).run()
    # A language is known only to code inside pre; alone it is forgotten.
    return text, [Span("code", span.start, span.end) if span.kind == "code" else span for span in spans]


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _reference(text: str, at: int) -> tuple[str, int]:
    """The character a reference at `at` stands for and where it ends; an unknown one is shown as it stands."""
    match = _REFERENCE.match(text, at)
    if match is None:
        return "&", at + 1
    hexadecimal, decimal, name = match.groups()
    if name is not None:
        return (_NAMED[name], match.end()) if name in _NAMED else ("&", at + 1)
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    is_character = 0 < code < _LAST_CHARACTER and code not in _SURROGATES
    return (chr(code), match.end()) if is_character else ("&", at + 1)


def _decode(text: str) -> str:
    return _REFERENCE.sub(
        lambda match: _reference(match.group(), 0)[0] if _reference(match.group(), 0)[1] > 1 else match.group(), text
    )
