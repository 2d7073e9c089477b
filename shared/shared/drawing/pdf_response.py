"""A PDF as an answer."""

from http import HTTPStatus
from typing import Any, Self

from fastapi.responses import Response


class PdfResponse(Response):
    """A PDF that a browser saves under its name."""

    media_type = "application/pdf"

    @classmethod
    def named(cls, name: str, content: bytes) -> Self:
        """The PDF as an attachment; `name` is of safe characters."""
        return cls(content, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def pdf_docs(description: str) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of it."""
    content = {PdfResponse.media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {int(HTTPStatus.OK): {"description": description, "content": content}}
