"""What the documents point at is there: a table of promises whose tests were renamed proves nothing."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVICES = ("codes-api", "billing-api", "bot-gateway", "jobs")
CODES, BILLING = "services/codes-api/codes_api", "services/billing-api/billing_api"
# Where the paths of a document begin, beside the root.
BASES = {
    "README.md": ["shared/shared"],
    "docs/spec-access-codes.md": [CODES, "tests/codes_api", BILLING],
    "docs/spec-platform-subscriptions.md": [BILLING, "tests/billing_api", CODES],
    **{f"services/{service}/README.md": [f"services/{service}/{service.replace('-', '_')}"] for service in SERVICES},
}
QUOTED = re.compile(r"`([^`\s]+)`")
PLACE = re.compile(r"(?P<path>[\w./-]+(?:\.py|/))(?:::(?P<test>\w+))?|(?P<alone>test_\w+)")


@cache
def known_tests() -> frozenset[str]:
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"def (test_\w+)\(", text))


def is_there(path: str, bases: list[str]) -> bool:
    """At the root or a base of the document, or below a service (`quota/`, `delivery/`)."""
    if any((ROOT / base / path).exists() for base in (".", *bases)):
        return True
    return any(next((ROOT / folder).rglob(path.rstrip("/")), None) for folder in ("services", "tests", "shared", "deploy"))


@pytest.mark.parametrize("document", BASES)
def test_every_place_that_is_named_is_there(document: str) -> None:
    named = [PLACE.fullmatch(quoted) for quoted in QUOTED.findall((ROOT / document).read_text(encoding="utf-8"))]
    found = [place for place in named if place]
    assert found, "the document names places"
    missing = [place[0] for place in found if place["path"] and not is_there(place["path"], BASES[document])]
    tests = [place["test"] or place["alone"] for place in found]
    assert not missing
    assert not {name for name in tests if name} - known_tests()
