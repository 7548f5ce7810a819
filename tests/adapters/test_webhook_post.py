"""Posting to real listeners: the address that was looked at, the headers as given, and no more of the answer than needed."""

import asyncio
import datetime
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callers import until
from sinks import Sink, sink_open
from toolboxai.adapters import webhook_post as module
from toolboxai.adapters.webhook_post import WebhookPost
from toolboxai.node.webhooks.post import PostFailed

HEADERS = [("Content-Type", "application/json"), ("X-Own", "1")]


@pytest.fixture
async def post() -> AsyncIterator[WebhookPost]:
    post = WebhookPost()
    yield post
    await post.close()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with sink_open() as sink:
        yield sink


def resolving(monkeypatch: pytest.MonkeyPatch, **names: list[str]) -> list[str]:
    """Have the resolver know these names; returns what it was asked."""
    asked: list[str] = []
    usual = asyncio.get_running_loop().getaddrinfo

    async def known(host: str, port: int, **more: object) -> list[object]:
        asked.append(host)
        found = names.get(host.partition(".")[0])
        if found is None:
            return list(await usual(host, port, type=socket.SOCK_STREAM))
        return [
            (socket.AF_INET6 if ":" in each else socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port))
            for each in found
        ]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", known)
    return asked


async def test_the_bytes_and_headers_arrive_as_given(post: WebhookPost, sink: Sink) -> None:
    body = '{"ü":1}'.encode()
    assert await post(sink.url, body, HEADERS, allow_private_address=False) == 200
    (posted,) = sink.posts
    assert (posted.body, posted.target) == (body, "/hook?school=1")
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["x-own"] == "1"
    assert posted.headers["host"] == f"127.0.0.1:{sink.port}"
    assert posted.headers["user-agent"].startswith("toolboxai/")


@pytest.mark.parametrize("status", [204, 301, 404, 500])
async def test_every_status_is_an_answer_and_no_redirect_is_followed(
    post: WebhookPost, sink: Sink, status: int
) -> None:
    sink.answers.append(f"HTTP/1.1 {status} X\r\nLocation: {sink.url}\r\nContent-Length: 0\r\n\r\n".encode())
    assert await post(sink.url, b"{}", HEADERS, allow_private_address=False) == status
    assert len(sink.posts) == 1


async def test_an_endless_answer_is_not_read(post: WebhookPost, sink: Sink) -> None:
    sink.answers.append(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"5\r\nhello\r\n" * 10_000)
    assert await post(sink.url, b"{}", HEADERS, allow_private_address=False) == 200


async def test_who_answers_nothing_is_given_up(
    post: WebhookPost, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WHOLE_S", 0.3)
    sink.hangs = True
    with pytest.raises(PostFailed, match="no answer within"):
        await post(sink.url, b"{}", HEADERS, allow_private_address=False)


async def test_what_is_no_answer_is_told(post: WebhookPost, sink: Sink) -> None:
    sink.answers.append(b"hello\r\n\r\n")
    with pytest.raises(PostFailed):
        await post(sink.url, b"{}", HEADERS, allow_private_address=False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        with pytest.raises(PostFailed, match="ConnectError"):
            await post(url, b"{}", HEADERS, allow_private_address=False)
    with pytest.raises(PostFailed, match="cannot be resolved"):
        await post("http://no-such-host.invalid/", b"{}", HEADERS, allow_private_address=False)


@pytest.mark.parametrize(
    ("addresses", "kind"),
    [
        (["10.1.2.3"], "private"),
        (["192.168.0.1"], "private"),
        (["169.254.169.254"], "link-local"),
        (["100.100.100.200"], "private"),
        (["fd00:ec2::254"], "private"),
        (["fe80::1"], "link-local"),
        (["::ffff:10.0.0.1"], "private"),
        (["64:ff9b::a00:1"], "private"),
        (["127.0.0.1"], "loopback"),
        (["::1"], "loopback"),
        (["0.0.0.0"], "none of a host"),
        (["224.0.0.1"], "none of a host"),
        (["93.184.215.14", "10.0.0.1"], "private"),
    ],
)
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    post: WebhookPost, sink: Sink, monkeypatch: pytest.MonkeyPatch, addresses: list[str], kind: str
) -> None:
    resolving(monkeypatch, school=addresses)
    with pytest.raises(PostFailed, match=f"{kind}; set allow_private_address"):
        await post(f"http://school.example:{sink.port}/", b"{}", HEADERS, allow_private_address=False)
    assert sink.posts == []


async def test_the_name_is_resolved_once_and_its_address_is_connected_to(
    post: WebhookPost, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving(monkeypatch, school=["127.0.0.1"])
    url = f"http://school.example:{sink.port}/hook"
    assert await post(url, b"{}", HEADERS, allow_private_address=True) == 200
    assert asked.count("school.example") == 1
    assert sink.posts[0].headers["host"] == f"school.example:{sink.port}"


async def test_the_next_address_of_a_name_is_tried_when_one_does_not_answer(
    post: WebhookPost, sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, school=["127.0.0.9", "127.0.0.1"])
    url = f"http://school.example:{sink.port}/hook"
    assert await post(url, b"{}", HEADERS, allow_private_address=True) == 200


async def test_localhost_is_meant_as_it_is_written(post: WebhookPost, sink: Sink) -> None:
    url = f"http://localhost:{sink.port}/"
    assert await post(url, b"{}", HEADERS, allow_private_address=False) == 200


async def test_no_connection_outlives_its_post(post: WebhookPost, sink: Sink) -> None:
    await post(sink.url, b"{}", HEADERS, allow_private_address=False)
    await until(lambda: not sink._open)


# ---- certificates -------------------------------------------------------------------------------------------------


@pytest.fixture
def certified(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For a server with a certificate of school.example, and for a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "school.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("school.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cafile=str(file))


async def test_the_certificate_is_that_of_the_name(
    certified: tuple[ssl.SSLContext, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, client = certified
    names: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: names.append(name)
    resolving(monkeypatch, school=["127.0.0.1"], other=["127.0.0.1"])
    post, stranger = WebhookPost(client), WebhookPost()
    async with sink_open(tls=server) as sink:
        for host in ("school.example", "other.example"):
            url = f"https://{host}:{sink.port}/"
            if host == "school.example":
                assert await post(url, b"{}", HEADERS, allow_private_address=True) == 200
                with pytest.raises(PostFailed, match="CERTIFICATE"):
                    await stranger(url, b"{}", HEADERS, allow_private_address=True)
            else:
                with pytest.raises(PostFailed, match="CERTIFICATE"):
                    await post(url, b"{}", HEADERS, allow_private_address=True)
        assert names == ["school.example", "school.example", "other.example"]
        assert len(sink.posts) == 1
    await post.close()
    await stranger.close()
