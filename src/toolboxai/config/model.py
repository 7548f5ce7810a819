"""Every setting, with its type, unit and default. Names are those of the file; `environment` has the others."""

import re
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, SecretStr, field_validator, model_validator

from toolboxai.apps.registry import AppRegistry
from toolboxai.config.agents_table import AgentsTable
from toolboxai.config.allow_table import AllowedEntry
from toolboxai.config.app_table import AppTable
from toolboxai.config.content_table import ContentTable
from toolboxai.config.legacy_table import LegacyTable
from toolboxai.config.llm_table import AFTER_THE_MODEL_S, LlmTable
from toolboxai.config.oidc_table import OidcTable
from toolboxai.config.privacy_table import PrivacyTable
from toolboxai.config.roblox_table import RobloxTable
from toolboxai.config.values import (
    Amount,
    AppSecret,
    DatabaseUrl,
    MasterKey,
    MetricsToken,
    Network,
    Origin,
    Port,
    Table,
)
from toolboxai.protocol.allow_list import AllowList
from toolboxai.protocol.proxies import TrustedProxies

__all__ = ["ENVIRONMENT_KID", "JWT_SECRET_BYTES", "KID", "MAKE_SECRET", "Settings"]

KID = re.compile(r"^[A-Za-z0-9_.\-]{1,64}$")
ENVIRONMENT_KID = "1"  # of the key that is TOOLBOXAI_JWT_SECRET

JWT_SECRET_BYTES = 32  # HS256 takes a key as long as its digest; a shorter one can be guessed offline

MAKE_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"  # noqa: S105 - the command, no secret


