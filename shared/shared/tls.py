"""The certificate authorities that our clients trust, read once a process: each httpx client would read them anew."""

import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """The authorities and versions that httpx itself would choose, for any number of clients."""
    return httpx.create_ssl_context(trust_env=False)
