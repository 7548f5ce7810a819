"""Environments, agents and plugins, as an operator makes them for producers of their own."""

from collections.abc import Sequence
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import ResourceNotFound, ValidationError
from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.model import User
from toolboxai.platform.resources.model import Resource, ResourceKind
from toolboxai.platform.resources.store import ResourceStore

__all__ = ["NAME_CHARS", "ResourceService"]

NAME_CHARS: Final = 200


class ResourceService:
    """Rows that say whose a channel is. Whoever may publish over the signed HTTP API publishes for them.

    Args:
        store: keeps them.
        clock, dice: time and chance.
    """

    def __init__(self, store: ResourceStore, clock: Clock, dice: Dice) -> None:
        self._store = store
        self._clock = clock
        self._dice = dice

    async def add(
        self, kind: ResourceKind, owner: User, *, resource_id: str | None = None, name: str = ""
    ) -> Resource:
        """Make one, of the owner's organisation.

        Args:
            kind: which.
            owner: who may follow it, and share it.
            resource_id: as clients know it already; made here when None.
            name: for people.

        Raises:
            ValidationError: the id or the name cannot be.
            Conflict: the id is taken.
        """
        if resource_id is None:
            resource_id = new_token(self._dice, kind.prefix)
        elif not kind.fits(resource_id):
            raise _fault(
                "id",
                f"{resource_id[:80]!r} is no id of {_article(kind)}; begin it with {kind.prefix} and go on with letters, "
                "digits or underscores, at most 128 in all",
            )
        if len(name) > NAME_CHARS or not name.isprintable():
            raise _fault("name", f"at most {NAME_CHARS} characters that can be printed")
        made = Resource(kind, resource_id, owner.organization_id, owner.id, name, self._clock.now())
        await self._store.add(made)
        return made

    async def all(self, kind: ResourceKind | None = None) -> Sequence[Resource]:
        """All of them, or those of one kind, oldest first."""
        return await self._store.resources(kind)

    async def one(self, kind: ResourceKind, resource_id: str) -> Resource:
        """One.

        Raises:
            ResourceNotFound: there is none.
        """
        found = await self._store.resource(kind, resource_id) if kind.fits(resource_id) else None
        if found is None:
            raise self._none(kind, resource_id)
        return found

    async def remove(self, kind: ResourceKind, resource_id: str) -> None:
        """Remove one, with its shares: nobody may follow its channel any more.

        Raises:
            ResourceNotFound: there is none.
        """
        if not kind.fits(resource_id) or not await self._store.remove(kind, resource_id):
            raise self._none(kind, resource_id)

    @staticmethod
    def _none(kind: ResourceKind, resource_id: str) -> ResourceNotFound:
        return ResourceNotFound(f"there is no {kind} {resource_id[:80]!r}")


def _article(kind: ResourceKind) -> str:
    return f"a {kind}" if kind is ResourceKind.PLUGIN else f"an {kind}"


def _fault(field: str, text: str) -> ValidationError:
    return ValidationError(f"{field}: {text}", details={"fields": {field: text}})
