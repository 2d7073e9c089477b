"""One page of the list of codes, under every kind of filter, at the beginning and deep inside: in a project with millions of
codes, beside the same in one with ten thousand. Both hold the same mixture and are asked in turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from shared.contracts.pages import encode_cursor

from memberpass_local.bench.fill import Filled
from memberpass_local.bench.plain_list import PlainFilters, plain_page
from memberpass_local.bench.plan import PAGE, TINY
from memberpass_local.bench.work import Work
from memberpass_local.demo.checks import must_equal

AIM = 2.0


@dataclass(frozen=True)
class Page:
    """A page that is asked for: the query of the URL and, said once more, what must come."""

    query: dict[str, str]
    filters: PlainFilters
    after: tuple[UUID, int] | None

    @property
    def params(self) -> dict[str, str]:
        """All of the query."""
        cursor = {} if self.after is None else {"cursor": encode_cursor(str(self.after[0]), self.after[1])}
        return {"limit": str(PAGE), **self.query, **cursor}


async def measure_lists(
    http: httpx.AsyncClient,
    codes_api: str,
    database: asyncpg.Connection,
    large: Filled,
    tiny: Filled,
    *,
    deep: int,
    looks: int,
    now: datetime,
    tell: Callable[[str], None] = lambda _: None,
) -> Work:
    """Ask for each page `looks` times on either side, in turn, and compare medians. The first answer is checked, not timed.

    Raises:
        StoryError: a page does not hold exactly what a plain query finds.
    """
    pages = {
        False: await _pages(database, large, now, after=await _place(database, large, deep)),
        True: await _pages(database, tiny, now, after=await _place(database, tiny, TINY // 2)),
    }
    found: dict[str, dict[str, float]] = {}
    for name in pages[False]:
        tell(name)
        times: dict[bool, list[float]] = {False: [], True: []}
        for look in range(looks + 1):
            for is_tiny, filled in ((True, tiny), (False, large)):
                page = pages[is_tiny][name]
                codes, milliseconds = await _ask(http, codes_api, filled, page)
                if look:
                    times[is_tiny].append(milliseconds)
                else:
                    expected = await plain_page(database, filled.creator.place, page.filters, page.after, PAGE, now)
                    must_equal(f"the page {name!r}", codes, expected)
        here, there = median(times[False]), median(times[True])
        found[name] = {"ms": round(here, 2), "tiny_ms": round(there, 2), "times": round(here / there, 2)}
    worst = max(found, key=lambda name: found[name]["times"])
    figures = found[worst]
    return Work(
        name=f"a page of {PAGE} of the list among {large.codes:,} codes, slowest of {len(found)} "
        f"(any filter, the first and one after {deep:,} rows)",
        floor=f"the same among {tiny.codes:,}",
        ours=f"{figures['ms']:.1f} ms ({worst})",
        bare=f"{figures['tiny_ms']:.1f} ms",
        ratio=figures["times"],
        aim="not more than twice as slow",
        reached=figures["times"] <= AIM,
        figures={"median_times": round(median(one["times"] for one in found.values()), 2), "pages": found},
    )


async def _pages(database: asyncpg.Connection, filled: Filled, now: datetime, after: tuple[UUID, int]) -> dict[str, Page]:
    """Every kind of filter alone, and what goes badly together: something rare with something wide."""
    code = await database.fetchval(
        "SELECT code FROM access_codes WHERE account_id = $1 AND project_id = $2 AND (batch_id, position) < ($3, $4)"
        " ORDER BY batch_id DESC, position DESC LIMIT 1",
        *filled.creator.place,
        *after,
    )
    soon, later = now + timedelta(days=5), now + timedelta(days=9)
    soon_, later_ = {"expires_after": soon.isoformat()}, {"expires_before": later.isoformat()}
    plans = filled.plans
    wishes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
        "all": ({}, {}),
        **{status: ({"status": status}, {"status": status}) for status in ("unredeemed", "redeemed", "expired", "revoked")},
        "a common plan": ({"plan_id": str(plans["monthly"])}, {"plan_id": plans["monthly"]}),
        "a rare plan": ({"plan_id": str(plans["rare"])}, {"plan_id": plans["rare"]}),
        "a batch": ({"batch_id": str(after[0])}, {"batch_id": after[0]}),
        "expires in a narrow window": ({**soon_, **later_}, {"expires_after": soon, "expires_before": later}),
        "expires later": (soon_, {"expires_after": soon}),
        "expired before": ({"expires_before": now.isoformat()}, {"expires_before": now}),
        "a whole code": ({"q": code}, {"q": code}),
        "begins with 1 symbol": ({"q": code[:1]}, {"q": code[:1]}),
        "begins with 2 symbols": ({"q": code[:2]}, {"q": code[:2]}),
        "begins with a group": ({"q": code[:4]}, {"q": code[:4]}),
        "a last group": ({"q": code[-4:]}, {"q": code[-4:]}),
    }
    for one, other in (
        ("a rare plan", "revoked"),
        ("a rare plan", "expired"),
        ("a common plan", "unredeemed"),
        ("a common plan", "revoked"),
        ("expires in a narrow window", "revoked"),
        ("expires in a narrow window", "a rare plan"),
        ("expired before", "unredeemed"),
        ("expires later", "redeemed"),
        ("begins with 1 symbol", "a rare plan"),
        ("begins with 2 symbols", "revoked"),
    ):
        both = tuple({**wishes[one][part], **wishes[other][part]} for part in (0, 1))
        wishes[f"{one} and {other}"] = both  # type: ignore[assignment]  # two dicts, as above
    return {
        f"{name}, {where}": Page(query, PlainFilters(**filters), place)
        for where, place in (("first page", None), ("deep page", after))
        for name, (query, filters) in wishes.items()
    }


async def _place(database: asyncpg.Connection, filled: Filled, rows: int) -> tuple[UUID, int]:
    """Where one stands after so many rows of the whole list."""
    query = (
        "SELECT batch_id, position FROM access_codes WHERE account_id = $1 AND project_id = $2"
        " ORDER BY batch_id DESC, position DESC OFFSET $3 LIMIT 1"
    )
    (row,) = await database.fetch(query, *filled.creator.place, min(rows, filled.codes // 2))
    return row["batch_id"], row["position"]


async def _ask(http: httpx.AsyncClient, codes_api: str, filled: Filled, page: Page) -> tuple[list[str], float]:
    creator = filled.creator
    began = time.perf_counter()
    answer = await http.get(
        f"{codes_api}{creator.path}/codes", params=page.params, headers={"Authorization": f"Bearer {creator.key}"}
    )
    milliseconds = (time.perf_counter() - began) * 1000
    must_equal("the list", answer.status_code, 200)
    return [code["code"].replace("-", "") for code in answer.json()["data"]], milliseconds
