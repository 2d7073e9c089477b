"""Where may be sent to."""

import pytest
from codes_api.webhooks.addresses import is_public
from codes_api.webhooks.errors import WebhookUrlInvalidError
from codes_api.webhooks.url import checked_url

PRIVATE = [
    "0.0.0.0",  # noqa: S104  # nobody binds to it here
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::",
    "100::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


def test_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_public("localhost")


BAD = [
    "",
    "example.com",
    "//example.com/a",
    "ftp://example.com/",
    "javascript:alert(1)",
    "https:///path",
    "https://",
    "https://user@example.com/",
    "https://user:secret@example.com/",
    "https://example.com/#part",
    "https://example.com:99999/",
    "https://example.com:0/",
    "https://exa mple.com/",
    "https://exa\\mple.com/",
    "https://example.com/\r\nX: y",
    "https://[::1/",
    "https://example.com/" + "a" * 2000,
]


@pytest.mark.parametrize("plain_http", [True, False])
@pytest.mark.parametrize("url", BAD)
def test_bad_urls(url: str, plain_http: bool) -> None:
    with pytest.raises(WebhookUrlInvalidError) as refused:
        checked_url(url, plain_http=plain_http)
    assert refused.value.extensions["errors"][0]["field"] == "url"


def test_plain_http_is_for_the_sandbox() -> None:
    assert checked_url("http://example.com/a?b=c", plain_http=True) == "http://example.com/a?b=c"
    with pytest.raises(WebhookUrlInvalidError, match="https"):
        checked_url("http://example.com/a?b=c", plain_http=False)


def test_good_urls() -> None:
    for url in (
        "https://example.com",
        "https://example.com:8443/a/b?c=d&e=%20",
        "https://[2606:4700:4700::1111]/",
        "https://8.8.8.8/",
    ):
        assert checked_url(url, plain_http=False) == url
    longest = "https://example.com/" + "a" * 1980
    assert checked_url(longest, plain_http=False) == longest
