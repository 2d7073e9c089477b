"""The public pages (rules.md T6)."""

import pytest
from bot_gateway.portal.pages import project_page
from shared.contracts.accounts import Branding

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import plan


async def test_a_project_page(webhook: House) -> None:
    webhook.codes.plans = [plan("Gold"), plan("Forever", amount=9900, lifetime=True)]
    page = await webhook.http.get(f"/p/{webhook.username.upper()}")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "script" not in page.text
    for part in ("<h1>Northwind</h1>", "Gold", "$9.00 for 1 month", "$99.00, lifetime", f"https://t.me/{webhook.username}"):
        assert part in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_an_unknown_project(webhook: House) -> None:
    page = await webhook.http.get("/p/nobody_bot")
    assert page.status_code == 404
    assert "Page not found" in page.text


async def test_the_front_door_lists_nothing(webhook: House) -> None:
    page = await webhook.http.get("/")
    assert page.status_code == 200
    assert "Northwind" not in page.text
    assert webhook.username not in page.text


async def test_hostile_names(webhook: House) -> None:
    nasty = "<script>alert(1)</script>\"'&$title"
    webhook.codes.connect(bot_id=webhook.bot_id, token=webhook.token, username=webhook.username, name=nasty)
    webhook.codes.plans = [plan(nasty)]
    page = await webhook.http.get(f"/p/{webhook.username}")
    assert "<script" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text
    assert "$title" in page.text


async def test_codes_api_away(webhook: House) -> None:
    webhook.codes.away = True
    page = await webhook.http.get(f"/p/{webhook.username}")
    assert page.status_code == 503
    assert "Retry-After" in page.headers
    assert "Northwind" in page.text


@pytest.mark.parametrize(
    ("branding", "shown"), [(Branding.EVERYWHERE, True), (Branding.PORTAL_ONLY, True), (Branding.NOWHERE, False)]
)
async def test_the_footer(webhook: House, branding: Branding, *, shown: bool) -> None:
    connected = webhook.codes.bots[webhook.bot_id].model_copy(update={"branding": branding})
    assert ("Powered by MemberPass" in project_page(connected, [])) is shown
