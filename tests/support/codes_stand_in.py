"""A stand-in of codes-api's internal endpoints: speaks the contracts, keeps everything in memory, does as a test says.

It decides as simply as it can (a code is good, used, or refused as told). Deliveries keep a real count under a real lease.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import SecretStr
from shared.auth import require_service
from shared.contracts.accounts import Branding
from shared.contracts.batches import DeliverableCode, DeliveryClaim, DeliveryMethod, ReportDelivery
from shared.contracts.bots import ConnectedBot, ConnectedBots, LinkOwnerChat, OwnerChatLinked
from shared.contracts.redemptions import CodePreview, KnownCode, MembershipView, MemberView, PlanSummary, Redemption, TypedCode
from shared.contracts.statistics import CodeStatistics
from shared.errors import NotFoundError
from shared.money import usd
from shared.problems import install_problem_handlers, render

from tests.support.chats_stand_in import ChatsStandIn
from tests.support.refusal import Refusal

LEASE_SECONDS = 60


def plan(name: str = "Gold", *, amount: int = 900, period: str = "1 month", lifetime: bool = False) -> PlanSummary:
    return PlanSummary(id=uuid4(), name=name, price=usd(amount), period=period, lifetime=lifetime)


@dataclass
class GoodCode:
    plan: PlanSummary
    expires_at: datetime | None = None
    ends_at: datetime | None = None
    extends_until: datetime | None = None
    redeemed_by: int | None = None
    membership_id: UUID = field(default_factory=uuid4)


@dataclass
class Batch:
    """A batch to be delivered. `delivered` as reported."""

    bot_id: int
    chat_id: int
    codes: list[str]
    plan: PlanSummary
    join: str
    label: str | None = None
    expires_at: datetime | None = None
    branded: bool = False
    csv: bytes = b""
    delivered: int = 0
    lease: UUID | None = None
    released: int = 0
    reports: list[int] = field(default_factory=list)
    message_ids: list[int] = field(default_factory=list)

    def claim(self) -> DeliveryClaim:
        self.lease = uuid4()
        document = bool(self.csv)
        return DeliveryClaim(
            lease=self.lease,
            lease_seconds=LEASE_SECONDS,
            bot_id=self.bot_id,
            chat_id=self.chat_id,
            method=DeliveryMethod.DOCUMENT if document else DeliveryMethod.MESSAGES,
            plan_name=self.plan.name,
            plan_period=self.plan.period,
            label=self.label,
            expires_at=self.expires_at,
            quantity=len(self.codes),
            file_name="codes.csv",
            codes=[]
            if document
            else [
                DeliverableCode(position=at, code=code, join_link=self.join + code.replace("-", ""))
                for at, code in enumerate(self.codes)
                if at >= self.delivered
            ],
            branded=self.branded,
        )


class CodesStandIn(ChatsStandIn):
    """codes-api for one project, with switches."""

    def __init__(self, service_token: SecretStr) -> None:
        super().__init__()
        self.account_id, self.project_id = uuid4(), uuid4()
        self.bots: dict[int, ConnectedBot] = {}
        self.plans: list[PlanSummary] = []
        self.good: dict[str, GoodCode] = {}
        self.refusals: dict[str, Refusal] = {}
        self.owner_links: dict[str, int | None] = {}
        self.waiting_batches = 0
        self.batches: dict[UUID, Batch] = {}
        self.claim_refusals: dict[UUID, Refusal] = {}
        self.away = False
        self.leaving = False
        self.lose_lease_after: int | None = None
        self.calls: list[tuple[str, str | None]] = []
        self.redeem_calls = 0
        self.held = False
        self.hold_report: int | None = None
        self.report_held = False
        self.garbled = False
        self.statistics: CodeStatistics | None = None
        self.picture: bytes | None = None
        self.app = self._app(service_token)

    def connect(
        self, *, bot_id: int, token: str, username: str, name: str = "Northwind", branding: Branding = Branding.NOWHERE
    ) -> ConnectedBot:
        """Connect a bot to the project, or change how it is connected."""
        self.bots[bot_id] = ConnectedBot(
            bot_id=bot_id,
            username=username,
            token=SecretStr(token),
            webhook_secret=SecretStr(f"secret-of-{bot_id}"),
            account_id=self.account_id,
            project_id=self.project_id,
            project_name=name,
            branding=branding,
            owner_chat_id=None,
        )
        return self.bots[bot_id]

    def _app(self, service_token: SecretStr) -> FastAPI:
        app = FastAPI()
        install_problem_handlers(app)

        @app.middleware("http")
        async def switch(request: Request, call_next):  # type: ignore[no-untyped-def]
            self.calls.append((request.url.path, request.headers.get("X-Request-ID")))
            if self.away:
                return render(503, "dependency_unavailable", "away", "away")
            return await call_next(request)

        router = APIRouter(prefix="/internal", dependencies=[Depends(require_service(service_token))])
        router.get("/bots")(self._bots)
        router.get("/bots/{bot_id}")(self._bot)
        project = "/projects/{account_id}/{project_id}"
        router.get(project + "/bot")(self._project_bot)
        router.post(project + "/owner-chat", response_model=None)(self._link)
        router.get(project + "/members/{telegram_id}", response_model=None)(self._view)
        router.post(project + "/codes/preview", response_model=None)(self._preview)
        router.post(project + "/codes/known")(self._known)
        router.post(project + "/redemptions", response_model=None)(self._redeem)
        router.include_router(self.chat_routes(), prefix=project)
        router.get(project + "/stats")(self._stats)
        router.get(project + "/stats.png")(self._stats_png)
        batch = "/batches/{account_id}/{batch_id}"
        router.post(batch + "/delivery/claim", response_model=None)(self._claim)
        router.post(batch + "/delivery/progress", response_model=None)(self._progress)
        router.post(batch + "/delivery/release", response_model=None)(self._release)
        router.get(batch + "/codes.csv")(self._csv)
        app.include_router(router)
        return app

    async def _bots(self) -> ConnectedBots:
        return ConnectedBots(data=list(self.bots.values()))

    async def _bot(self, bot_id: int) -> ConnectedBot:
        if bot_id not in self.bots:
            raise NotFoundError
        return self.bots[bot_id]

    async def _project_bot(self) -> ConnectedBot:
        if not self.bots or self.leaving:
            raise NotFoundError
        return next(iter(self.bots.values()))

    async def _link(self, body: LinkOwnerChat) -> OwnerChatLinked | Response:
        if body.link_token not in self.owner_links:
            return Refusal(404, "owner_link_unknown").response()
        self.owner_links[body.link_token] = body.chat_id
        name = next(iter(self.bots.values())).project_name
        return OwnerChatLinked(project_id=self.project_id, project_name=name, waiting_batches=self.waiting_batches)

    async def _view(self, telegram_id: int) -> MemberView | Response:
        if self.garbled:
            return Response(b'{"plans": 7}', media_type="application/json")
        mine = [self._membership(code) for code in self.good.values() if code.redeemed_by == telegram_id]
        return MemberView(plans=self.plans, memberships=mine)

    async def _preview(self, body: TypedCode) -> CodePreview | Response:
        canonical, found = self._find(body)
        if isinstance(found, Refusal):
            return found.response()
        return CodePreview(
            code=canonical,
            plan=found.plan,
            expires_at=found.expires_at,
            extends_until=found.extends_until,
            repeated=found.redeemed_by is not None,
        )

    async def _known(self, body: TypedCode) -> KnownCode:
        return KnownCode(known=body.text.strip().upper() in self.good)

    async def _redeem(self, body: TypedCode) -> Redemption | Response:
        self.redeem_calls += 1
        while self.held:  # turned by a test in another thread
            await asyncio.sleep(0.005)
        _, found = self._find(body)
        if isinstance(found, Refusal):
            return found.response()
        repeated = found.redeemed_by is not None
        found.redeemed_by = body.telegram_id
        self.entitled.add(body.telegram_id)
        extended = found.extends_until is not None and not repeated
        return Redemption(membership=self._membership(found), repeated=repeated, extended=extended)

    async def _stats(self) -> CodeStatistics:
        assert self.statistics is not None
        return self.statistics

    async def _stats_png(self) -> Response:
        if self.picture is None:
            return Refusal(429, "rate_limited").response()
        return Response(self.picture, media_type="image/png")

    async def _claim(self, batch_id: UUID) -> DeliveryClaim | Response:
        if (refusal := self.claim_refusals.get(batch_id)) is not None:
            return refusal.response()
        batch = self.batches[batch_id]
        if batch.delivered == len(batch.codes):
            return Refusal(409, "delivery_done").response()
        if batch.lease is not None:
            return Refusal(409, "delivery_leased").response()
        return batch.claim()

    async def _progress(self, batch_id: UUID, body: ReportDelivery) -> dict[str, str] | Response:
        batch = self.batches[batch_id]
        while self.hold_report is not None and body.delivered >= self.hold_report:  # as in _redeem
            self.report_held = True
            await asyncio.sleep(0.005)
        if body.lease != batch.lease or (self.lose_lease_after is not None and body.delivered >= self.lose_lease_after):
            return Refusal(409, "delivery_lease_lost").response()
        batch.delivered = max(batch.delivered, body.delivered)
        batch.reports.append(body.delivered)
        batch.message_ids += body.message_ids
        return {}

    async def _release(self, batch_id: UUID, body: ReportDelivery) -> dict[str, str]:
        batch = self.batches[batch_id]
        if body.lease == batch.lease:
            batch.delivered, batch.lease = max(batch.delivered, body.delivered), None
            batch.released += 1
        return {}

    async def _csv(self, batch_id: UUID) -> Response:
        return Response(self.batches[batch_id].csv, media_type="text/csv")

    def _find(self, body: TypedCode) -> tuple[str, GoodCode | Refusal]:
        imported = body.text.strip().upper()
        canonical = imported if imported in self.good else "".join(symbol for symbol in imported if symbol.isalnum())
        if (refusal := self.refusals.get(canonical)) is not None:
            return canonical, refusal
        found = self.good.get(canonical)
        if found is None:
            return canonical, Refusal(404, "code_unknown")
        if found.redeemed_by not in (None, body.telegram_id):
            return canonical, Refusal(409, "code_already_redeemed")
        return canonical, found

    @staticmethod
    def _membership(code: GoodCode) -> MembershipView:
        return MembershipView(
            id=code.membership_id,
            plan=code.plan,
            status="active",
            starts_at=datetime.fromisoformat("2026-07-03T10:00:00Z"),
            ends_at=code.ends_at,
        )
