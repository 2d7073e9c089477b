"""Whether a text that nobody asked for is an imported code (`rules.md` T1, C7)."""

from datetime import datetime
from typing import Final

from shared.db import Database

from codes_api.codes.refuse import tell_of_guesses
from codes_api.codes.resolve import resolve
from codes_api.codes.throttle import Member, Throttle

_HAS_IMPORTS: Final = "SELECT has_imports FROM projects WHERE account_id = $1::uuid AND id = $2::uuid"


async def is_known(throttle: Throttle, database: Database, member: Member, *, typed: str, now: datetime) -> bool:
    """Whether this project has, or had, such a code. Always no in projects without imports, and to a member who waits.

    The answer tells a good guess from a bad one, so a no counts as a miss where there is something to guess. It is not
    kept as a refused try: it may be any word of a chat, and nobody was refused.
    """
    row = await database.fetch_row(_HAS_IMPORTS, member.account_id, member.project_id)
    if row is None or not row["has_imports"]:
        return False
    async with throttle.turn(member):
        if await throttle.wait(member, now):
            return False
        place = {"account_id": member.account_id, "project_id": member.project_id}
        if await resolve(database, **place, typed=typed) is not None:
            return True
        if await throttle.missed(member, now):
            await tell_of_guesses(database, **place, now=now)
        return False
