"""What nobody asks for any more is forgotten, in real time and at most once an hour."""

from sqlalchemy import text

from tests.support.codes_api import Codes, Shop


async def _count(codes: Codes, table: str) -> int:
    async with codes.state.database.transaction() as session:
        count: int = (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
        return count


async def test_old_answers_and_events_are_forgotten(codes: Codes, shop: Shop) -> None:
    for key in ("old", "fresh"):
        await shop.creator.post(f"{shop.path}/batches", shop.wish(1), key=key)
    await codes.all_said()
    events = await _count(codes, "outbox")
    codes.clock.advance(days=400)  # the sandbox's year is no reason to forget
    async with codes.state.database.transaction() as session:
        await session.execute(
            text("UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = encode(sha256('old'), 'hex')")
        )
        await session.execute(text("UPDATE outbox SET published_at = now() - interval '8 days' WHERE type = 'bot.connected'"))
    await codes.internal.run_due()
    assert await _count(codes, "idempotency_keys") == 1
    assert 0 < await _count(codes, "outbox") < events

    async with codes.state.database.transaction() as session:
        await session.execute(text("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'"))
    await codes.internal.run_due()  # it is not time yet
    assert await _count(codes, "idempotency_keys") == 1
