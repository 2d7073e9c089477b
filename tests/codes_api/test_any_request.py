"""codes-api answers whatever it is asked as its document says."""

from shared.contracts.redemptions import TypedCode

from tests.support.any_request import LONGER, Asker, answers_as_documented
from tests.support.codes_api import Shop

DRAWINGS = frozenset(
    ("GET", f"/v1/projects/{{project_id}}{path}")
    for path in ("/stats.png", "/stats.svg", "/batches/{batch_id}/stats.png", "/batches/{batch_id}/stats.svg")
) | {("GET", "/v1/projects/{project_id}/batches/{batch_id}/sheet.pdf")}


async def test_every_answer_is_as_the_document_says(shop: Shop) -> None:
    batch = await shop.ready(5)
    code = (await shop.creator.get(f"{shop.path}/codes"))["data"][0]["code"]
    place = (shop.creator.account_id, shop.project_id)
    given = await shop.codes.internal.redeem(*place, TypedCode(text=code, telegram_id=700100200))
    webhook = await shop.creator.made(f"{shop.path}/webhooks", {"url": "http://127.0.0.1:9/hook"})
    await shop.creator.post(f"{shop.path}/webhooks/{webhook['id']}/test")
    delivery = (await shop.creator.get(f"{shop.path}/webhooks/{webhook['id']}/deliveries"))["data"][0]
    shop.codes.gateway.chats[-1001234567890] = "Lounge"
    await shop.creator.made(f"{shop.path}/chats", {"chat_id": -1001234567890})
    known = {
        "chat_id": "-1001234567890",
        "project_id": str(shop.project_id),
        "plan_id": shop.plan_id,
        "batch_id": str(batch.batch_id),
        "code": code,
        "membership_id": str(given.membership.id),
        "webhook_id": webhook["id"],
        "delivery_id": delivery["id"],
    }
    asker = Asker(lambda _: {"Authorization": f"Bearer {shop.creator.key}"}, known)
    # Pictures take long to draw, and have tests of their own.
    assert await answers_as_documented(shop.codes.app, asker, without=frozenset() if LONGER else DRAWINGS) > 100
