"""A batch of 200 that goes 3 codes over the quota: quote, refusal, fee, CSV."""

import csv
import io
from http import HTTPStatus

from memberpass_local.demo.chapters.batches import request, until
from memberpass_local.demo.checks import must, must_equal
from memberpass_local.demo.world import CREATOR, World

LARGE, OVER = 200, 3
FEE = {"amount": 90, "currency": "USD"}  # 3 codes x 10.00 x 3 %
HEADER = ["Access Code", "Plan Name", "Join Link", "Expires At", "Price", "Currency", "Started On", "Ends On"]


async def large_batch_over_quota(world: World) -> None:
    """See what it costs, refuse to pay, pay, get the CSV."""
    tell = world.teller
    tell.chapter("4. Two hundred codes for a campaign", "197 are still free this cycle. Three more cost a fee, named beforehand.")
    codes, billing = world.codes(world["key"]), world.billing(world["key"])
    project, expiry = world["project"], {"preset": "1_day"}

    with tell.step("The quote says what it would cost") as step:
        quote = await codes.call("POST", f"{project}/batches/quote", {"plan_id": world["monthly"], "quantity": LARGE})
        must_equal("the quote", quote, {"included": LARGE - OVER, "overage": OVER, "fee": FEE})
        step.note("197 free, 3 over: 0.90 USD")

    with tell.step("Without accepting the fee nothing is generated") as step:
        body = request(world["monthly"], LARGE, expiry)
        problem = await codes.refused("POST", f"{project}/batches", body, status=HTTPStatus.CONFLICT, code="fee_not_accepted")
        must_equal("the fresh quote", problem["quote"]["fee"], FEE)
        step.note(f"{problem['status']} {problem['code']}")

    with tell.step("She accepts it; the codes arrive as one CSV") as step:
        chat = world.chat(CREATOR)
        before = len(await chat.messages())
        body = request(world["monthly"], LARGE, expiry, label="Autumn campaign", fee=FEE)
        batch = await codes.call("POST", f"{project}/batches", body)
        world["large"] = batch["id"]
        await until(codes, world, batch["id"], "delivery", "delivered")
        arrived = [message for message in (await chat.messages())[before:] if message["from_bot"]]
        must_equal("messages", len(arrived), 1)
        must(arrived[0]["document"] is not None, "the message holds a document")
        step.note(arrived[0]["document"]["file_name"])

    with tell.step("The CSV has the eight columns of the document and 200 rows"):
        rows = list(csv.reader(io.StringIO(await chat.download(arrived[0]), newline="")))
        must_equal("the columns", rows[0], HEADER)
        must_equal("the rows", len(rows) - 1, LARGE)
        must_equal("the codes differ", len({row[0] for row in rows[1:]}), LARGE)
        world["large_codes"] = [row[0] for row in rows[1:]]
        exported = await codes.text(f"{project}/batches/{batch['id']}/codes.csv")
        must_equal("the export over REST", sorted(csv.reader(io.StringIO(exported, newline=""))), sorted(rows))
    tell.table("The first rows", HEADER[:6], [row[:6] for row in rows[1:4]])

    with tell.step("The fee shows in her usage") as step:
        usage = await billing.call("GET", "/v1/usage")
        must_equal("pending fees", usage["pending_fees"], FEE)
        must_equal("codes", usage["codes"], {"included": 200, "used": 203, "remaining": 0})
        step.note("203 used, 0.90 USD on the next invoice")
