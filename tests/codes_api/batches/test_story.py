"""A batch from the request to the creator's chat, as jobs and bot-gateway take it through."""

from shared.contracts.batches import BatchStatus, DeliveryMethod, ReportDelivery

from tests.support.codes_api import Codes, Shop


async def test_a_small_batch_goes_all_the_way(codes: Codes, shop: Shop) -> None:
    batch = await shop.order(3, label="Spring", expiry={"preset": "custom", "days": 3})
    seen = await shop.look(batch)
    assert (seen["status"], seen["delivery"], seen["generated"]) == ("queued", "waiting", 0)
    assert seen["expiry"] == {"preset": "custom", "days": 3}

    result = await codes.internal.generate(batch)
    assert (result.status, result.generated) == (BatchStatus.READY, 3)
    await codes.internal.mark_billed(batch)

    claim = await codes.internal.claim_delivery(batch)
    assert claim.method is DeliveryMethod.MESSAGES
    assert (claim.chat_id, claim.plan_name, claim.plan_period, claim.label) == (555, "Monthly", "1 month", "Spring")
    assert [code.position for code in claim.codes] == [0, 1, 2]
    assert claim.codes[0].join_link == f"https://t.me/club1001_bot?start=code_{claim.codes[0].code}"
    for code in claim.codes:
        report = ReportDelivery(lease=claim.lease, delivered=code.position + 1, message_ids=[100 + code.position])
        await codes.internal.report_delivery(batch, report)

    seen = await shop.look(batch)
    assert (seen["status"], seen["delivery"], seen["generated"], seen["delivered"]) == ("ready", "delivered", 3, 3)
    assert seen["counts"] == {"unredeemed": 3, "redeemed": 0, "expired": 0, "revoked": 0}
    assert (await shop.creator.get(f"{shop.path}/batches"))["data"] == [seen]
