"""/v1/projects/{p}/payment-methods."""

from fastapi import APIRouter
from pydantic import Field, StrictBool
from shared.contracts.base import WireModel
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute

from codes_api.api.deps import CreatorDep, SessionDep
from codes_api.api.docs import read_problems, write_problems
from codes_api.api.fields import ProjectId
from codes_api.projects.access_codes import set_access_codes
from codes_api.projects.errors import ProjectArchivedError
from codes_api.projects.find import get_project

router = APIRouter(
    prefix="/v1/projects/{project_id}/payment-methods/access-codes", tags=["Projects"], route_class=IdempotentRoute
)


class AccessCodesMethod(WireModel):
    """Access codes as a payment method of the project."""

    enabled: StrictBool = Field(description="Whether codes can be generated. Codes that exist keep working.", examples=[True])


@router.put("", summary="Turn access codes on or off", responses=write_problems(ProjectArchivedError))
async def put(project_id: ProjectId, asker: CreatorDep, body: AccessCodesMethod, session: SessionDep) -> AccessCodesMethod:
    """One of the two prerequisites of generation; the other is a connected bot."""
    await set_access_codes(session, account_id=asker.account_id, project_id=project_id, enabled=body.enabled)
    return body


@router.get("", summary="Whether access codes are on", responses=read_problems(NotFoundError))
async def read(project_id: ProjectId, asker: CreatorDep, session: SessionDep) -> AccessCodesMethod:
    """Off in a new project."""
    project = await get_project(session, account_id=asker.account_id, project_id=project_id)
    return AccessCodesMethod(enabled=project.access_codes_enabled)
