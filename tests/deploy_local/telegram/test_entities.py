"""Markup in, visible text and entities out: by the examples of https://core.telegram.org/bots/api#formatting-options."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from memberpass_local.telegram.entities.compose import Formatted, compose_text, plain
from memberpass_local.telegram.errors import BotApiError


def shown(formatted: Formatted) -> list[tuple[str, str]]:
    """Each entity's kind and the text it covers, by UTF-16 offsets."""
    units = formatted.text.encode("utf-16-le")
    return [
        (entity.type, units[entity.offset * 2 : (entity.offset + entity.length) * 2].decode("utf-16-le"))
        for entity in formatted.entities
    ]


HTML = [
    ("<b>bold</b>, <strong>bold</strong>", "bold, bold", [("bold", "bold"), ("bold", "bold")]),
    ("<i>a</i><em>b</em>", "ab", [("italic", "a"), ("italic", "b")]),
    ("<u>a</u> <ins>b</ins>", "a b", [("underline", "a"), ("underline", "b")]),
    ("<s>a</s><strike>b</strike><del>c</del>", "abc", [("strikethrough", x) for x in "abc"]),
    ('<tg-spoiler>a</tg-spoiler> <span class="tg-spoiler">b</span>', "a b", [("spoiler", "a"), ("spoiler", "b")]),
    (
        "<b>bold <i>italic bold</i> bold</b>",
        "bold italic bold bold",
        [("bold", "bold italic bold bold"), ("italic", "italic bold")],
    ),
    ('<a href="https://example.com/">link</a>', "link", [("text_link", "link")]),
    ("<code>7K3M-AAAA</code>", "7K3M-AAAA", [("code", "7K3M-AAAA")]),
    ('<pre><code class="language-python">x = 1</code></pre>', "x = 1", [("pre", "x = 1")]),
    ("<blockquote>said</blockquote>", "said", [("blockquote", "said")]),
    ("<blockquote expandable>said</blockquote>", "said", [("expandable_blockquote", "said")]),
    ("1 &lt; 2 &amp;&amp; &quot;3&quot; &#33; &#x1F39F; &nope;", '1 < 2 && "3" ! 🎟 &nope;', []),
    ("🎟 <b>🎉 da</b>", "🎟 🎉 da", [("bold", "🎉 da")]),
    ("<b>  </b>x <b>y </b>", "x y", [("bold", "y")]),
    ("<b><code>x</code> y</b>", "x y", [("code", "x"), ("bold", " y")]),
    ("<B>big</b>", "big", [("bold", "big")]),
]


@pytest.mark.parametrize(("source", "text", "entities"), HTML)
def test_html(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    formatted = compose_text(source, "HTML", [])
    assert formatted.text == text
    assert shown(formatted) == entities


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<b>open", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("ä</b>", "Unexpected end tag at byte offset 2"),
        ("<table>x</table>", 'Unsupported start tag "table" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<a href='x>y</a>", "Unclosed start tag at byte offset 0"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
    ],
)
def test_broken_html(html: str, reason: str) -> None:
    with pytest.raises(BotApiError) as refused:
        compose_text(html, "HTML", [])
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


MARKDOWN_V2 = [
    ("*bold* _italic_ __under__ ~strike~ ||spoiler||", "bold italic under strike spoiler",
     [("bold", "bold"), ("italic", "italic"), ("underline", "under"), ("strikethrough", "strike"), ("spoiler", "spoiler")]),
    ("*bold _italic bold_ bold*", "bold italic bold bold", [("bold", "bold italic bold bold"), ("italic", "italic bold")]),
    (r"1\.50 USD \- done\!", "1.50 USD - done!", []),
    ("`a-b.c`", "a-b.c", [("code", "a-b.c")]),
    ("```python\nx = 1```", "x = 1", [("pre", "x = 1")]),
    ("[link](https://example.com/a\\)b)", "link", [("text_link", "link")]),
    (">one\n>two\nthree", "one\ntwo\nthree", [("blockquote", "one\ntwo")]),
    ("**>hidden\n>more||", "hidden\nmore", [("expandable_blockquote", "hidden\nmore")]),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text", "entities"), MARKDOWN_V2)
def test_markdown_v2(source: str, text: str, entities: list[tuple[str, str]]) -> None:
    formatted = compose_text(source, "MarkdownV2", [])
    assert formatted.text == text
    assert shown(formatted) == entities


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1.50", "Character '.' is reserved and must be escaped with the preceding '\\'"),
        ("a > b", "Character '>' is reserved and must be escaped with the preceding '\\'"),
        ("done!", "Character '!' is reserved and must be escaped with the preceding '\\'"),
        ("*bold", "Can't find end of Bold entity at byte offset 0"),
        ("ä `code", "Can't find end of Code entity at byte offset 3"),
        ("[x](http://a.b", "Can't find end of a URL at byte offset 4"),
    ],
)
def test_broken_markdown_v2(source: str, reason: str) -> None:
    with pytest.raises(BotApiError) as refused:
        compose_text(source, "MarkdownV2", [])
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


def test_legacy_markdown() -> None:
    formatted = compose_text(r"*bold* _it_ `code` [link](https://example.com) \_ ```py" + "\nx```", "Markdown", [])
    assert formatted.text == "bold it code link _ x"
    assert shown(formatted) == [("bold", "bold"), ("italic", "it"), ("code", "code"), ("text_link", "link"), ("pre", "x")]
    with pytest.raises(BotApiError, match="Can't find end of the entity starting at byte offset 2"):
        compose_text("a *b", "Markdown", [])


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("/start code_1", [("bot_command", "/start")]),
        ("/help@northwind_bot and/not 1/2", [("bot_command", "/help@northwind_bot")]),
        ("see https://t.me/northwind_bot?start=code_7K3M.", [("url", "https://t.me/northwind_bot?start=code_7K3M")]),
        ("t.me/x and example.com/a?b, not a.b", [("url", "t.me/x"), ("url", "example.com/a?b")]),
        ("write to me@example.com or @northwind_bot #news #12", [
            ("email", "me@example.com"), ("mention", "@northwind_bot"), ("hashtag", "#news")]),
    ],
)  # fmt: skip
def test_what_telegram_finds_by_itself(text: str, entities: list[tuple[str, str]]) -> None:
    assert shown(plain(text)) == entities


def test_nothing_is_found_inside_code_and_links() -> None:
    formatted = compose_text('<code>/start t.me/x</code> <a href="https://a.example.com">@somebody</a>', "HTML", [])
    assert [kind for kind, _ in shown(formatted)] == ["code", "text_link"]


@given(st.text(max_size=60))
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    expected = plain(text).text
    try:
        assert compose_text(escaped, "HTML", []).text == expected
    except BotApiError:
        assert expected == ""


@given(st.text(alphabet="<>/b&;= \"'a*_[]()`\n|!\\", max_size=40), st.sampled_from(["HTML", "MarkdownV2", "Markdown"]))
def test_no_markup_breaks_the_parsers(source: str, mode: str) -> None:
    try:
        formatted = compose_text(source, mode, [])
    except BotApiError as refused:
        if refused.code != 400:
            raise
    else:
        assert formatted.text == formatted.text.rstrip() != ""
        shown(formatted)
