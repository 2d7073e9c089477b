"""Which code of a project a typed text means, before anything is done with it (`rules.md` C1)."""

from typing import Final
from uuid import UUID

from shared.db import Database

from codes_api.codes.spelling import generated, spellings

# Whether the project has imports is asked once and first: if it has none, PostgreSQL looks no code up.
_IMPORTED: Final = """
SELECT code FROM access_codes
WHERE account_id = $1::uuid AND project_id = $2::uuid AND code = ANY($3::varchar[])
  AND EXISTS (SELECT FROM projects WHERE account_id = $1::uuid AND id = $2::uuid AND has_imports)
ORDER BY array_position($3::varchar[], code)
LIMIT 1
"""


async def resolve(database: Database, *, account_id: UUID, project_id: UUID, typed: str) -> str | None:
    """The code as it is stored; None: the text is no code, or was mistyped.

    A text that reads as a generated code, with the right check symbol, is one: nothing is asked. Any other is looked up
    only in projects that have imported codes.
    """
    code = generated(typed)
    if code is not None:
        return code
    forms = spellings(typed)
    row = await database.fetch_row(_IMPORTED, account_id, project_id, forms) if forms else None
    return None if row is None else str(row["code"])
