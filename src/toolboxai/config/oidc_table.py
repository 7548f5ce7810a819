"""``[auth.oidc]``: the identity provider at which people may sign in, as the file writes it."""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from toolboxai.apps.addresses import is_loopback_name
from toolboxai.config.values import AppSecret, Origin, Table, Whole

__all__ = ["CALLBACK", "OidcTable"]

CALLBACK: Final = "/api/v1/auth/oidc/callback"
_NEEDED: Final = ("client_id", "client_secret", "public_url", "role_claim", "roles")

_Name = Annotated[str, Field(min_length=1, max_length=200)]


def _issuer(value: str) -> str:
    _reached_safely(value, "an issuer")
    if "?" in value or "#" in value or "@" in urlsplit(value).netloc:
        raise ValueError(f"{value!r} is no issuer: it has no query, no fragment and no user in it")
    return value


def _public_url(value: str) -> str:
    _reached_safely(value, "a public_url")
    return value


def _reached_safely(value: str, what: str) -> None:
    parts = urlsplit(value)
    host = parts.hostname or ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback_name(host))):
        raise ValueError(
            f"{value!r} is not {what}: it begins with https://, since secrets go there; http:// is for this machine alone"
        )


def _domain(value: str) -> str:
    if "@" in value or "." not in value or not value.isascii() or " " in value:
        raise ValueError(f"{value!r} is no domain; write what stands behind the @, such as school.example")
    return value.lower()


class OidcTable(Table):
    """What we are at the provider, and what its claims mean here."""

    issuer: Annotated[str, Field(max_length=500), AfterValidator(_issuer)] | None = None
    client_id: _Name | None = None
    client_secret: AppSecret | None = None
    public_url: Annotated[Origin, AfterValidator(_public_url)] | None = None
    label: Annotated[str, Field(min_length=1, max_length=80)] = "your school account"
    scopes: Annotated[tuple[_Name, ...], Field(max_length=20)] = ("openid", "profile", "email")
    login_s: Annotated[Whole, Field(ge=300, le=14 * 86400)] = 12 * 3600
    role_claim: _Name | None = None
    roles: dict[_Name, Literal["teacher", "student", "parent", "admin"]] = Field(default_factory=dict)
    organization: _Name | None = None
    organization_claim: _Name | None = None
    organizations: dict[_Name, _Name] = Field(default_factory=dict)
    allowed_domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "OidcTable":
        if self.issuer is None:
            # The secret alone may stay in the environment while the table is away.
            without = sorted(self.model_fields_set - {"issuer", "client_secret"})
            if without:
                raise ValueError(
                    f"{', '.join(without)} is set and no issuer is; name the identity provider's URL"
                )
            return self
        lacking = [name for name in _NEEDED if not getattr(self, name)]
        if lacking:
            raise ValueError(f"an issuer is set, but not {' and '.join(lacking)}; nobody could sign in so")
        if (self.organization is None) == (not self.organization_claim or not self.organizations):
            raise ValueError(
                "set organization, the school of everybody who signs in so, or organization_claim with organizations, "
                "the school of each of its values; one of the two"
            )
        if self.organization is not None and (self.organization_claim or self.organizations):
            raise ValueError(
                "organization is set beside organization_claim or organizations; leave one of them out"
            )
        if "openid" not in self.scopes:
            raise ValueError('scopes has to name "openid"')
        return self

    @property
    def secret(self) -> SecretStr:
        """Of the client; only where an issuer is set."""
        assert self.client_secret is not None
        return self.client_secret

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends browsers back to; to be registered there."""
        return f"{self.public_url}{CALLBACK}"
