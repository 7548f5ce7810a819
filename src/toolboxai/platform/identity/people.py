"""Who there is, for rooms that need no more of identity than that; ``IdentityService`` knows."""

from typing import Protocol

from toolboxai.platform.identity.model import User

__all__ = ["People"]


class People(Protocol):
    """Who there is."""

    async def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            ResourceNotFound: there is none.
        """
        ...

    async def user_named(self, name: str) -> User:
        """The account that signs in with this name or e-mail address.

        Raises:
            ResourceNotFound: there is none.
        """
        ...
