"""The keys that sign tokens, and how they are changed while tokens of theirs are in use."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import jwt
from jwt.algorithms import AllowedPrivateKeys, AllowedPublicKeys

__all__ = ["DerivedKeys", "KeyChange", "KeyRing", "TokenKey"]

DerivedKeys = Callable[[], Sequence[bytes]]
"""Keys for one purpose as they are at that moment: the first signs, what any of them signed holds."""

HMAC_BYTES: Final = (
    32  # HS256 takes a key as long as its digest (RFC 7518, 3.2); shorter ones can be guessed offline
)


@dataclass(frozen=True, repr=False)
class TokenKey:
    """One key and the one algorithm it is for; make it with `hmac` or `pem`.

    Args:
        kid: names the key in a token's header, so that keys rotate; unique among the keys of a service.
        algorithm: HS256, RS256 or ES256.
        signing: the secret, or the private key.
        verifying: the same secret, or the public key.
        seed: secret bytes that are this key's and no other's; further keys are derived from them.
    """

    kid: str
    algorithm: str
    signing: AllowedPrivateKeys | bytes
    verifying: AllowedPublicKeys | bytes
    seed: bytes

    @classmethod
    def hmac(cls, kid: str, secret: str) -> "TokenKey":
        """A shared secret, for HS256.

        Raises:
            ValueError: the secret is shorter than 32 bytes.
        """
        key = secret.encode()
        if len(key) < HMAC_BYTES:
            raise ValueError(
                f"JWT key {kid!r} has {len(key)} bytes, HS256 needs at least {HMAC_BYTES}; "
                "make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return cls(kid, "HS256", key, key, key)

    @classmethod
    def pem(cls, kid: str, private_key: bytes, algorithm: Literal["RS256", "ES256"]) -> "TokenKey":
        """A private key in PEM form, for RS256 or ES256; whoever only checks tokens needs its public half alone.

        Raises:
            ValueError: it is not a private key of that kind.
        """
        try:
            signing = jwt.get_algorithm_by_name(algorithm).prepare_key(private_key)
            verifying = signing.public_key()
        except (jwt.InvalidKeyError, AttributeError, ValueError, TypeError) as fault:
            raise ValueError(
                f"JWT key {kid!r} is not a private key for {algorithm} in PEM form: {fault}"
            ) from fault
        return cls(kid, algorithm, signing, verifying, hashlib.sha256(private_key).digest())

    def derived(self, purpose: str) -> bytes:
        """A key of its own for each purpose, so that no signature made for one passes for another."""
        return hmac.digest(self.seed, f"toolboxai {purpose}".encode(), hashlib.sha256)

    @cached_property
    def own_header(self) -> str | None:
        """How tokens begin that we sign with a shared secret, up to the first dot and with it; None: with no such one."""
        if self.algorithm != "HS256":
            return None
        header, dot, _ = jwt.encode(
            {}, self.signing, algorithm=self.algorithm, headers={"kid": self.kid}
        ).partition(".")
        return header + dot

    @cached_property
    def fingerprint(self) -> str:
        """Tells this key from every other, one that has its kid included; no secret."""
        return self.derived("fingerprint").hex()[:16]


@dataclass(frozen=True, slots=True)
class KeyChange:
    """What another set of keys changes, each key by its kid.

    Args:
        signing: of the key that signs from now on.
        accepted: of all, in their order.
        added: of keys that were not accepted before; one that keeps its kid and has another secret is among them.
        removed: of keys whose tokens are refused from now on.
    """

    signing: str
    accepted: Sequence[str]
    added: Sequence[str]
    removed: Sequence[str]


class KeyRing:
    """The keys that hold: the first signs, all verify.

    So a new key goes in front, and the old one leaves when its last token has expired, without anybody signing in
    again.

    Args:
        keys: in their order.

    Raises:
        ValueError: no key, or two keys with one kid.
    """

    def __init__(self, keys: Sequence[TokenKey]) -> None:
        self._keys = _checked(keys)
        self._fingerprints = {key.fingerprint for key in keys}

    @property
    def signing(self) -> TokenKey:
        """The one that signs."""
        return self._keys[0]

    def named(self, kid: object) -> Sequence[TokenKey]:
        """The keys to try a token with.

        Args:
            kid: from its header, where a stranger may have put anything; None: there is none, any key may be it.
        """
        return self._keys if kid is None else [key for key in self._keys if key.kid == kid]

    def has(self, fingerprint: str) -> bool:
        """Whether the key with this fingerprint is one of them."""
        return fingerprint in self._fingerprints

    def derived(self, purpose: str) -> DerivedKeys:
        """Keys for one purpose, one of each key, in the same order; asked anew each time."""
        return lambda: [key.derived(purpose) for key in self._keys]

    def replace(self, keys: Sequence[TokenKey]) -> KeyChange | None:
        """Take these from now on, all at once.

        Returns:
            What is different; None: nothing is.

        Raises:
            ValueError: as at the start; nothing has changed.
        """
        before, now = self._keys, _checked(keys)
        if [(key.kid, key.fingerprint) for key in before] == [(key.kid, key.fingerprint) for key in now]:
            return None
        fingerprints = {key.fingerprint for key in now}
        change = KeyChange(
            signing=now[0].kid,
            accepted=[key.kid for key in now],
            added=[key.kid for key in now if key.fingerprint not in self._fingerprints],
            removed=[key.kid for key in before if key.fingerprint not in fingerprints],
        )
        self._keys, self._fingerprints = now, fingerprints
        return change


def _checked(keys: Sequence[TokenKey]) -> Sequence[TokenKey]:
    if not keys:
        raise ValueError("no JWT key: set TOOLBOXAI_JWT_SECRET, or jwt_keys in the table [auth]")
    if len({key.kid for key in keys}) != len(keys):
        raise ValueError("two JWT keys have the same kid; give each its own")
    return tuple(keys)
