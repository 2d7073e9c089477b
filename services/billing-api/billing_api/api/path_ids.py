"""Ids in the addresses of billing-api."""

from typing import Annotated
from uuid import UUID

from shared.path_ids import KNOWN_FORM, path_id

from billing_api.api.schemas.accounts import ACCOUNT_ID
from billing_api.api.schemas.invoices import INVOICE_ID

AccountId = Annotated[UUID, KNOWN_FORM, path_id("The account.", ACCOUNT_ID)]
ApiKeyId = Annotated[UUID, KNOWN_FORM, path_id("The API key.")]
InvoiceId = Annotated[UUID, KNOWN_FORM, path_id("The invoice.", INVOICE_ID)]
PaymentMethodId = Annotated[UUID, KNOWN_FORM, path_id("The payment method.")]
