"""A process table for tests of the stack alone: stand-ins on the services' ports, and no migrations."""

import sys
from pathlib import Path

from memberpass_local.probes import HttpProbe
from memberpass_local.spawn import ProcessSpec
from memberpass_local.wiring import Wiring

PROGRAM = Path(__file__).parents[1] / "deploy_local" / "stack" / "stand_in.py"
SERVICES = ("codes-api", "billing-api", "bot-gateway", "telegram")


def stand_in(wiring: Wiring, name: str, *options: str) -> ProcessSpec:
    """One stand-in on a service's port."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-I", "-S", str(PROGRAM), "--port", str(wiring.settings.ports[name]), *options),
        env=wiring.environment(),
        ready=HttpProbe(f"{wiring.url_of(name)}/readyz"),
    )


def stand_ins(wiring: Wiring) -> list[ProcessSpec]:
    """All with a port, and one like jobs, without."""
    jobs = ProcessSpec(name="jobs", argv=(sys.executable, "-I", "-S", str(PROGRAM)), env=wiring.environment())
    return [*(stand_in(wiring, name) for name in SERVICES), jobs]


def no_migrations(_: Wiring) -> list[ProcessSpec]:
    """Nothing to migrate."""
    return []
