"""Which addresses Telegram takes in links and buttons."""

import re
from urllib.parse import urlsplit

_HOST = re.compile(r"^(?:[^\s/?#@:]+\.)+[^\s/?#@:.]{2,}$|^\d{1,3}(?:\.\d{1,3}){3}$|^\[[0-9a-fA-F:.]+\]$", re.UNICODE)


def checked_link(link: str) -> str | None:
    """The link in the form Telegram keeps it, or None if it takes it for none.

    http, https, tg and ton; a bare host gets `http://`. A host needs a dot: `http://localhost` is refused by the real
    server too.
    """
    link = link.strip()
    if re.match(r"^(tg|ton)://\S+$", link, re.IGNORECASE) or re.match(r"^tg:\S+$", link, re.IGNORECASE):
        return link
    scheme = re.match(r"^([A-Za-z][A-Za-z0-9+.-]*)://", link)
    if scheme is not None and scheme.group(1).lower() not in {"http", "https"}:
        return None
    full = link if scheme is not None else f"http://{link}"
    if re.search(r"\s", full):
        return None
    try:
        parts = urlsplit(full)
        port = parts.port
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    if port is not None or host.endswith(":"):
        host = host.rpartition(":")[0]
    if not _HOST.match(host):
        return None
    return full if parts.path or parts.query or parts.fragment else f"{full}/"
