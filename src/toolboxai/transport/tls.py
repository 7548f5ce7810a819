"""TLS on the one port: the certificate that new connections are shown, and how it is replaced under open ones."""

import asyncio
import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.errors import ConfigError
from toolboxai.metrics import Metrics

__all__ = ["Certificate", "Pair", "read_pair"]

log = logging.getLogger(__name__)

_SOON_S: Final = (
    14 * 86400.0
)  # who renews by a program does so 30 days before the end; this is left when it failed
_TELL_S: Final = 86400.0  # between two warnings of the same

_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, which fit.

    Args:
        context: shows them.
        names: of whom the certificate is.
        valid_from: unix seconds.
        expires_at: unix seconds.
    """

    context: ssl.SSLContext
    names: tuple[str, ...]
    valid_from: float
    expires_at: float


def read_pair(certificate: Path, key: Path) -> Pair:
    """Read both files.

    Args:
        certificate: PEM; our own certificate first, then those that lead to the root.
        key: PEM, without a password: nobody is there to type it.

    Raises:
        ConfigError: one of them cannot be read, is something else, or they do not fit.
    """
    chain = _certificates(certificate)
    own = _private_key(key).public_key()
    if chain[0].public_key() != own:
        hint = "give the key that the certificate was requested with"
        if any(other.public_key() == own for other in chain[1:]):
            hint = "it belongs to a later one in that file: put your own certificate first"
        raise ConfigError([f"the key in {key} does not fit the first certificate in {certificate}; {hint}"])
    context = _context()
    try:
        context.load_cert_chain(certificate, key, password="")
    except OSError as fault:  # such as a key that is too short to be let through
        raise ConfigError([f"{certificate} and {key} cannot be used for TLS: {fault}"]) from fault
    first = chain[0]
    return Pair(
        context, _names(first), first.not_valid_before_utc.timestamp(), first.not_valid_after_utc.timestamp()
    )


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_bytes(path, "server.tls_certificate"))
    except ValueError as fault:
        raise ConfigError(
            [
                f"{path} (server.tls_certificate) holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE"
            ]
        ) from fault


def _private_key(path: Path) -> Any:
    try:
        return load_pem_private_key(_bytes(path, "server.tls_key"), password=None)
    except TypeError as fault:
        raise ConfigError(
            [
                f"the key in {path} (server.tls_key) has a password, which nobody is there to type; take it off: "
                "openssl pkey -in KEY -out NEW"
            ]
        ) from fault
    except ValueError as fault:
        raise ConfigError(
            [f"{path} (server.tls_key) holds no private key in PEM that can be read"]
        ) from fault


def _bytes(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise ConfigError(
            [f"{path} ({setting}) cannot be read ({fault.strerror}); the user that the server runs as has to"]
        ) from fault


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in found)


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION  # a client could have us begin anew without end
    context.set_alpn_protocols(["http/1.1"])
    return context


class Certificate:
    """What new connections are shown; open ones keep what they were opened with.

    Args:
        certificate: see `read_pair`.
        key: see `read_pair`.
        clock: says whether it has expired.
        metrics: its ``tls_certificate_expires_at_seconds`` is set.

    Attributes:
        context: for the listener; each handshake is carried on with the newest pair.

    Raises:
        ConfigError: see `read_pair`.
    """

    def __init__(self, certificate: Path, key: Path, *, clock: Clock, metrics: Metrics) -> None:
        self._certificate = certificate
        self._key = key
        self._clock = clock
        self._metrics = metrics
        self._told_at: float | None = None
        self._turn = asyncio.Lock()
        self._stamp = self._look_at_files()
        self._pair = read_pair(certificate, key)
        self._took()
        self.context = _context()
        # Called in every handshake, whether the client names a server or not, before a certificate is needed.
        self.context.sni_callback = self._show

    def options(self) -> dict[str, Any]:
        """What a listener of asyncio has to be told."""
        return {
            "ssl": self.context,
            "ssl_handshake_timeout": limits.HANDSHAKE_TIMEOUT_S,
            "ssl_shutdown_timeout": limits.APP_CLOSE_GRACE_S,
        }

    async def look(self) -> None:
        """Take the files anew if they have changed, and say so if the end is near."""
        async with self._turn:
            stamp = await asyncio.to_thread(self._look_at_files)
            if stamp != self._stamp:
                await self._replace(stamp)
            self._warn()

    async def renew(self) -> None:
        """Take the files anew, whether they look changed or not."""
        async with self._turn:
            await self._replace(await asyncio.to_thread(self._look_at_files))
            self._warn()

    async def _replace(self, stamp: _Stamp) -> None:
        """A pair that cannot be used changes nothing; it is looked at again once it has changed."""
        self._stamp = stamp
        try:
            self._pair = await asyncio.to_thread(read_pair, self._certificate, self._key)
        except ConfigError as fault:
            for text in fault.faults:
                log.error("certificate not replaced", extra={"reason": text, "expires_at": self._until()})  # noqa: TRY400 - the reader needs the reason, not our trace
            return
        self._took()

    def _took(self) -> None:
        self._told_at = None
        self._metrics.tls_certificate_expires_at_seconds = int(self._pair.expires_at)
        log.info(
            "certificate loaded",
            extra={"file": str(self._certificate), "names": self._pair.names, "expires_at": self._until()},
        )

    def _warn(self) -> None:
        now, left_s = self._clock.now(), self._pair.expires_at - self._clock.now()
        if self._told_at is not None and now < self._told_at + _TELL_S:
            return
        if left_s <= 0:
            log.error("certificate has expired", extra={"expires_at": self._until()})
        elif left_s < _SOON_S:
            log.warning(
                "certificate expires soon", extra={"expires_at": self._until(), "days": int(left_s // 86400)}
            )
        elif self._pair.valid_from > now:
            log.warning("certificate is not valid yet", extra={"valid_from": _written(self._pair.valid_from)})
        else:
            return
        self._told_at = now

    def _until(self) -> str:
        return _written(self._pair.expires_at)

    def _show(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._pair.context

    def _look_at_files(self) -> _Stamp:
        """What tells whether they are still the same; a file that is away is another one, too."""
        stamps = []
        for path in (self._certificate, self._key):
            try:
                found = path.stat()
            except OSError:
                stamps.append((0, 0, 0))
            else:
                stamps.append((found.st_mtime_ns, found.st_size, found.st_ino))
        return tuple(stamps)


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
