"""Tokens that are refused before their time, held in memory and kept in the store."""

from typing import Final

from toolboxai.clock import Clock
from toolboxai.platform.identity.store import IdentityStore

__all__ = ["REFRESH_S", "Revocations"]

REFRESH_S: Final = 15.0  # what another process revoked (a command, say) holds here after this at the latest
OVERLAP_S: Final = 60.0  # clocks of two machines differ, and a commit takes a moment


class Revocations:
    """The ids (``jti`` of a token, ``sid`` of a login session) whose bearers are refused.

    Args:
        store: keeps them over a restart, and brings those of other processes.
        clock: tells when to look there again, and when one may be forgotten.
    """

    def __init__(self, store: IdentityStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._until: dict[str, float] = {}
        self._read_at: float | None = None  # monotonic
        self._read_to = 0.0  # Unix seconds

    async def add(self, token_id: str, *, expires_at: float) -> None:
        """Refuse it from now on, here at once, until `expires_at` (Unix seconds)."""
        await self._store.revoke(token_id, expires_at=expires_at, now=self._clock.now())
        self._until[token_id] = expires_at

    async def holds(self, *token_ids: str) -> bool:
        """Whether one of these is refused."""
        await self.look_again()
        return self.known(*token_ids)

    def known(self, *token_ids: str) -> bool:
        """Whether one of these is refused, as far as it is known here."""
        return any(token_id in self._until for token_id in token_ids)

    async def look_again(self) -> None:
        """Learn what other processes have revoked, unless that was done a moment ago."""
        age = None if self._read_at is None else self._clock.monotonic() - self._read_at
        if age is None or age >= REFRESH_S:
            await self._read()

    async def _read(self) -> None:
        before = self._read_at
        if before is not None:
            self._read_at = self._clock.monotonic()  # whoever asks meanwhile goes by what is known
        now = self._clock.now()
        try:
            fresh = await self._store.revoked_since(self._read_to - OVERLAP_S)
        except BaseException:  # cancelled included: nothing was read, so the next one asks again
            self._read_at = before
            raise
        self._read_at = self._clock.monotonic()
        self._read_to = now
        self._until.update(fresh)
        for token_id in [token_id for token_id, until in self._until.items() if until < now]:
            del self._until[token_id]
