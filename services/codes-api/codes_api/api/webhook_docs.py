"""What creators' servers receive, for the docs page: the `webhooks` of the OpenAPI document."""

from typing import Any, Final

from fastapi import APIRouter, status
from shared.contracts.base import WireModel

from codes_api.webhooks.models import TEST_EVENT, WebhookEvent
from codes_api.webhooks.payloads import (
    CodeRedeemed,
    CodesExpired,
    CodesGenerated,
    Envelope,
    MembershipActivated,
    MembershipEnded,
    WebhookTest,
)

ABOUT: Final = """
Have your own server told what happens, instead of asking. Each message is a POST with a JSON body
`{"type", "timestamp", "data"}`, signed by the [Standard Webhooks](https://www.standardwebhooks.com) specification.

**Verify the signature** before you believe a message: with a `standardwebhooks` library, which there is for most languages,

```python
from standardwebhooks import Webhook

message = Webhook("whsec_...").verify(body, headers)   # the raw bytes as they came; raises if they are not ours
```

or by hand: the base64 part of the secret behind `whsec_` is the key; HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`,
in base64, must be one of the space-separated `v1,...` values of `webhook-signature` (two while a secret is rotated), and
`webhook-timestamp` (Unix seconds, real time) not more than five minutes away.

**Answer 2xx within 10 seconds**; work afterwards. Anything else is tried again after 5 seconds, 5 and 30 minutes, 2, 5, 10, 14
and 20 hours, and a last time when 3 days have passed. A webhook that accepted nothing for 3 days is switched off and your bot
tells you; 410 switches it off at once. Redirects are not followed.

**At least once, in no certain order:** a message can come twice, with the same `webhook-id`: remember the ids you have handled.
`access_codes.generated` and `access_code.expired` come once a batch,
`membership.activated` also when a redemption extends a running membership.
"""

TAG: Final[dict[str, Any]] = {"name": "Webhooks", "description": ABOUT}

router = APIRouter(tags=["Webhooks"])

_MESSAGES: Final[dict[str, type[WireModel]]] = {
    WebhookEvent.CODES_GENERATED: CodesGenerated,
    WebhookEvent.CODE_REDEEMED: CodeRedeemed,
    WebhookEvent.CODES_EXPIRED: CodesExpired,
    WebhookEvent.MEMBERSHIP_ACTIVATED: MembershipActivated,
    WebhookEvent.MEMBERSHIP_ENDED: MembershipEnded,
    TEST_EVENT: WebhookTest,
}


def _document(type_: str, data: type[WireModel]) -> None:
    async def receive(body: WireModel) -> None:
        """Never called: it describes what a creator's server gets."""

    receive.__annotations__["body"] = Envelope[data]  # type: ignore[valid-type]  # made here, for the docs
    router.post(type_, summary=type_, description=data.__doc__, status_code=status.HTTP_204_NO_CONTENT)(receive)


for _type, _data in _MESSAGES.items():
    _document(str(_type), _data)
