"""billing-api answers whatever it is asked as its document says."""

from tests.billing_api.running import Billing, Creator, ok
from tests.support.any_request import Asker, answers_as_documented

# Waits for jobs, which is not there.
CLOCK = frozenset({("POST", "/v1/sandbox/clock")})


async def test_every_answer_is_as_the_document_says(billing: Billing, starter: Creator) -> None:
    spare = ok(await starter.post("/v1/api-keys", {"name": "spare"}), 201)
    method = await starter.add_card()
    known = {
        "account_id": str(starter.id),
        "api_key_id": spare["id"],
        "invoice_id": (await starter.invoices())[-1]["id"],
        "payment_method_id": method["id"],
        "plan": "growth_monthly",
    }

    def headers(path: str) -> dict[str, str]:
        return billing.operator if path.startswith(("/v1/operator/", "/v1/sandbox/")) else starter.headers

    assert await answers_as_documented(billing.app, Asker(headers, known), without=CLOCK) > 100
    await billing.check_audit()
