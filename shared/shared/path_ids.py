"""Ids in an address."""

from typing import Any
from uuid import UUID

from fastapi import Path
from pydantic import BeforeValidator

from shared.errors import NotFoundError


def _known_form(value: Any) -> Any:
    """An id that is no UUID names nothing, like any other that does not exist."""
    if isinstance(value, str):
        try:
            return UUID(value)
        except ValueError as error:
            raise NotFoundError("There is nothing with this id.") from error
    return value


KNOWN_FORM = BeforeValidator(_known_form)
"""Of an id in an address: `Annotated[UUID, KNOWN_FORM, path_id("The project.")]`. 404 for what is no UUID."""


def path_id(what: str, example: str = "019a8f4e-5a3c-7e53-8f0b-3d1f8f3f9b10") -> Any:
    """What the docs say of an id in an address."""
    return Path(description=what, examples=[example])
