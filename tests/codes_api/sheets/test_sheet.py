"""The PDF: what stands on it, where, and that each QR is its card's link."""

import io
import warnings
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pypdf
import pypdfium2  # type: ignore[import-untyped]
import pytest
import segno
from codes_api.codes.alphabet import new_code, shown
from codes_api.codes.sheet import draw_sheet
from codes_api.codes.sheet_layout import PAGE_MARGIN, Card, Paper, Place, Sheet, cut_lines, places
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
EXPIRY = datetime(2026, 12, 31, 10, tzinfo=UTC)
SCALE = 12.0  # pixels a millimetre
QR_MM, PADDING_MM = 34.0, 6.0
HOSTILE = [
    "$x$ ${jndi} %PDF (a\\) <b>**bold** __u__",
    "W" * 100,
    "word " * 20,
    "\N{FAMILY}\u200d\N{GRINNING FACE}\ufe0f" * 20,
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd " * 8,
    "\u4f1a\u5458" * 50,
    "a" + "\u0301" * 99,
    "\u202egnp.exe",
    "\u200b",
    "\U0010ffff\ue000",
]


def cards(count: int, *, expires_at: datetime | None = EXPIRY, code: str | None = None) -> list[Card]:
    codes = [code or shown(new_code()) for _ in range(count)]
    return [Card(one, f"https://t.me/club_bot?start=code_{one}", expires_at) for one in codes]


def sheet(count: int = 1, **changes: Any) -> Sheet:
    values: dict[str, Any] = {
        "project_name": "Northwind",
        "plan_name": "Gold",
        "plan_period": "1 month",
        "bot": "club_bot",
        "cards": cards(count),
    }
    return Sheet(**(values | changes))


def drawn(content: Sheet) -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of a glyph that a font lacks
        return draw_sheet(content, now=NOW)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages]


def seen(pdf: bytes, page: int = 0) -> Image.Image:
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image.Image = document[page].render(scale=SCALE * 25.4 / 72).to_pil()
        return picture.convert("L")


def dark(picture: Image.Image, x: float, y: float) -> bool:
    at = int(x * SCALE), int(y * SCALE)
    return picture.crop((*at, at[0] + 1, at[1] + 1)).tobytes()[0] < 128


def ink(picture: Image.Image, x: float, y: float, width: float, height: float) -> bool:
    box = [int(side * SCALE) for side in (x, y, x + width, y + height)]
    return min(picture.crop((box[0], box[1], box[2], box[3])).tobytes()) < 200


def scanned(picture: Image.Image, spot: Place, modules: int) -> list[list[bool]]:
    """The QR of a card, module by module, at the middle of each."""
    x, y, module = spot.x + spot.width - PADDING_MM - QR_MM, spot.y + PADDING_MM, QR_MM / modules
    steps = [(at + 0.5) * module for at in range(modules)]
    return [[dark(picture, x + across, y + down) for across in steps] for down in steps]


