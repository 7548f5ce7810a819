"""A class, its members, and the rules for what they are called."""

import unicodedata
from dataclasses import dataclass
from typing import Final

from toolboxai.errors import ValidationError

__all__ = [
    "CLASSES_MOST",
    "CLASS_NAME_CHARS",
    "MEMBERS_MOST",
    "PSEUDONYM_CHARS",
    "Classroom",
    "KeptCode",
    "Member",
    "class_name",
    "pseudonym_of",
    "shown_name",
]

CLASS_NAME_CHARS: Final = 100
PSEUDONYM_CHARS: Final = 40
MEMBERS_MOST: Final = 99  # with their teacher as many as a presence channel takes by default
CLASSES_MOST: Final = 200  # of one teacher


@dataclass(frozen=True, slots=True)
class KeptCode:
    """What is kept of the code by which pupils join.

    Args:
        hash: by which it is found.
        salt: from which it is made again for the teacher.
        expires_at: Unix seconds; from then on nobody joins by it.
    """

    hash: str
    salt: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Classroom:
    """One class.

    Args:
        id: ``class_`` and random digits; part of its channels' names.
        organization_id: its tenant.
        owner_id: the teacher whose it is.
        name: for people.
        names_shown: whether members see one another's names; else they see pseudonyms.
        created_at: Unix seconds.
        code: of the open door; None while it is closed.
        members: how many there are.
    """

    id: str
    organization_id: str
    owner_id: str
    name: str
    names_shown: bool
    created_at: float
    code: KeptCode | None = None
    members: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """A pupil in a class.

    Args:
        class_id: which class.
        user_id: of the account.
        pseudonym: what the class calls the pupil; one of a class is like no other of it.
        made_here: whether the account was made by joining this class: then its teacher may let the pupil back in.
        joined_at: Unix seconds.
        display_name: of the account.
    """

    class_id: str
    user_id: str
    pseudonym: str
    made_here: bool
    joined_at: float
    display_name: str = ""

    def called(self, *, names_shown: bool) -> str:
        """What others of the class see: the pseudonym, unless the teacher has turned names on."""
        return shown_name(self.pseudonym, self.display_name, names_shown=names_shown)


def shown_name(pseudonym: str, display_name: str | None, *, names_shown: bool) -> str:
    """What others of a class see of a member; see ``Member.called``."""
    return display_name if names_shown and display_name else pseudonym


def class_name(text: str) -> str:
    """The name of a class as it is kept.

    Raises:
        ValidationError: it cannot be one.
    """
    return _line("name", text, CLASS_NAME_CHARS)


def pseudonym_of(text: str) -> str:
    """A pseudonym as it is kept: what looks the same is the same.

    Raises:
        ValidationError: it cannot be one.
    """
    kept = _line("pseudonym", text, PSEUDONYM_CHARS)
    if "@" in kept:
        told = "others see it: take a name that is made up, and no address"
        raise ValidationError(f"pseudonym: {told}", details={"fields": {"pseudonym": told}})
    return kept


def _line(field: str, text: str, chars: int) -> str:
    kept = " ".join(unicodedata.normalize("NFKC", text).split())
    if not 0 < len(kept) <= chars or not kept.isprintable():
        told = f"1 to {chars} characters that can be printed"
        raise ValidationError(f"{field}: {told}", details={"fields": {field: told}})
    return kept
