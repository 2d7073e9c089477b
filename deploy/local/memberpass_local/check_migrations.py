"""`alembic check` for both services on throwaway databases: the migrations, run from nothing, give the models.

Each history also goes all the way down and up again, so that the way back exists and works.
"""

import asyncio
import os
import sys

from memberpass_local.problems import StackError
from memberpass_local.services import alembic_ini
from memberpass_local.throwaway import throwaway_postgres

_STEPS = (("upgrade", "head"), ("check",), ("downgrade", "base"), ("upgrade", "head"), ("check",))


async def check_migrations() -> bool:
    """Whether every step of both histories ends well; what alembic says goes to the terminal."""
    async with throwaway_postgres() as postgres:
        await postgres.create_databases("codes", "billing")
        env = {
            **os.environ,
            "CODES_DATABASE_URL": postgres.url("codes"),
            "BILLING_DATABASE_URL": postgres.url("billing"),
        }
        return all([await _check_one(service, env) for service in ("codes-api", "billing-api")])


async def _check_one(service: str, env: dict[str, str]) -> bool:
    for step in _STEPS:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "alembic", "-c", str(alembic_ini(service)), *step, env=env
        )
        if await process.wait() != 0:
            print(f"{service}: alembic {' '.join(step)} failed", file=sys.stderr)  # noqa: T201  # a command's own output
            return False
    return True


if __name__ == "__main__":
    try:
        sys.exit(0 if asyncio.run(check_migrations()) else 1)
    except StackError as error:
        sys.exit(str(error))