def test_eight_cards_a_page_in_their_order() -> None:
    content = sheet(19)
    texts = pages(drawn(content))
    assert [text.count("club_bot") for text in texts] == [8, 8, 3]
    for at, card in enumerate(content.cards):
        assert card.code in texts[at // 8]


def test_what_a_card_says() -> None:
    (text,) = pages(drawn(sheet()))
    for part in (
        "Northwind",
        "Gold",
        "1 month of membership",
        "Use before",
        "31 December 2026",
        "10:00 UTC",
        "@club_bot on Telegram",
    ):
        assert part in text
    (text,) = pages(drawn(sheet(cards=cards(1, expires_at=None), plan_period="lifetime")))
    assert "No expiry" in text
    assert "Lifetime membership" in text
    assert "Use before" not in text
    tokyo = EXPIRY.astimezone(timezone(timedelta(hours=9)))
    (text,) = pages(drawn(sheet(cards=cards(1, expires_at=tokyo))))
    assert "10:00 UTC" in text


@pytest.mark.parametrize("paper", list(Paper))
def test_each_qr_is_the_link_of_its_card(paper: Paper) -> None:
    content = sheet(8, paper=paper)
    picture = seen(drawn(content))
    assert picture.size == pytest.approx([side * SCALE for side in paper.size], abs=2)
    masks = set()
    for card, spot in zip(content.cards, places(paper), strict=True):
        codes = [segno.make(card.join_link, error="m", micro=False, mask=mask) for mask in range(8)]
        found = scanned(picture, spot, len(codes[0].matrix))
        matching = [code.mask for code in codes if [[bool(one) for one in row] for row in code.matrix] == found]
        assert len(matching) == 1, "one mask, and of this link"
        masks |= set(matching)
        other = segno.make(card.join_link[:-1] + "@", error="m", micro=False, mask=matching[0])
        assert [[bool(one) for one in row] for row in other.matrix] != found
    assert len(masks) == 1


@pytest.mark.parametrize("paper", list(Paper))
def test_a_reader_finds_white_around_a_qr(paper: Paper) -> None:
    picture = seen(drawn(sheet(8, paper=paper, project_name="W" * 100, plan_name="Gold " * 20)))
    for spot in places(paper):
        left, top = spot.x + spot.width - PADDING_MM - QR_MM, spot.y + PADDING_MM
        quiet = 4 * QR_MM / 33
        assert not ink(picture, left - quiet, top, quiet - 0.2, QR_MM)
        assert not ink(picture, left, top - quiet, QR_MM, quiet - 0.2)
        assert not ink(picture, left, top + QR_MM + 0.2, QR_MM, quiet)
        assert not ink(picture, left + QR_MM + 0.2, top, quiet, QR_MM)


@pytest.mark.parametrize("paper", list(Paper))
def test_cards_fill_the_paper_and_are_cut_on_their_edges(paper: Paper) -> None:
    width, height = paper.size
    spots, lines = places(paper), list(cut_lines(paper))
    assert len(spots) == 8
    edges = (
        {round(line[0], 6) for line in lines if line[0] == line[2]},
        {round(line[1], 6) for line in lines if line[1] == line[3]},
    )
    for spot in spots:
        assert {round(spot.x, 6), round(spot.x + spot.width, 6)} <= edges[0]
        assert {round(spot.y, 6), round(spot.y + spot.height, 6)} <= edges[1]
    assert sum(spot.width * spot.height for spot in spots) == pytest.approx(
        (width - 2 * PAGE_MARGIN) * (height - 2 * PAGE_MARGIN)
    )
    assert spots[-1].x + spots[-1].width == pytest.approx(width - PAGE_MARGIN)
    assert spots[-1].y + spots[-1].height == pytest.approx(height - PAGE_MARGIN)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_stay_in_their_place(name: str) -> None:
    content = sheet(1, project_name=name, plan_name=name)
    pdf = drawn(content)
    assert content.cards[0].code in pages(pdf)[0]
    (spot, *_) = places(Paper.A4)
    left = spot.x + spot.width - PADDING_MM - QR_MM
    assert not ink(seen(pdf), left - 4, spot.y + PADDING_MM, 3.8, QR_MM)
    assert not ink(seen(pdf), spot.x + 1, spot.y + 1, spot.width - 2, PADDING_MM - 2)


def test_a_symbol_that_the_font_lacks_is_a_box() -> None:
    (text,) = pages(drawn(sheet(plan_name="Gold \u4f1a\u5458")))
    assert "Gold \u25a1\u25a1" in text


def test_letters_that_join_are_drawn() -> None:
    """Arabic and Hebrew come as pictures: there is ink where the plan's name stands, and no letter in the text."""
    pdf = drawn(sheet(plan_name="\u0646\u0627\u062f\u064a"))
    (spot, *_) = places(Paper.A4)
    assert ink(seen(pdf), spot.x + PADDING_MM, spot.y + 11, 30, 5)
    assert "\u0646" not in pages(pdf)[0]


@pytest.mark.parametrize("code", ["ABC123", "A" * 24, "A1-" * 9, "X" * 44, "A1-" * 21 + "Z"])
def test_codes_of_other_systems_fit(code: str) -> None:
    """6 to 64 symbols: in one line or two, whole, inside their card."""
    pdf = drawn(sheet(cards=cards(1, code=code)))
    assert code in pages(pdf)[0].replace("\n", "")
    (spot, *_) = places(Paper.A4)
    picture = seen(pdf)
    assert not ink(picture, spot.x + spot.width - PADDING_MM + 0.3, spot.y + 41, PADDING_MM - 1, spot.height - 42)
    assert not ink(picture, spot.x + 1, spot.y + spot.height - PADDING_MM + 3, spot.width - 2, 2)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=100))
def test_any_name(name: str) -> None:
    assert len(pages(drawn(sheet(project_name=name, plan_name=name[::-1])))) == 1


def test_a_whole_batch() -> None:
    document = pypdf.PdfReader(io.BytesIO(drawn(content := sheet(1000))))
    assert len(document.pages) == 125
    assert content.cards[-1].code in document.pages[-1].extract_text()


def test_the_same_rows_give_the_same_sheet() -> None:
    content = sheet(3)
    assert drawn(content) == drawn(content)
