"""A small world in codes-api's database, made directly: an account with a project, plans and codes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any, TypedDict
from uuid import UUID

from codes_api.base import outbox
from codes_api.codes.alphabet import new_code
from codes_api.codes.models import AccessCode, Batch
from codes_api.due import run_due
from codes_api.memberships.models import MembershipPlan
from codes_api.projects.models import Bot, Project
from codes_api.tenants.models import Tenant
from codes_api.webhooks.models import WebhookEndpoint
from shared.contracts.due import DueRun
from shared.db import Database
from shared.ids import new_id
from sqlalchemy import func, insert, select, text

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


class Place(TypedDict):
    """Names the account and the project."""

    account_id: UUID
    project_id: UUID


@dataclass
class World:
    """One account with one project at first; `another()` makes a neighbour in the same database."""

    database: Database
    account_id: UUID = field(default_factory=new_id)
    project_id: UUID = field(default_factory=new_id)
    now: datetime = NOW

    @property
    def place(self) -> Place:
        """What leads every call."""
        return {"account_id": self.account_id, "project_id": self.project_id}

    async def begin(self, **tenant: Any) -> "World":
        """Write the account and the project."""
        values = {
            "account_id": self.account_id,
            "version": 1,
            "plan": "starter_monthly",
            "standing": "active",
            "branding": "everywhere",
            "projects_limit": 10,
            "lifetime_limit": None,
            "as_of": self.now,
        }
        async with self.database.transaction() as session:
            session.add(Tenant(**{**values, **tenant}))
            await session.flush()
            session.add(Project(account_id=self.account_id, id=self.project_id, name="Club", created_at=self.now))
        return self

    async def another(self, **tenant: Any) -> "World":
        """A neighbour: another account, another project."""
        return await World(self.database, now=self.now).begin(**tenant)

    async def plan(self, unit: str = "month", count: int = 1, **columns: Any) -> UUID:
        """A plan of this period."""
        values = {
            "id": new_id(),
            "name": "Gold",
            "price_amount": 1999,
            "price_currency": "USD",
            "created_at": self.now,
            "interval_unit": unit,
            "interval_count": count,
        }
        plan = MembershipPlan(**self.place, **{**values, **columns})
        async with self.database.transaction() as session:
            session.add(plan)
        return plan.id

    async def batch(self, plan_id: UUID, quantity: int = 1, *, expires_in: timedelta | None = None, **columns: Any) -> UUID:
        """A batch that is ready, with its codes."""
        batch_id = new_id()
        expires_at = None if expires_in is None else self.now + expires_in
        values = {
            "quantity": quantity,
            "expiry_preset": "no_expiry" if expires_at is None else "custom",
            "expiry_days": None if expires_at is None else 1,
            "expires_at": expires_at,
            "included": quantity,
            "overage": 0,
            "fee_amount": 0,
            "fee_currency": "USD",
            "status": "ready",
            "requested_at": self.now,
            "generated_at": self.now,
            "delivery": "waiting",
            "progressed_at": self.now,
        }
        async with self.database.transaction() as session:
            session.add(Batch(**self.place, id=batch_id, plan_id=plan_id, **{**values, **columns}))
            await session.flush()
            row = {**self.place, "batch_id": batch_id, "plan_id": plan_id, "expires_at": expires_at}
            await session.execute(
                insert(AccessCode), [{**row, "position": place, "code": new_code()} for place in range(quantity)]
            )
        return batch_id

    async def codes(self, plan_id: UUID, quantity: int = 1, *, expires_in: timedelta | None = None) -> list[str]:
        """Fresh codes of a plan, in their order."""
        batch_id = await self.batch(plan_id, quantity, expires_in=expires_in)
        return await self.codes_of(batch_id)

    async def codes_of(self, batch_id: UUID) -> list[str]:
        """The codes of a batch, in their order."""
        async with self.database.transaction() as session:
            query = select(AccessCode.code).where(AccessCode.batch_id == batch_id).order_by(AccessCode.position)
            return list((await session.execute(query)).scalars())

    async def code(self, plan_id: UUID, *, expires_in: timedelta | None = None) -> str:
        """One fresh code of a plan."""
        (code,) = await self.codes(plan_id, expires_in=expires_in)
        return code

    async def bot(self, username: str = "club_bot") -> None:
        """Connect a bot."""
        async with self.database.transaction() as session:
            session.add(
                Bot(
                    **self.place,
                    bot_id=new_id().int % 10**10 + 1,
                    username=username,
                    token_sealed=b"sealed",
                    webhook_secret_sealed=b"sealed",
                    owner_link_hash=b"h" * 32,
                    connected_at=self.now,
                )
            )

    async def webhook(self, *, enabled: bool = True) -> None:
        """An address that is told when a code is redeemed."""
        off = {} if enabled else {"disabled_at": self.now, "disabled_reason": "creator"}
        endpoint = WebhookEndpoint(
            **self.place,
            id=new_id(),
            url="https://x.example",
            events=["access_code.redeemed"],
            secret_sealed=b"sealed",
            enabled=enabled,
            created_at=self.now,
            **off,
        )
        async with self.database.transaction() as session:
            session.add(endpoint)

    async def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Look (or meddle) with plain SQL; :account and :project are bound."""
        bound = {"account": self.account_id, "project": self.project_id, **parameters}
        named = {name: value for name, value in bound.items() if f":{name}" in sql}
        async with self.database.transaction() as session:
            connection = await session.connection()
            result = await connection.execute(text(sql), named)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def one(self, sql: str, **parameters: Any) -> Any:
        """The one value that the SQL gives."""
        ((value,),) = await self.rows(sql, **parameters)
        return value

    async def events(self, type_: str) -> list[dict[str, Any]]:
        """Payloads of the staged events of a type, in order."""
        async with self.database.transaction() as session:
            query = select(outbox.c.payload).where(outbox.c.account_id == self.account_id, outbox.c.type == type_)
            return list((await session.execute(query.order_by(outbox.c.id))).scalars())

    async def tombstones(self, batch_id: UUID | None = None) -> int:
        """How many codes of this account, or of a batch, were swept."""
        async with self.database.transaction() as session:
            batches = select(Batch.id).where(Batch.account_id == self.account_id, Batch.swept_at.is_not(None))
            query = select(func.count()).where(
                AccessCode.account_id == self.account_id,
                AccessCode.batch_id.in_(batches if batch_id is None else batches.where(Batch.id == batch_id)),
                AccessCode.redeemed_at.is_(None),
                AccessCode.revoked_at.is_(None),
            )
            return (await session.execute(query)).scalar_one()

    async def expired(self) -> list[dict[str, Any]]:
        """What billing is told of the sweep: batches and how many of their codes, in the order of their ids."""
        said = [batch for event in await self.events("batches.expired") for batch in event["batches"]]
        return sorted(said, key=itemgetter("batch_id"))

    async def count(self, model: type[Any], *where: Any) -> int:
        """How many rows of this account there are."""
        async with self.database.transaction() as session:
            query = select(func.count()).select_from(model).where(model.account_id == self.account_id, *where)
            return (await session.execute(query)).scalar_one()


async def run_all_due(world: World, now: datetime) -> DueRun:
    """What is due at that moment, under the settings' defaults."""
    return await run_due(world.database, now=now, tombstone_days=400, refused_attempt_days=30, remind_days=3, webhook_log_days=30)
