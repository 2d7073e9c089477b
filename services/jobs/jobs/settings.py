"""The only place of this service that reads the environment."""

from typing import ClassVar

from pydantic import Field
from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """What `ServiceSettings` has, and the worker's own measures (seconds)."""

    required_secrets: ClassVar[tuple[str, ...]] = ("service_token",)

    redis_url: str = "redis://127.0.0.1:6379/0"

    # Half of it is what an event waits on average; at 15 ms an idle worker takes about 3 % of one core.
    jobs_poll_delay_s: float = Field(default=0.015, gt=0, le=1)
    # Deliveries and clock advances last for seconds, so that nobody notices a quarter of one.
    jobs_slow_poll_delay_s: float = Field(default=0.2, gt=0, le=5)
    jobs_max_events: int = Field(default=20, ge=1)
    jobs_max_deliveries: int = Field(default=100, ge=1)
    # How long a job of a killed worker stays untouched (see `jobs.leases`).
    jobs_lease_s: float = Field(default=5, gt=0)
    # Between SIGTERM and the cancelling of what is still running; cancelled jobs run again.
    jobs_grace_s: float = Field(default=3, ge=0)
