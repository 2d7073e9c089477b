"""The picture: whatever the names and the figures are, it is drawn, and nothing leaves its frame."""

import io
import warnings
from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

import pytest
from codes_api.codes.statistics_chart import draw_statistics
from defusedxml import ElementTree  # type: ignore[import-untyped]
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from shared.contracts.statistics import CodeStatistics, DayCount

NOTHING: dict[str, Any] = dict.fromkeys(("generated", "delivered", "unredeemed", "redeemed", "expired", "revoked"), 0)
HOSTILE = [
    "$x$",
    r"$\frac{1}{0}$ \bad{ %n {0} #",
    "$",
    "--><script>alert(1)</script>&amp;]]>",
    "W" * 100,
    "word " * 20,
    "\N{FAMILY}\u200d\N{GRINNING FACE}\ufe0f" * 20,
    "\u0645\u0631\u062d\u0628\u0627 \u05e9\u05dc\u05d5\u05dd",
    "\u4f1a\u5458",
    "\u202egnp.exe",
    "a" + "\u0301" * 99,
    "\u200b",
    "\U0010ffff\ue000",
]


def statistics(days: int = 30, **changes: Any) -> CodeStatistics:
    first = date(2026, 7, 1)
    values: dict[str, Any] = {
        "project_id": UUID(int=1),
        "project_name": "Northwind",
        "batch_id": None,
        "batch_name": None,
        "generated": 1000,
        "delivered": 1000,
        "unredeemed": 600,
        "redeemed": 300,
        "expired": 95,
        "revoked": 5,
        "first_redeemed_at": "2026-07-01T10:00:00Z",
        "last_redeemed_at": "2026-07-30T18:30:00Z",
        "first_day": first,
        "last_day": first + timedelta(days=days - 1),
        "redemptions_per_day": [DayCount(date=first + timedelta(days=at), redeemed=at % 7) for at in range(days)],
    }
    return CodeStatistics(**(values | changes))


def drawn(data: CodeStatistics, form: Literal["png", "svg"] = "png") -> bytes:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as of a glyph that the font lacks
        return draw_statistics(data, form)


def ink(picture: Image.Image, box: tuple[int, int, int, int]) -> bool:
    return min(picture.crop(box).convert("L").tobytes()) < 250


def opened(png: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(png))
    picture.load()
    return picture


def test_it_is_a_picture_for_a_phone() -> None:
    picture = opened(drawn(statistics()))
    assert (picture.format, picture.size) == ("PNG", (1080, 1200))
    colors = {color for _, color in picture.convert("RGB").getcolors(1 << 20) or []}
    assert {(0x23, 0x89, 0x5B), (0x3F, 0x72, 0xAF), (0x7D, 0x88, 0x96), (0xC2, 0x41, 0x4F)} <= colors


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names(name: str) -> None:
    data = statistics(project_name=name, batch_name=name)
    picture = opened(drawn(data))
    for edge in ((0, 0, 1080, 12), (0, 0, 40, 1200), (1056, 0, 1080, 1200), (0, 1188, 1080, 1200)):
        assert not ink(picture, edge), name
    root = ElementTree.fromstring(drawn(data, "svg"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert not [part for part in root.iter() if part.tag.endswith("script")]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=100))
def test_any_name(name: str) -> None:
    opened(drawn(statistics(project_name=name, batch_name=name[::-1])))


@pytest.mark.parametrize("days", [1, 2, 7, 30, 92, 93, 366])
def test_any_window(days: int) -> None:
    assert opened(drawn(statistics(days))).size == (1080, 1200)


@pytest.mark.parametrize(
    "changes",
    [
        {**NOTHING, "generated": 1, "unredeemed": 1, "first_redeemed_at": None, "last_redeemed_at": None},
        {**NOTHING, "generated": 3, "revoked": 3},
        {"generated": 10**9, "redeemed": 10**9, "unredeemed": 0, "expired": 0, "revoked": 0},
        {"generated": 10**7, "redeemed": 1, "unredeemed": 10**7 - 1, "expired": 0, "revoked": 0},
    ],
)
def test_any_figures(changes: dict[str, Any]) -> None:
    picture = opened(drawn(statistics(**changes)))
    assert not ink(picture, (1056, 0, 1080, 1200))


def test_nothing_yet_is_friendly() -> None:
    """Another picture, with something to read in its middle, that says what to expect."""
    data = statistics(**NOTHING, first_redeemed_at=None, last_redeemed_at=None)
    picture = opened(drawn(data))
    assert ink(picture, (300, 600, 800, 720))
    assert not ink(picture, (60, 700, 200, 1100))
    assert b"No codes yet" in drawn(data, "svg")


def test_the_svg_names_no_font_and_no_date() -> None:
    svg = drawn(statistics(), "svg").decode()
    assert "<text" not in svg
    assert "dc:date" not in svg
