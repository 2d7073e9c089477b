"""Documents and pictures: what a bot sends is what a person downloads, byte for byte."""

import struct

import httpx
import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile
from hypothesis import given
from hypothesis import strategies as st
from memberpass_local.telegram.bot_api.multipart import MultipartError, boundary_of, read_parts

from tests.deploy_local.telegram.support import NO_TLS, Telegram

MEMBER = 1001
CSV = b'Access Code,Plan Name\r\n7K3M-...,"Gold, yearly"\r\n\x00\xff\xfe--\r\n'


async def test_a_document_arrives_with_name_size_caption_and_bytes(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    sent = await bot.send_document(
        MEMBER, BufferedInputFile(CSV, "codes März.csv"), caption="<b>200</b> codes", parse_mode="HTML"
    )
    assert sent.document is not None
    assert (sent.document.file_name, sent.document.file_size, sent.caption) == ("codes März.csv", len(CSV), "200 codes")
    seen = (await member.sees())[-1]
    assert (seen["text"], seen["document"]["file_name"], seen["document"]["size"]) == ("200 codes", "codes März.csv", len(CSV))
    async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as outside:
        download = await outside.get(seen["document"]["url"])
    assert (download.content, download.headers["Content-Disposition"]) == (CSV, "attachment")


async def test_get_file_and_sending_again_by_id(tg: Telegram) -> None:
    bot, other = await tg.make_bot(), await tg.make_bot("other_bot")
    await tg.person(MEMBER).say("/start")
    await tg.person(MEMBER, "other_bot").say("/start")
    sent = await bot.send_document(MEMBER, BufferedInputFile(CSV, "codes.csv"))
    assert sent.document is not None
    content = await bot.download(sent.document.file_id)
    assert content is not None
    assert content.read() == CSV
    again = await bot.send_document(MEMBER, sent.document.file_id)
    assert again.document is not None
    assert again.document.file_id == sent.document.file_id
    with pytest.raises(TelegramBadRequest, match="wrong file identifier/HTTP URL specified"):
        await other.send_document(MEMBER, sent.document.file_id)
    with pytest.raises(TelegramBadRequest, match="wrong file_id or the file is temporarily unavailable"):
        await other.get_file(sent.document.file_id)


async def test_files_that_telegram_refuses(tg: Telegram) -> None:
    bot = await tg.make_bot()
    await tg.person(MEMBER).say("/start")
    with pytest.raises(TelegramBadRequest, match="file must be non-empty"):
        await bot.send_document(MEMBER, BufferedInputFile(b"", "empty.csv"))
    nothing = await tg.http.post(f"/bot{bot.token}/sendDocument", json={"chat_id": MEMBER})
    assert nothing.json()["description"] == "Bad Request: there is no document in the request"
    with pytest.raises(TelegramBadRequest, match="IMAGE_PROCESS_FAILED"):
        await bot.send_photo(MEMBER, BufferedInputFile(CSV, "codes.png"))


async def test_a_file_name_is_only_a_name(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    await bot.send_document(MEMBER, BufferedInputFile(CSV, "../../etc/passwd"))
    assert (await member.sees())[-1]["document"]["file_name"] == "passwd"


async def test_a_photo_has_its_size(tg: Telegram) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", 640, 480) + bytes(16)
    sent = await bot.send_photo(MEMBER, BufferedInputFile(png, "door.png"))
    assert sent.photo is not None
    assert (sent.photo[-1].width, sent.photo[-1].height) == (640, 480)
    seen = (await member.sees())[-1]
    assert (seen["photo"]["width"], seen["document"]) == (640, None)
    assert (await tg.http.get(seen["photo"]["url"])).content == png


@pytest.mark.parametrize("form", ["query", "json", "urlencoded", "multipart"])
async def test_arguments_come_in_every_form(tg: Telegram, form: str) -> None:
    bot, member = await tg.make_bot(), tg.person(MEMBER)
    await member.say("/start")
    path, markup = f"/bot{bot.token}/sendMessage", '{"inline_keyboard":[[{"text":"A","callback_data":"a"}]]}'
    values = {"chat_id": str(MEMBER), "text": "grüße & mehr", "reply_markup": markup}
    match form:
        case "query":
            answer = await tg.http.get(path, params=values)
        case "json":
            keyboard = {"inline_keyboard": [[{"text": "A", "callback_data": "a"}]]}
            answer = await tg.http.post(path, json={**values, "chat_id": MEMBER, "reply_markup": keyboard})
        case "urlencoded":
            answer = await tg.http.post(path, data=values)
        case _:
            answer = await tg.http.post(path, files={name: (None, value) for name, value in values.items()})
    assert answer.json()["ok"], answer.text
    seen = (await member.sees())[-1]
    assert (seen["text"], seen["buttons"][0][0]["callback_data"]) == ("grüße & mehr", "a")


BROKEN_BODIES = [
    ("application/json", b"{"),
    ("application/json", b"[1]"),
    ("multipart/form-data", b"--x\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"),
    ("multipart/form-data; boundary=x", b"nothing of the kind"),
]


async def test_a_body_that_is_not_what_it_says(tg: Telegram) -> None:
    bot = await tg.make_bot()
    for content_type, body in BROKEN_BODIES:
        answer = await tg.http.post(f"/bot{bot.token}/getMe", content=body, headers={"Content-Type": content_type})
        assert (answer.status_code, answer.json()["ok"]) == (400, False), body


FILES = st.tuples(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1), st.binary())


@given(st.lists(FILES, max_size=4))
def test_any_bytes_come_through_multipart(files: list[tuple[str, bytes]]) -> None:
    request = httpx.Request(
        "POST", "http://x", files=[(f"f{n}", (name, content)) for n, (name, content) in enumerate(files)] or {"a": (None, b"")}
    )
    parts = read_parts(request.read(), boundary_of(request.headers["Content-Type"]))
    if files:
        assert [part.content for part in parts] == [content for _, content in files]
        assert [part.name for part in parts] == [f"f{n}" for n in range(len(files))]
    else:
        assert [(part.name, part.content, part.file_name) for part in parts] == [("a", b"", None)]


def test_a_boundary_inside_the_content_is_none_unless_it_begins_a_line() -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\na--x--x\n--x\r\n--x--\r\n'
    (part,) = read_parts(body, b"x")
    assert part.content == b"a--x--x\n--x"
    with pytest.raises(MultipartError):
        read_parts(body[:-6], b"x")
