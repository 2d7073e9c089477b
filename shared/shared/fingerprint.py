"""What makes two requests the same for an idempotency key: method, address and what the body means."""

import hashlib

import orjson
from fastapi import Request


async def fingerprint_of(request: Request) -> bytes:
    """Equal for equal requests."""
    body = _as_meant(await request.body())
    return hashlib.sha256(b"\n".join([request.method.encode(), request.url.path.encode(), body])).digest()


def _as_meant(body: bytes) -> bytes:
    """JSON in one form, so that a retry is known again whose fields a client's library wrote in another order."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):  # no JSON, or nested too deep: as it came
        return body
