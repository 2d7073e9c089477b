"""/v1/projects/{p}/imports: codes of another system, as CSV."""

from uuid import UUID

from fastapi import APIRouter, Request, status
from pydantic import Field, StrictBool
from shared.contracts.base import WireModel
from shared.idempotency import IdempotentRoute, resource_id_of
from shared.money import Money

from codes_api.api.batches import BatchOut, Expiry, batch_out
from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import post_problems
from codes_api.api.fields import ProjectId, ShortText
from codes_api.codes.batch_errors import (
    AccessCodesDisabledError,
    BotNotConnectedError,
    ConsentRequiredError,
    ExchangeRateMissingError,
    FeeNotAcceptedError,
    PaymentMethodRequiredError,
)
from codes_api.codes.batches import get_batch
from codes_api.codes.import_batch import check_import, give_back, write_import
from codes_api.codes.import_errors import ImportRefusedError
from codes_api.codes.import_file import read_file
from codes_api.codes.request_batch import BatchWish
from codes_api.memberships.plan_errors import PlanInactiveError
from codes_api.projects.errors import ProjectArchivedError
from codes_api.tenants.errors import AccountLockedError

router = APIRouter(prefix="/v1/projects/{project_id}/imports", tags=["Imports"], route_class=IdempotentRoute)


class ImportRequest(WireModel):
    """Codes to be brought in."""

    plan_id: UUID = Field(description="What each code gives.", examples=["019a8f4e-5a3c-7e53-8f0b-3d1f8f3f9b10"])
    csv: str = Field(
        description="The file's text: 1 to 1000 codes of 6 to 64 characters out of A-Z, a-z, 0-9, `-`, `_` and `.`; upper and "
        "lower case are the same. One column; with a header that names it (`code`, `Access Code`) it may have others.",
        examples=["code\nSPRING-0001\nSPRING-0002\n"],
    )
    expiry: Expiry = Expiry()
    label: ShortText | None = Field(default=None, description="For you, such as where they come from.", examples=["Old shop"])
    consent: StrictBool = Field(default=False, description="You bring codes that you intend to distribute.", examples=[True])
    accept_fee: Money | None = Field(
        default=None,
        description="The `fee` that the quote for as many codes named, if there is one.",
        examples=[{"amount": 141, "currency": "USD"}],
    )


@router.post(
    "",
    summary="Import codes",
    status_code=status.HTTP_201_CREATED,
    responses=post_problems(
        ImportRefusedError,
        ConsentRequiredError,
        PlanInactiveError,
        BotNotConnectedError,
        AccessCodesDisabledError,
        AccountLockedError,
        FeeNotAcceptedError,
        PaymentMethodRequiredError,
        ExchangeRateMissingError,
        ProjectArchivedError,
    ),
)
async def create(
    request: Request,
    project_id: ProjectId,
    asker: CreatorDep,
    body: ImportRequest,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
) -> BatchOut:
    """They become a batch that is `ready` at once, and count against your quota like generated codes; a quote for as many
    codes names the fee. Either all are imported or none: `import_refused` lists each refused line in `lines` with its
    number and `reason`: `missing`, `too_short`, `too_long`, `unsafe_character`, `several_columns`, `unreadable`,
    `duplicate_in_file` (with `first_line`), `already_in_project` (also a code that has expired, or differs only in case)."""
    file = read_file(body.csv)
    wish = BatchWish(
        batch_id=resource_id_of(request),
        plan_id=body.plan_id,
        quantity=file.quantity,
        expiry=body.expiry.preset,
        expiry_days=body.expiry.days,
        label=body.label,
        consent=body.consent,
        accept_fee=body.accept_fee,
    )
    place = {"account_id": asker.account_id, "project_id": project_id}
    standing = asker.entitlements.standing
    reserve = await check_import(state.database, **place, standing=standing, wish=wish, file=file)
    reservation = await state.billing.reserve_quota(asker.account_id, reserve)
    try:
        batch = await write_import(session, **place, wish=wish, file=file, reservation=reservation, now=now)
    except ImportRefusedError:
        await session.rollback()
        await give_back(state.database, account_id=asker.account_id, batch_id=wish.batch_id, now=now)
        raise
    return batch_out(await get_batch(session, **place, batch_id=batch.id, now=now))
