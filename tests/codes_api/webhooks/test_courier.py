"""One message, carried to real servers: where it goes, where it does not, and what is said of it."""

import asyncio
import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from codes_api.webhooks.courier import Courier, Outcome
from codes_api.webhooks.errors import WebhookUrlInvalidError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.webhook_receiver import Receiver

HEADERS = {"webhook-id": "one"}


class Names:
    """A directory of names that can change its mind."""

    def __init__(self, **names: Sequence[str]) -> None:
        self.names = {name.replace("_", "."): addresses for name, addresses in names.items()}
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return self.names[host]


async def post(courier: Courier, url: str) -> Outcome:
    async with courier:
        return await courier.post(url, body='{"a":1}', headers=HEADERS)


def port_of(receiver: Receiver) -> str:
    return receiver.url.rpartition(":")[2]


async def test_what_arrives(receiver: Receiver) -> None:
    outcome = await post(Courier(anywhere=True, timeout_s=5), f"{receiver.url}/a/b?c=d")
    assert (outcome.status_code, outcome.error) == (204, None)
    (one,) = receiver.received
    assert (one.path, one.body) == ("/a/b", b'{"a":1}')
    assert one.headers["content-type"] == "application/json"
    assert one.headers["user-agent"].startswith("MemberPass")
    assert one.headers["webhook-id"] == "one"
    assert "authorization" not in one.headers


async def test_the_connection_goes_to_the_address_and_the_request_to_the_host(receiver: Receiver) -> None:
    names = Names(hooks_example=["127.0.0.1"])
    url = f"http://hooks.example:{port_of(receiver)}/"
    assert (await post(Courier(anywhere=True, timeout_s=5, resolve=names), url)).error is None
    assert receiver.received[0].headers["host"] == f"hooks.example:{port_of(receiver)}"
    assert names.asked == [("hooks.example", int(port_of(receiver)))]


@pytest.mark.parametrize("status", [200, 201, 299, 301, 308, 400, 410, 429, 500, 503])
async def test_only_2xx_is_accepted_and_no_redirect_is_followed(receiver: Receiver, status: int) -> None:
    receiver.status, receiver.headers = status, {"Location": f"{receiver.url}/elsewhere"}
    outcome = await post(Courier(anywhere=True, timeout_s=5), f"{receiver.url}/here")
    assert (outcome.status_code, outcome.error) == (status, None if status < 300 else "status")
    assert [one.path for one in receiver.received] == ["/here"]


async def test_a_receiver_that_hangs(receiver: Receiver) -> None:
    receiver.hanging.add("/")
    outcome = await post(Courier(anywhere=True, timeout_s=0.2), f"{receiver.url}/")
    assert (outcome.status_code, outcome.error) == (None, "timeout")
    assert 200 <= outcome.duration_ms < 2000


async def test_a_receiver_that_drips_is_no_slower_than_the_whole_time() -> None:
    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                writer.write(b"X-Drop: a\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)

    async with raw_server(drip) as url:
        outcome = await post(Courier(anywhere=True, timeout_s=0.3), url)
    assert outcome.error in {"timeout", "broken_off"}  # the headers' size is limited as well
    assert outcome.duration_ms < 2000


async def test_an_endless_body_is_not_read() -> None:
    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"1000\r\n" + b"a" * 4096 + b"\r\n")
                await writer.drain()

    async with raw_server(pour) as url:
        outcome = await post(Courier(anywhere=True, timeout_s=5), url)
    assert (outcome.status_code, outcome.error) == (200, None)
    assert outcome.duration_ms < 2000


async def test_a_receiver_that_hangs_up() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with raw_server(hang_up) as url:
        assert (await post(Courier(anywhere=True, timeout_s=5), url)).error == "broken_off"


async def test_nobody_listens_or_has_that_name() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, not listening
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        assert (await post(Courier(anywhere=True, timeout_s=5), url)).error == "unreachable"
    assert (await post(Courier(anywhere=True, timeout_s=5, resolve=Names()), "http://no.example/")).error == "unresolvable"


async def test_a_host_with_a_dead_address_is_reached_at_its_other_one(receiver: Receiver) -> None:
    names = Names(hooks_example=["127.0.0.2", "127.0.0.1"])  # nobody listens at the first
    url = f"http://hooks.example:{port_of(receiver)}/"
    assert (await post(Courier(anywhere=True, timeout_s=5, resolve=names), url)).error is None
    assert len(receiver.received) == 1


INSIDE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a9fe:a9fe]/",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://192.168.1.1:8443/",
    "https://localhost/",
    "https://0/",
]


@pytest.mark.parametrize("url", INSIDE)
async def test_in_production_nothing_goes_inside(url: str) -> None:
    async with Courier(anywhere=False, timeout_s=5) as courier:
        with pytest.raises(WebhookUrlInvalidError, match=r"not public|can't be found"):
            await courier.check(url)
        outcome = await courier.post(url, body="{}", headers=HEADERS)
        assert outcome.error in {"address_refused", "unresolvable"}


async def test_a_name_that_changes_its_mind_gains_nothing(receiver: Receiver) -> None:
    """Public when it is registered, private when it is sent to: the address that is judged is the one connected to."""
    names = Names(hooks_example=["8.8.8.8"])
    url = f"https://hooks.example:{port_of(receiver)}/"
    async with Courier(anywhere=False, timeout_s=5, resolve=names) as courier:
        await courier.check(url)
        for inside in (["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["::1"]):
            names.names["hooks.example"] = inside
            assert (await courier.post(url, body="{}", headers=HEADERS)).error == "address_refused"
            with pytest.raises(WebhookUrlInvalidError, match="not public"):
                await courier.check(url)
    assert len(names.asked) == 9  # once a send, once a check: never between judging and connecting
    assert receiver.received == []


async def test_a_name_that_nobody_has_is_refused_at_registration() -> None:
    async with Courier(anywhere=False, timeout_s=5, resolve=Names()) as courier:
        with pytest.raises(WebhookUrlInvalidError, match="can't be found"):
            await courier.check("https://no.example/")


async def test_no_proxy_of_the_environment_is_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert (await post(Courier(anywhere=True, timeout_s=5), f"{receiver.url}/")).error is None


async def test_tls_names_and_verifies_the_host_although_it_connects_to_an_address(tmp_path: Path) -> None:
    named: list[str | None] = []
    server = _tls_of("hooks.example", tmp_path)
    server.sni_callback = lambda _, name, __: named.append(name)
    ours = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()
        writer.close()

    names = Names(hooks_example=["127.0.0.1"], other_example=["127.0.0.1"])
    async with raw_server(accept, tls=server) as url:
        port = url.rpartition(":")[2].rstrip("/")
        async with Courier(anywhere=True, timeout_s=5, resolve=names, tls=ours) as courier:
            good = await courier.post(f"https://hooks.example:{port}/", body="{}", headers=HEADERS)
            other = await courier.post(f"https://other.example:{port}/", body="{}", headers=HEADERS)
        strangers = await post(Courier(anywhere=True, timeout_s=5, resolve=names), f"https://hooks.example:{port}/")
    assert (good.status_code, good.error) == (204, None)
    assert other.error == "tls"  # its certificate is for another host
    assert strangers.error == "tls"  # an authority that nobody knows
    assert named[:2] == ["hooks.example", "other.example"]


@contextlib.asynccontextmanager
async def raw_server(serve: object, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A TCP server that does as it likes; its URL."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)  # type: ignore[arg-type]
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


def _tls_of(host: str, folder: Path) -> ssl.SSLContext:
    """A server's TLS with a certificate that it signed itself; `certificate.pem` is also its authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
