"""A certificate authority of the tests' own, and what it issues."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "Files", "pem_key"]


@dataclass(frozen=True, slots=True)
class Files:
    """A certificate with its key, and the authority that speaks for it."""

    certificate: Path
    key: Path
    authority: Path

    def trust(self) -> ssl.SSLContext:
        """Of a client that believes this authority alone."""
        return ssl.create_default_context(cafile=str(self.authority))

    def copy_over(self, other: "Files") -> None:
        """Put these in the place of others, as a renewal does."""
        other.key.write_bytes(self.key.read_bytes())
        other.certificate.write_bytes(self.certificate.read_bytes())


class Authority:
    """Issues certificates for this machine's own addresses.

    Args:
        folder: where everything is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
        self._count = 0
        self.file = folder / "authority.pem"
        now = datetime.now(UTC)
        root = (
            _builder(
                self._name, self._name, self._key.public_key(), now - timedelta(1), now + timedelta(3650)
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(root.public_bytes(Encoding.PEM))

    def issue(self, *, days: float = 90.0, since: datetime | None = None) -> Files:
        """A certificate that is good from a day before `since` (now), for so many days after it."""
        self._count += 1
        start = since or datetime.now(UTC)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"server {self._count}")])
        names: list[x509.GeneralName] = [
            x509.IPAddress(ip_address("127.0.0.1")),
            x509.DNSName("localhost"),
        ]
        own = (
            _builder(
                subject, self._name, key.public_key(), start - timedelta(1), start + timedelta(days=days)
            )
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        files = Files(
            self._folder / f"certificate{self._count}.pem",
            self._folder / f"key{self._count}.pem",
            self.file,
        )
        files.certificate.write_bytes(own.public_bytes(Encoding.PEM))
        files.key.write_bytes(pem_key(key))
        return files


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
    )


def pem_key(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    """The key as its file has it."""
    lock = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
