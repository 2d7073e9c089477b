"""A creator brings unredeemed codes of another system: a batch whose codes are given instead of drawn.

As with `request_batch.py` in two steps around billing-api's reservation: `check_import`, then `write_import`. All codes are
written in the one transaction that makes the batch, so that all are imported or none; it is ready with that, and billed on
the way of every batch. Nothing is delivered: the creator has the codes.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchStatus, DeliveryStatus
from shared.contracts.events import EventType
from shared.contracts.quota import QuotaReservation, ReserveQuota
from shared.db import Database
from shared.outbox import stage
from sqlalchemy import ARRAY, Integer, String, column, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import outbox
from codes_api.codes.code_expiry import code_expiry
from codes_api.codes.import_errors import ImportRefusedError, wrong_lines, wrong_size
from codes_api.codes.import_file import ImportFile, LineReason, RefusedLine
from codes_api.codes.models import CODE, AccessCode, Batch
from codes_api.codes.request_batch import BatchWish, check_request
from codes_api.projects.find import get_active_project
from codes_api.projects.models import Project


async def check_import(
    database: Database, *, account_id: UUID, project_id: UUID, standing: Standing, wish: BatchWish, file: ImportFile
) -> ReserveQuota:
    """Whether the codes may be imported, up to what only billing-api knows; and what to ask billing-api for.

    The project comes first, then the file with all its refused lines, then what every batch is asked (`check_request`).
    A batch that is there already passes with its own codes: the same request came before, and its answer was lost.

    Raises:
        NotFoundError, ProjectArchivedError.
        ImportRefusedError: by the file or by what the project has already.
        And as `check_request` does.
    """
    async with database.transaction() as session:
        await get_active_project(session, account_id=account_id, project_id=project_id)
        size = wrong_size(file)
        if size is not None:
            raise size
        taken = await _taken(session, account_id=account_id, project_id=project_id, codes=file.codes, but=wish.batch_id)
    refused = [*file.refused, *taken]
    if refused:
        raise wrong_lines(refused)
    return await check_request(database, account_id=account_id, project_id=project_id, standing=standing, wish=wish)


async def write_import(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    wish: BatchWish,
    file: ImportFile,
    reservation: QuotaReservation,
    now: datetime,
) -> Batch:
    """Write the batch with all its codes. The batch that is there already, if it was written before.

    Raises:
        ImportRefusedError: the project got some of the codes in the meantime. The transaction must be rolled back and
            the reservation given back: see `give_back`.
    """
    fresh = (
        insert(Batch)
        .values(
            account_id=account_id,
            project_id=project_id,
            id=wish.batch_id,
            plan_id=wish.plan_id,
            quantity=wish.quantity,
            imported=True,
            label=wish.label,
            expiry_preset=wish.expiry.value,
            expiry_days=wish.expiry_days,
            expires_at=code_expiry(now, wish.expiry, wish.expiry_days),
            included=reservation.included,
            overage=reservation.overage,
            fee_amount=reservation.fee.amount,
            fee_currency=reservation.fee.currency,
            status=BatchStatus.READY.value,
            requested_at=now,
            generated_at=now,
            delivery=DeliveryStatus.WAITING.value,
            progressed_at=func.clock_timestamp(),
        )
        .on_conflict_do_nothing()
        .returning(Batch)
    )
    batch = (await session.execute(fresh)).scalar_one_or_none()
    if batch is None:
        return await session.get_one(Batch, (account_id, project_id, wish.batch_id))
    await session.execute(
        update(Project)
        .where(Project.account_id == account_id, Project.id == project_id, Project.has_imports.is_(False))
        .values(has_imports=True)
        .execution_options(synchronize_session=False)
    )
    await _write_codes(session, batch, file)
    payload = {"batch_id": str(batch.id)}
    await stage(session, outbox, EventType.BATCH_GENERATED, account_id=account_id, payload=payload, now=now)
    return batch


async def give_back(database: Database, *, account_id: UUID, batch_id: UUID, now: datetime) -> None:
    """Have the reservation of an import that came too late released, on the way of every batch that fails."""
    async with database.transaction() as session:
        payload = {"batch_id": str(batch_id)}
        await stage(session, outbox, EventType.BATCH_FAILED, account_id=account_id, payload=payload, now=now)


async def _write_codes(session: AsyncSession, batch: Batch, file: ImportFile) -> None:
    given = (
        func.unnest(literal(list(range(len(file.codes))), ARRAY(Integer)), literal(list(file.codes), ARRAY(String)))
        .table_valued(column("position", Integer), column("code", String))
        .render_derived(name="given")
    )
    same = {
        "account_id": batch.account_id,
        "project_id": batch.project_id,
        "batch_id": batch.id,
        "plan_id": batch.plan_id,
        "expires_at": batch.expires_at,
    }
    constants = [literal(value, AccessCode.__table__.c[name].type) for name, value in same.items()]
    rows = select(*constants, given.c.position, given.c.code)
    written = await session.execute(
        insert(AccessCode).from_select([*same, "position", "code"], rows).on_conflict_do_nothing().returning(AccessCode.code)
    )
    # Also those that came into the project since they were checked.
    missing = set(file.codes) - set(written.scalars())
    if missing:
        raise wrong_lines([RefusedLine(file.codes[code], LineReason.ALREADY_IN_PROJECT) for code in missing])


async def _taken(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, codes: Mapping[str, int], but: UUID
) -> list[RefusedLine]:
    """The lines whose code the project has or had, other than in the batch `but`."""
    wanted = literal(list(codes), ARRAY(CODE))
    query = select(AccessCode.code).where(
        AccessCode.account_id == account_id,
        AccessCode.project_id == project_id,
        AccessCode.code == func.any(wanted),
        AccessCode.batch_id != but,
    )
    found = set((await session.execute(query)).scalars())
    return [RefusedLine(line, LineReason.ALREADY_IN_PROJECT) for code, line in codes.items() if code in found]


__all__ = ["ImportRefusedError", "check_import", "give_back", "write_import"]