class ServerTable(Table):
    """``[server]``: the one port, who may use it from a browser, and how it leaves."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Port = 8009
    allowed_origins: tuple[Origin, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    proxy_protocol: bool = False
    allow_list: tuple[AllowedEntry, ...] = ()
    drain_s: Annotated[Amount, Field(le=600)] = 5.0
    batched_sends: bool = True
    tls_certificate: Annotated[str, Field(min_length=1)] | None = None
    tls_key: Annotated[str, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _whole_pair(self) -> "ServerTable":
        if (self.tls_certificate is None) != (self.tls_key is None):
            given, lacking = (
                ("tls_certificate", "tls_key") if self.tls_certificate else ("tls_key", "tls_certificate")
            )
            raise ValueError(
                f"{given} is set and {lacking} is not; TLS needs both files, without TLS leave both out"
            )
        return self

    @model_validator(mode="after")
    def _proxies_are_named(self) -> "ServerTable":
        if self.proxy_protocol and not self.trusted_proxies:
            raise ValueError(
                "proxy_protocol takes headers from trusted_proxies alone, and none is named; name the load balancers there"
            )
        return self

    @model_validator(mode="after")
    def _networks_differ(self) -> "ServerTable":
        if len({entry.network for entry in self.allow_list}) != len(self.allow_list):
            raise ValueError("two entries of allow_list have the same network; give each its own")
        return self

    def proxies(self) -> TrustedProxies:
        """Whose word on addresses is taken."""
        return TrustedProxies(self.trusted_proxies)

    def allowed(self) -> AllowList:
        """Networks whose addresses have limits of their own."""
        return AllowList(entry.rule() for entry in self.allow_list)


class JwtKeyTable(Table):
    """One key that signs access tokens; several while they are rotated, the first signs."""

    kid: Annotated[str, Field(pattern=KID)] = ENVIRONMENT_KID
    secret: AppSecret

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        size = len(value.get_secret_value().encode())
        if size < JWT_SECRET_BYTES:
            raise ValueError(
                f"it has {size} bytes, at least {JWT_SECRET_BYTES} are needed; make one: {MAKE_SECRET}"
            )
        return value


class AuthTable(Table):
    """``[auth]``: what signs the access tokens of our users, and where else they may sign in."""

    jwt_keys: tuple[JwtKeyTable, ...] = ()
    oidc: OidcTable = OidcTable()

    @model_validator(mode="after")
    def _kids_differ(self) -> "AuthTable":
        if len({key.kid for key in self.jwt_keys}) != len(self.jwt_keys):
            raise ValueError("two jwt_keys have the same kid; give each its own")
        return self


class DatabaseTable(Table):
    """``[database]``: SQLite by default, Postgres by URL; the driver is added by us."""

    url: DatabaseUrl = Field(repr=False, default="sqlite:///./toolboxai.db")


class PublisherTable(Table):
    """``[publisher]``: through the hub of this process, or any Pusher-compatible HTTP API."""

    kind: Literal["embedded", "pusher"] = "embedded"
    host: str | None = None
    port: Annotated[Port, Field(ge=1)] | None = None
    scheme: Literal["http", "https"] | None = None
    cluster: str | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> "PublisherTable":
        if self.kind == "pusher" and self.host is None and self.cluster is None:
            raise ValueError(
                "the publisher 'pusher' needs to know where: set PUSHER_HOST, or PUSHER_CLUSTER for hosted Pusher"
            )
        return self


class ChannelsTable(Table):
    """``[channels]``: what stands on the public channel names, and the master key of encrypted channels."""

    public_compat: Literal["safe", "full", "off"] = "safe"
    public_organization: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    encryption_master_key_base64: MasterKey | None = None


class MetricsTable(Table):
    """``[metrics]``: who may scrape besides this machine, and under which further names."""

    token: MetricsToken | None = None
    soketi: bool = False
    soketi_prefix: Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]{0,63}$")] = "soketi_"

    @field_validator("soketi_prefix")
    @classmethod
    def _not_ours(cls, value: str) -> str:
        if value == "toolboxai_":
            raise ValueError(
                "toolboxai_ stands before our own names already; choose another, such as soketi_"
            )
        return value


class Settings(Table):
    """All settings of one server, checked; made by `load_settings`.

    The first of ``apps`` is our app, to which the application publishes: the one that the environment names, or
    else the first of the file.
    """

    server: ServerTable = ServerTable()
    auth: AuthTable = AuthTable()
    database: DatabaseTable = DatabaseTable()
    publisher: PublisherTable = PublisherTable()
    channels: ChannelsTable = ChannelsTable()
    content: ContentTable = ContentTable()
    legacy: LegacyTable = LegacyTable()
    metrics: MetricsTable = MetricsTable()
    llm: LlmTable = LlmTable()
    privacy: PrivacyTable = PrivacyTable()
    roblox: RobloxTable = RobloxTable()
    agents: AgentsTable = AgentsTable()
    apps: tuple[AppTable, ...] = ()

    _named_key: str | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _apps_differ(self) -> "Settings":
        ids: set[str] = set()
        keys: set[str] = set()
        for table in self.apps:
            if table.id in ids:
                raise ValueError(f"two apps have the id {table.id!r}; an id names one app")
            ids.add(table.id)
            for pair in table.active_keys():
                if pair.key in keys:
                    raise ValueError(f"the key {pair.key!r} stands twice; a key belongs to one app, once")
                keys.add(pair.key)
        return self

    @model_validator(mode="after")
    def _stages_outlast_the_model(self) -> "Settings":
        stage_s, limit_s = self.llm.stage_s, self.content.stage_limit_s
        if self.llm.provider is not None and stage_s > limit_s - AFTER_THE_MODEL_S:
            raise ValueError(
                f"llm.stage_s is {stage_s:g} and content.stage_limit_s {limit_s:g}: when the model's time is over, "
                f"{AFTER_THE_MODEL_S:g} s are to be left for the offline engine; lower the first or raise the second"
            )
        return self

    @property
    def own_app(self) -> AppTable | None:
        """Our app, or None when no app is configured."""
        return self.apps[0] if self.apps else None

    @property
    def client_key(self) -> str | None:
        """The key with which our own clients connect; it alone is enough for a client, no secret is needed."""
        if self._named_key is not None:
            return self._named_key
        return self.apps[0].active_keys()[0].key if self.apps else None

    @property
    def jwt_secret(self) -> SecretStr | None:
        """What signs new access tokens, or None when it is not configured."""
        return self.auth.jwt_keys[0].secret if self.auth.jwt_keys else None

    def registry(self) -> AppRegistry:
        """The apps as the server looks them up, ours among them."""
        apps = [table.app(own=index == 0) for index, table in enumerate(self.apps)]
        return AppRegistry(apps, own=apps[0] if apps else None)
