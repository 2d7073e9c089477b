"""What the Bot API side answers instead of a result. Wording as in the real server (github.com/tdlib/telegram-bot-api)."""

from typing import Self

from shared.contracts.base import Json


class BotApiError(Exception):
    """A refusal in the Bot API's form.

    Args:
        code: HTTP status and `error_code`.
        description: the sentence, with its prefix ("Bad Request: ...").
        retry_after: seconds, for 429.
    """

    def __init__(self, code: int, description: str, *, retry_after: int | None = None) -> None:
        self.code = code
        self.description = description
        self.retry_after = retry_after
        super().__init__(description)

    def body(self) -> Json:
        """The JSON answer."""
        answer: Json = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            answer["parameters"] = {"retry_after": self.retry_after}
        return answer

    @classmethod
    def bad_request(cls, reason: str) -> Self:
        """400 "Bad Request: reason"."""
        return cls(400, f"Bad Request: {reason}")

    @classmethod
    def unauthorized(cls) -> Self:
        """401: no bot has this token."""
        return cls(401, "Unauthorized")

    @classmethod
    def forbidden(cls, reason: str) -> Self:
        """403 "Forbidden: reason"."""
        return cls(403, f"Forbidden: {reason}")

    @classmethod
    def conflict(cls, reason: str) -> Self:
        """409 "Conflict: reason"."""
        return cls(409, f"Conflict: {reason}")

    @classmethod
    def too_large(cls) -> Self:
        """413: the upload is larger than the Bot API takes."""
        return cls(413, "Request Entity Too Large")

    @classmethod
    def too_many(cls, retry_after: int) -> Self:
        """429 with `parameters.retry_after` in seconds."""
        return cls(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
