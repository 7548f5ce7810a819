"""Accounts of pupils who come by a code: a pseudonym, no address, no password."""

from toolboxai.ids import Dice, new_token
from toolboxai.platform.identity.model import Role, User

__all__ = ["new_guest"]


def new_guest(dice: Dice, organization_id: str, pseudonym: str) -> User:
    """A pupil's account that is to be kept.

    Args:
        dice: for its id, and for a name that nobody signs in with.
        organization_id: of whoever let the pupil in.
        pseudonym: what the pupil is to be called.
    """
    return User(
        id=new_token(dice, "user_", bits=80),
        organization_id=organization_id,
        username=new_token(dice, "guest-", bits=80),
        email=None,
        display_name=pseudonym,
        role=Role.STUDENT,
        guest=True,
    )
