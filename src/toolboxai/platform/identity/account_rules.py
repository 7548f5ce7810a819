"""What a new account has to look like, and which typed text is worth looking up at all."""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

from toolboxai.errors import ValidationError
from toolboxai.platform.identity.model import PEOPLE

__all__ = [
    "NAME_CHARS",
    "account_faults",
    "check_account",
    "is_email",
    "is_storable",
    "normal_name",
    "usable_password",
]

PASSWORD_MIN_CHARS: Final = 8  # shorter ones are guessed
PASSWORD_MAX_CHARS: Final = 1024  # hashing endless ones would keep the server busy
NAME_CHARS: Final = 64
DISPLAY_NAME_CHARS: Final = 200
EMAIL_CHARS: Final = 254  # RFC 5321, 4.5.3.1.3, less the angle brackets


def normal_name(name: str) -> str:
    """A user name in the form that is kept: what looks the same is the same."""
    return unicodedata.normalize("NFKC", name).strip()


def is_storable(name: str) -> bool:
    """Whether a typed name is worth a look: no half or control characters (databases refuse them), no endless text."""
    return len(name) <= EMAIL_CHARS and name.isprintable()


def usable_password(password: str) -> bool:
    """Whether a typed password can be hashed at all."""
    try:
        password.encode()
    except UnicodeEncodeError:
        return False
    return len(password) <= PASSWORD_MAX_CHARS


def _is_name(name: str) -> bool:
    return (
        0 < len(name) <= NAME_CHARS
        and name[0].isalnum()
        and all(letter.isalnum() or letter in "._-" for letter in name)
    )


def is_email(email: str) -> bool:
    """Whether a text has the form of an address."""
    return is_storable(email) and email.count("@") == 1 and all(email.partition("@")) and " " not in email


_RULES: Final[Mapping[str, tuple[Callable[[str], bool], str]]] = {
    # No @ in a name: it could be somebody else's address.
    "name": (
        _is_name,
        f"1 to {NAME_CHARS} letters, digits, dots, dashes or underscores, a letter or digit first",
    ),
    "role": (lambda role: role in PEOPLE, f"one of {', '.join(sorted(PEOPLE))}"),
    "password": (
        lambda password: usable_password(password) and len(password) >= PASSWORD_MIN_CHARS,
        f"{PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters",
    ),
    "display_name": (
        lambda name: 0 < len(name.strip()) <= DISPLAY_NAME_CHARS and name.isprintable(),
        f"1 to {DISPLAY_NAME_CHARS} characters that can be printed",
    ),
    "email": (is_email, f"an address such as name@example.org, at most {EMAIL_CHARS} characters"),
}


def account_faults(given: Mapping[str, str | None]) -> dict[str, str]:
    """What is wrong with the fields of an account: for each at fault, what is allowed.

    Args:
        given: of name, role, password, display_name, email those that there are; None is as good as not given.
    """
    return {
        field: _RULES[field][1]
        for field, value in given.items()
        if value is not None and not _RULES[field][0](value)
    }


def check_account(given: Mapping[str, str | None]) -> None:
    """Hold the fields of an account against the rules; the argument is that of `account_faults`.

    Raises:
        ValidationError: ``details.fields`` has, for each field at fault, what is allowed.
    """
    faults = account_faults(given)
    if faults:
        told = "; ".join(f"{field}: {allowed}" for field, allowed in faults.items())
        raise ValidationError(f"this account cannot be made. Allowed is: {told}", details={"fields": faults})
