"""The size of a picture, from its first bytes."""

import struct

from memberpass_local.telegram.errors import BotApiError

_PNG, _GIF, _JPEG = b"\x89PNG\r\n\x1a\n", b"GIF8", b"\xff\xd8\xff"
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER = 0xFF
_MAX_SIDES = 10_000
_MAX_RATIO = 20


def image_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        BotApiError: 400 IMAGE_PROCESS_FAILED if it is no picture, PHOTO_INVALID_DIMENSIONS if Telegram would refuse its shape.
    """
    try:
        width, height = _read(content)
    except (struct.error, IndexError):
        raise BotApiError.bad_request("IMAGE_PROCESS_FAILED") from None
    if not width or not height or width + height > _MAX_SIDES or max(width, height) > _MAX_RATIO * min(width, height):
        raise BotApiError.bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height


def _read(content: bytes) -> tuple[int, int]:
    if content.startswith(_PNG):
        return _pair(">II", content, 16)
    if content.startswith(_GIF):
        return _pair("<HH", content, 6)
    if content.startswith(_JPEG):
        return _jpeg(content)
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8 ":
        width, height = _pair("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise BotApiError.bad_request("IMAGE_PROCESS_FAILED")


def _jpeg(content: bytes) -> tuple[int, int]:
    """Walk the segments up to the frame header (ITU T.81, B.2.2)."""
    at = 2
    while content[at] == _MARKER:
        marker = content[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = _pair(">HH", content, at + 5)
            return width, height
        at += 2 + int(struct.unpack_from(">H", content, at + 2)[0])
    raise BotApiError.bad_request("IMAGE_PROCESS_FAILED")


def _pair(layout: str, content: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(layout, content, at)
    return int(first), int(second)
