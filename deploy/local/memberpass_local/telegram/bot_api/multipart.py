"""multipart/form-data (RFC 7578) of a body that is already here.

Written out because the parser that Starlette would use is not among this package's dependencies, and the body is small
work once it is in memory: bytes are cut at the boundary and never decoded, so that any file comes through unchanged.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_PARAMETER = re.compile(r';\s*([A-Za-z0-9_*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))')


class MultipartError(ValueError):
    """The body is not what its Content-Type says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One field. `file_name` is None for a plain value."""

    name: str
    content: bytes
    file_name: str | None = None
    content_type: str = "application/octet-stream"


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type header names.

    Raises:
        MultipartError: it names none.
    """
    boundary = _parameters(content_type).get("boundary", "")
    if not boundary:
        raise MultipartError("the Content-Type has no boundary")
    return boundary.encode("latin-1", "replace")


def read_parts(body: bytes, boundary: bytes) -> list[Part]:
    """The fields of a body, in order.

    Raises:
        MultipartError: the body does not begin or end with the boundary, or a part has no name.
    """
    view = b"\r\n" + body
    delimiter = b"\r\n--" + boundary
    at = view.find(delimiter)
    parts: list[Part] = []
    while at >= 0:
        begin = at + len(delimiter)
        if view.startswith(b"--", begin):
            return parts
        header_end = view.find(b"\r\n", begin)
        at = view.find(delimiter, begin)
        if header_end < 0 or at < 0 or view[begin:header_end].strip(b" \t"):
            break
        parts.append(_part(view[header_end:at]))
    raise MultipartError("the multipart body is broken off")


def _part(block: bytes) -> Part:
    """`block` is CRLF, headers each ended by CRLF, CRLF, content."""
    head, found, content = block.partition(b"\r\n\r\n")
    if not found:
        raise MultipartError("a part has no end of its headers")
    headers: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    fields = _parameters(headers.get("content-disposition", ""))
    if "name" not in fields:
        raise MultipartError("a part has no name")
    return Part(fields["name"], content, _file_name(fields), headers.get("content-type") or "application/octet-stream")


def _parameters(header: str) -> dict[str, str]:
    return {
        name.lower(): re.sub(r'\\(["\\])', r"\1", quoted) if quoted or not plain else plain
        for name, quoted, plain in _PARAMETER.findall(header)
    }


def _file_name(fields: dict[str, str]) -> str | None:
    extended = fields.get("filename*", "")
    if extended.lower().startswith("utf-8''"):
        return unquote(extended[7:])
    return fields.get("filename")
