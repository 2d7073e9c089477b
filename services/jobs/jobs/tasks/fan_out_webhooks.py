"""Have the creator's webhook endpoints be told of an event."""

from shared.contracts.events import Event

from jobs.services import Services


async def fan_out_webhooks(services: Services, event: Event) -> None:
    """Hand the event to codes-api, which writes a delivery for each endpoint that wants it; keyed by the event.

    Raises:
        RemoteProblem, DependencyUnavailableError: as codes-api answers.
    """
    await services.codes.fan_out_webhooks(event)
