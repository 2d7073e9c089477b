"""parse_mode MarkdownV2, with the strictness and the error sentences of the real server (TDLib `MessageEntity.cpp`)."""

import re
from dataclasses import dataclass

from memberpass_local.telegram.entities.links import checked_link
from memberpass_local.telegram.entities.spans import Span
from memberpass_local.telegram.errors import BotApiError

_RESERVED = "_*[]()~`>#+-=|{}.!\n"
_LANGUAGE = re.compile(r"([^\s`]+)(?=\s)")
_LINE_END = re.compile(r"\r\n|\n\r|\n|\r")
_EMOJI_LINK = re.compile(r"^tg://emoji\?id=(\d+)$")
_MARKS = {
    "bold": "*", "italic": "_", "underline": "__", "strikethrough": "~", "spoiler": "||",
    "code": "`", "pre": "```", "text_link": "]", "custom_emoji": "]",
}  # fmt: skip
_NAMES = {"pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote"}


@dataclass(slots=True)
class _Open:
    kind: str
    begin: int
    start: int
    language: str = ""


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.shown: list[str] = []
        self.open: list[_Open] = []
        self.spans: list[Span] = []
        self.at = 0
        self.may_quote = True

    def run(self) -> tuple[str, list[Span]]:
        while self.at < len(self.source):
            self._step()
        self._end_quote(at_line_end=False)
        if self.open:
            raise self._unended(self.open[-1])
        return "".join(self.shown), self.spans

    def _step(self) -> None:
        character, following = self.source[self.at], self.source[self.at + 1 : self.at + 2]
        inner = self.open[-1].kind if self.open else ""
        if character == "\\" and following and ord(following) <= 126:  # noqa: PLR2004  (ASCII, as the server has it)
            self._show(following)
            self.at += 2
        elif character not in ("`" if inner in {"code", "pre"} else _RESERVED):
            self._show(character)
            self.at += 1
        elif self._ends(inner):
            self._close(self.open.pop())
        elif character == "\n":
            if self._quoting() and following != ">":
                self._end_quote(at_line_end=True)
            self._show("\n")
            self.at += 1
        else:
            self._begin(character)

    def _show(self, character: str) -> None:
        self.shown.append(character)
        if character != "\r":
            self.may_quote = character == "\n"

    def _ends(self, inner: str) -> bool:
        if inner == "italic":
            return self.source.startswith("_", self.at) and not self.source.startswith("__", self.at)
        return inner in _MARKS and self.source.startswith(_MARKS[inner], self.at)

    def _begin(self, character: str) -> None:
        begin, start = self.at, len(self.shown)
        if character == ">":
            if not self.may_quote:
                raise self._reserved(character)
            self.at += 1
            if not self._quoting():
                self.open.append(_Open("blockquote", begin, start))
            return
        if self.source.startswith("```", begin):
            self.at += 3
            self.open.append(_Open("pre", begin, start, self._language()))
            return
        for kind in ("underline", "italic", "bold", "strikethrough", "spoiler", "code"):
            if self.source.startswith(_MARKS[kind], begin):
                self.at += len(_MARKS[kind])
                self.open.append(_Open(kind, begin, start))
                return
        for kind, mark in (("text_link", "["), ("custom_emoji", "![")):
            if self.source.startswith(mark, begin):
                self.at += len(mark)
                self.open.append(_Open(kind, begin, start))
                return
        raise self._reserved(character)

    def _language(self) -> str:
        language = _LANGUAGE.match(self.source, self.at)
        if language:
            self.at = language.end()
        line_end = _LINE_END.match(self.source, self.at)
        if line_end:
            self.at = line_end.end()
        return language.group(1) if language else ""

    def _close(self, opened: _Open) -> None:
        self.at += len(_MARKS[opened.kind])
        extra: dict[str, str] = {"language": opened.language} if opened.language else {}
        if opened.kind == "text_link":
            shown = "".join(self.shown[opened.start :])
            link = checked_link(self._target() if self.source.startswith("(", self.at) else shown)
            if link is None:
                return
            extra = {"url": link}
        elif opened.kind == "custom_emoji":
            if not self.source.startswith("(", self.at):
                raise _broken("The entity must contain a tg://emoji or tg://time URL")
            emoji = _EMOJI_LINK.match(self._target())
            if emoji is None:
                raise _broken("Invalid tg://emoji or tg://time URL specified")
            extra = {"custom_emoji_id": emoji.group(1)}
        if opened.start < len(self.shown):
            self.spans.append(Span(opened.kind, opened.start, len(self.shown), extra))

    def _target(self) -> str:
        begin, at, found = self.at + 1, self.at + 1, ""
        while at < len(self.source) and self.source[at] != ")":
            if self.source[at] == "\\" and at + 1 < len(self.source):
                at += 1
            found += self.source[at]
            at += 1
        if at >= len(self.source):
            raise _broken(f"Can't find end of a URL at byte offset {self._bytes(begin)}")
        self.at = at + 1
        return found

    def _quoting(self) -> bool:
        return any(opened.kind == "blockquote" for opened in self.open)

    def _end_quote(self, *, at_line_end: bool) -> None:
        """End a quotation; `||` alone at its very end makes it expandable."""
        if not self._quoting():
            return
        kind, end = "blockquote", len(self.shown)
        if self.open[-1].kind == "spoiler" and self.open[-1].begin == self.at - 2:
            self.open.pop()
            kind = "expandable_blockquote"
        opened = self.open[-1]
        if opened.kind != "blockquote":
            if at_line_end:
                raise self._unended(opened)
            return
        self.open.pop()
        if opened.start < end:
            self.spans.append(Span(kind, opened.start, end))

    def _bytes(self, at: int) -> int:
        return len(self.source[:at].encode())

    def _reserved(self, character: str) -> BotApiError:
        return _broken(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _unended(self, opened: _Open) -> BotApiError:
        name = _NAMES.get(opened.kind, opened.kind.capitalize())
        return _broken(f"Can't find end of {name} entity at byte offset {self._bytes(opened.begin)}")


def parse_markdown_v2(source: str) -> tuple[str, list[Span]]:
    """The visible text and its spans.

    Raises:
        BotApiError: 400 "can't parse entities: ..." (an unescaped reserved character, an entity without end, a bad link).
    """
    return _Parser(source).run()


def _broken(problem: str) -> BotApiError:
    return BotApiError.bad_request(f"can't parse entities: {problem}")
