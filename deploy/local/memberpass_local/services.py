"""What a stack runs besides its servers: two migrations, then four services and the sandbox Telegram. Data only."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from memberpass_local.probes import HttpProbe
from memberpass_local.problems import StackError
from memberpass_local.spawn import Layer, ProcessSpec
from memberpass_local.wiring import Wiring

ProcessTable = Callable[[Wiring], Sequence[ProcessSpec]]
"""The processes of a stack, given how they find each other."""

# -P: the folder a process is started in is no place to import from.
_PYTHON = (sys.executable, "-P", "-m")


def service_table(wiring: Wiring) -> list[ProcessSpec]:
    """The services, each a process of its own, and the sandbox Telegram unless a Bot API is configured."""
    env = wiring.environment()
    ports = wiring.settings.ports
    specs = [
        ProcessSpec(
            name=name,
            argv=(*_PYTHON, module),
            env=env | {"PORT": str(ports[name])},
            ready=HttpProbe(f"{wiring.url_of(name)}/readyz"),
        )
        for name, module in (("codes-api", "codes_api"), ("billing-api", "billing_api"), ("bot-gateway", "bot_gateway"))
    ]
    specs.append(ProcessSpec(name="jobs", argv=(*_PYTHON, "jobs"), env=env, layer=Layer.WORKER))
    if wiring.settings.embeds_telegram:
        state = wiring.settings.home.data / "telegram"
        listen = ("--host", env["HOST"], "--port", str(ports["telegram"]), "--state", str(state))
        specs.append(
            ProcessSpec(
                name="telegram",
                argv=(*_PYTHON, "memberpass_local.telegram", *listen),
                env=env,
                ready=HttpProbe(f"{wiring.url_of('telegram')}/readyz"),
            )
        )
    return specs


def migration_table(wiring: Wiring) -> list[ProcessSpec]:
    """`alembic upgrade head` for each of the two databases; the histories know nothing of each other."""
    return [
        ProcessSpec(
            name=f"migrate-{service}",
            argv=(*_PYTHON, "alembic", "-c", str(alembic_ini(service)), "upgrade", "head"),
            env=wiring.environment(),
        )
        for service in ("codes-api", "billing-api")
    ]


def alembic_ini(service: str) -> Path:
    """A service's alembic configuration: migrations belong to the repository, not to the installed package.

    Raises:
        StackError: this package does not lie in the repository.
    """
    root = Path(__file__).resolve().parents[3]
    path = root / "services" / service / "alembic.ini"
    if not path.is_file():
        raise StackError(f"{path} is missing: the local stack runs from a clone of the repository.")
    return path
