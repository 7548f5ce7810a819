"""What the claims of an identity provider make of somebody: a school and a role, or nobody. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from toolboxai.errors import InsufficientPermissions
from toolboxai.platform.identity.account_rules import NAME_CHARS, is_email, normal_name
from toolboxai.platform.identity.model import Role

__all__ = ["ClaimRules", "Standing"]

_Meaning = TypeVar("_Meaning")

VALUES: Final = 1000  # of one claim are looked at: somebody in more groups than that is in one too many
DISPLAY_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is here.

    Args:
        organization: name of their school.
        role: theirs.
        username: what they would like to be called; another may have it.
        email: proven by the provider; None where it proves none.
        display_name: how to address them.
    """

    organization: str
    role: Role
    username: str
    email: str | None
    display_name: str


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """The operator's word on who comes in, and as what. What no rule names is refused.

    Args:
        label: of the provider, for texts.
        role_claim: name of the claim, or its dotted path, that has the role: text or a list of texts.
        roles: role of each value of that claim; of several that fit, the first in this order counts.
        organization: the one school of everybody who comes; None: the claim says it.
        organization_claim: as `role_claim`.
        organizations: school of each value of that claim, likewise.
        allowed_domains: of the proven e-mail address, in lower case; empty: no address is asked for.
    """

    label: str
    role_claim: str
    roles: Mapping[str, Role]
    organization: str | None = None
    organization_claim: str | None = None
    organizations: Mapping[str, str] | None = None
    allowed_domains: frozenset[str] = frozenset()

    def standing(self, claims: Mapping[str, Any]) -> Standing:
        """What somebody with these claims, which were verified, is here.

        Raises:
            InsufficientPermissions: nothing; the text says for want of what.
        """
        email = _proven_address(claims)
        if self.allowed_domains and (email is None or _domain(email) not in self.allowed_domains):
            raise self._refused(
                "it has no proven e-mail address of a domain that may sign in here", "allowed_domains"
            )
        role = _first(self.roles, _values(claims, self.role_claim))
        if role is None:
            raise self._refused(
                f"its claim {self.role_claim!r} has no value that stands for a role here", "roles"
            )
        return Standing(self._school(claims), role, _username(claims, email), email, _display_name(claims))

    def _school(self, claims: Mapping[str, Any]) -> str:
        if self.organization is not None:
            return self.organization
        claim = self.organization_claim or ""
        school = _first(self.organizations or {}, _values(claims, claim))
        if school is None:
            raise self._refused(
                f"its claim {claim!r} has no value that stands for a school here", "organizations"
            )
        return school

    def _refused(self, why: str, rule: str) -> InsufficientPermissions:
        text = f"your account at {self.label} may not sign in here: {why}; ask the people who run this server"
        return InsufficientPermissions(text, details={"rule": f"auth.oidc.{rule}"})


def _first(rules: Mapping[str, _Meaning], values: frozenset[str]) -> _Meaning | None:
    return next((meaning for value, meaning in rules.items() if value in values), None)


def _values(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """The texts of a claim; none where it is missing or has another form."""
    found: Any = claims.get(name)
    if name not in claims:
        found = claims
        for step in name.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset((found,))
    if isinstance(found, list) and len(found) <= VALUES:
        return frozenset(value for value in found if isinstance(value, str))
    return frozenset()


def _proven_address(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    proven = claims.get("email_verified") is True and isinstance(email, str) and is_email(email)
    return email if proven else None


def _domain(email: str) -> str:
    return email.rpartition("@")[2].lower()


def _username(claims: Mapping[str, Any], email: str | None) -> str:
    wished = claims.get("preferred_username")
    text = wished if isinstance(wished, str) else email or ""
    kept = [
        letter for letter in normal_name(text[:1000]).partition("@")[0] if letter.isalnum() or letter in "._-"
    ]
    return "".join(kept).lstrip("._-")[: NAME_CHARS // 2] or "staff"


def _display_name(claims: Mapping[str, Any]) -> str:
    name = claims.get("name")
    return name.strip()[:DISPLAY_CHARS] if isinstance(name, str) and name.isprintable() else ""
