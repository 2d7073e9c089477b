"""Have the processor keep a payment method."""

from uuid import UUID

from shared.errors import DependencyUnavailableError

from billing_api.payments.processor import AttachedMethod, NoAnswerError, PaymentProcessor


async def attach_method(processor: PaymentProcessor, *, account_id: UUID, token: str) -> AttachedMethod:
    """Keep the method behind a token. To be called outside of any transaction.

    Raises:
        PaymentMethodInvalidError: the processor does not take it.
        DependencyUnavailableError: the processor does not answer; nothing was changed here.
    """
    try:
        return await processor.attach(token, account_id=account_id)
    except NoAnswerError as error:
        raise DependencyUnavailableError("The payment processor") from error
