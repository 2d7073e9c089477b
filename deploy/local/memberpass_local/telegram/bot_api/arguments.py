"""The arguments of a Bot API call: from the query, a form or JSON, where numbers and objects may come as strings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson
from pydantic import TypeAdapter, ValidationError
from starlette.requests import Request

from memberpass_local.telegram.bot_api.multipart import MultipartError, Part, boundary_of, read_parts
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Entity

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
_MAX_OTHER_BYTES = 1024 * 1024
_ENTITIES = TypeAdapter(list[Entity])


@dataclass(frozen=True, slots=True)
class Arguments:
    """Typed access to what the caller gave. Missing and empty are the same, as in the real server."""

    values: Mapping[str, object] = field(default_factory=dict)
    uploads: Mapping[str, Part] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self.values.get(name)
        return default if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; what is none counts as not given, as in the real server."""
        value = self.values.get(name)
        if isinstance(value, bool):
            return int(value)
        try:
            return int(value) if isinstance(value, str | int) else default
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        """A boolean: true, "true", "yes" or 1."""
        return self.text(name).lower() in {"true", "yes", "1"}

    def json(self, name: str, what: str) -> object:
        """An object or a list, given as JSON or as a string of JSON; None if it was not given.

        Raises:
            BotApiError: 400 "can't parse <what> JSON object".
        """
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise BotApiError.bad_request(f"can't parse {what} JSON object") from error

    def entities(self, name: str) -> list[Entity]:
        """`entities` or `caption_entities`."""
        value = self.json(name, "entities")
        if value is None:
            return []
        try:
            return _ENTITIES.validate_python(value)
        except ValidationError as error:
            raise BotApiError.bad_request(f"can't parse MessageEntity: {error.errors()[0]['msg']}") from error

    def strings(self, name: str) -> list[str] | None:
        """A list of strings; None if it was not given or is none."""
        value = self.json(name, name)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list) else None

    def upload(self, name: str) -> Part | None:
        """The file sent in the field itself or in the field it points to with attach://."""
        pointed = self.text(name)
        if pointed.startswith("attach://"):
            return self.uploads.get(pointed.removeprefix("attach://"))
        return self.uploads.get(name)


async def read_arguments(request: Request) -> Arguments:
    """Read a call.

    Raises:
        BotApiError: 413 over 50 MB, 400 if the body is not what its Content-Type says.
    """
    values: dict[str, object] = dict(request.query_params)
    content_type = request.headers.get("Content-Type", "")
    kind = content_type.partition(";")[0].strip().lower()
    body = await _body(request)
    if not body:
        return Arguments(values)
    if kind == "application/json":
        values.update(_json_object(body))
    elif kind == "application/x-www-form-urlencoded":
        values.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    elif kind == "multipart/form-data":
        return _multipart(values, body, content_type)
    return Arguments(values)


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_UPLOAD_BYTES + _MAX_OTHER_BYTES:
            raise BotApiError.too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _json_object(body: bytes) -> dict[str, object]:
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BotApiError.bad_request("can't parse JSON object") from error
    if not isinstance(values, dict):
        raise BotApiError.bad_request("JSON object expected")
    return values


def _multipart(values: dict[str, object], body: bytes, content_type: str) -> Arguments:
    try:
        parts = read_parts(body, boundary_of(content_type))
    except MultipartError as error:
        raise BotApiError.bad_request(str(error)) from error
    uploads = {part.name: part for part in parts if part.file_name is not None}
    if any(len(part.content) > MAX_UPLOAD_BYTES for part in uploads.values()):
        raise BotApiError.too_large()
    values.update({part.name: part.content.decode("utf-8", "replace") for part in parts if part.file_name is None})
    return Arguments(values, uploads)
