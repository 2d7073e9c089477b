"""The pages as HTML. Pure; everything from outside is escaped."""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template

from shared.contracts.accounts import Branding
from shared.contracts.bots import ConnectedBot
from shared.contracts.redemptions import PlanSummary

from bot_gateway.people import plain_name
from bot_gateway.texts import price

_SOURCES = files("bot_gateway.portal") / "sources"
_LAYOUT = Template((_SOURCES / "layout.html").read_text(encoding="utf-8"))
_STYLE = (_SOURCES / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Content-Security-Policy of all pages: nothing but the page's own style."""

MAX_NAME = 200


def project_page(connected: ConnectedBot, plans: list[PlanSummary] | None) -> str:
    """A project's page. `plans` None: codes-api is away, prices can't be shown now."""
    project = _name(connected.project_name)
    content = (
        f"<h1>{project}</h1>\n"
        '<p class="soft">Memberships are handled in Telegram.</p>\n'
        f"<h2>Memberships</h2>\n{_plans(plans)}\n"
        f'<a class="open" href="https://t.me/{escape(connected.username)}">Open in Telegram</a>\n'
        '<p class="soft">Have an access code? Open the bot and send it there.</p>'
    )
    branded = connected.branding in (Branding.EVERYWHERE, Branding.PORTAL_ONLY)
    return _page(project, content, "<footer>Powered by MemberPass</footer>" if branded else "")


def front_page() -> str:
    """The front door: says what this is and lists nothing."""
    return _page(
        "MemberPass",
        "<h1>MemberPass</h1>\n<p>Memberships of Telegram communities.</p>\n"
        '<p class="soft">Looking for a community? Use the link that you got from its owner.</p>',
        "",
    )


def not_found_page() -> str:
    """There is no such project."""
    return _page(
        "Page not found",
        "<h1>Page not found</h1>\n<p>There is no community at this address. Please check the link.</p>",
        "",
    )


def _plans(plans: list[PlanSummary] | None) -> str:
    if plans is None:
        return "<p>Prices can't be shown right now. Please try again in a moment.</p>"
    if not plans:
        return "<p>There are no memberships on offer at the moment.</p>"
    rows = "\n".join(f"<li><b>{_name(plan.name)}</b> <span>{escape(price(plan))}</span></li>" for plan in plans)
    return f"<ul>\n{rows}\n</ul>"


def _name(text: str) -> str:
    return escape(plain_name(text, MAX_NAME))


def _page(title: str, content: str, footer: str) -> str:
    return _LAYOUT.substitute(title=title, style=_STYLE, content=content, footer=footer)
