"""Tiny peers with one fault each, and certificates made for a test."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def peer(serve: Serve, **tls: Any) -> AsyncIterator[int]:
    """A server that treats each connection so; its port."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(one, "127.0.0.1", 0, **tls) as server:
        yield server.sockets[0].getsockname()[1]


def answers(text: str, *headers: str, status: str = "200 OK") -> Serve:
    """The same answer to every request."""
    head = "".join(f"{header}\r\n" for header in headers)
    raw = f"HTTP/1.1 {status}\r\n{head}Connection: close\r\nContent-Length: {len(text)}\r\n\r\n{text}"

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw.encode())
        await writer.drain()

    return serve


def proxy(port: int, *, request: Callable[[bytes], bytes] = bytes, gathers: bytes | None = None) -> Serve:
    """Passes the first request on, changed; from one whose path has `gathers` in it on, all answers are kept back."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        far_writer.write(request(head))
        kept = False

        async def back() -> None:
            gathered = b""
            while data := await far_reader.read(65536):
                if kept:
                    gathered += data
                else:
                    writer.write(data)
            writer.write(gathered)
            writer.close()

        async def forth() -> None:
            nonlocal kept
            while data := await reader.read(65536):
                kept = kept or (gathers is not None and gathers in data.split(b"\r\n", 1)[0])
                far_writer.write(data)
            far_writer.close()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(back())
            tasks.create_task(forth())

    return serve


class Authority:
    """Signs certificates; its own stands in ``file``."""

    def __init__(self, folder: Path, *, name: str = "Test Authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._made = 0
        now = datetime.datetime.now(datetime.UTC)
        self._certificate = self._signed(
            self._name,
            self._key.public_key(),
            now - datetime.timedelta(days=9),
            now + datetime.timedelta(days=99),
        )
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))

    def certificate(self, name: str, *, days: float) -> Path:
        """Key and certificate for a name or an address, good until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._signed(
            subject,
            key.public_key(),
            now - datetime.timedelta(days=8),
            now + datetime.timedelta(days=days),
            x509.DNSName(name),
        )
        self._made += 1
        file = self._folder / f"{self._made}-{name}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        return file

    def _signed(
        self, subject: x509.Name, public: Any, start: datetime.datetime, end: datetime.datetime, *names: Any
    ) -> x509.Certificate:
        maker = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )
        if names:
            maker = maker.add_extension(x509.SubjectAlternativeName(names), critical=False)
        else:
            usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
            maker = maker.add_extension(usage, critical=True)
        return maker.sign(self._key, hashes.SHA256())
