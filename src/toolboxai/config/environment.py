"""Names of settings in the environment, and the values that stand there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["APP_VARIABLES", "BESIDE_SETTINGS", "PREFIX", "VARIABLES", "Found", "Variable", "read_environment"]

PREFIX = "TOOLBOXAI_"

# Variables with our prefix that are no settings of the server: where its file is, what the command line reads, and
# what workers read, which may run on the same machine.
BESIDE_SETTINGS = frozenset(
    {
        "TOOLBOXAI_CONFIG",
        "TOOLBOXAI_URL",
        "TOOLBOXAI_TOKEN",
        "TOOLBOXAI_AGENT_ID",
        "TOOLBOXAI_AGENT_TOKEN",
        "TOOLBOXAI_TEST_FULL",
    }
)


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting and its names in the environment.

    Args:
        path: dotted place in the file.
        names: the first that is set wins; the others are other programs' names for the same.
        listed: the value is a list, separated by commas.
    """

    path: str
    names: tuple[str, ...]
    listed: bool = False


VARIABLES = (
    Variable("server.host", ("TOOLBOXAI_HOST",)),
    Variable("server.port", ("TOOLBOXAI_PORT",)),
    Variable("server.allowed_origins", ("TOOLBOXAI_ALLOWED_ORIGINS",), listed=True),
    Variable("server.trusted_proxies", ("TOOLBOXAI_TRUSTED_PROXIES",), listed=True),
    Variable("server.drain_s", ("TOOLBOXAI_DRAIN_S",)),
    Variable("server.batched_sends", ("TOOLBOXAI_BATCHED_SENDS",)),
    Variable("server.tls_certificate", ("TOOLBOXAI_TLS_CERTIFICATE",)),
    Variable("server.tls_key", ("TOOLBOXAI_TLS_KEY",)),
    Variable("auth.jwt_keys", ("TOOLBOXAI_JWT_SECRET",)),
    Variable("auth.oidc.client_secret", ("TOOLBOXAI_OIDC_CLIENT_SECRET",)),
    Variable("database.url", ("TOOLBOXAI_DATABASE_URL",)),
    Variable("publisher.kind", ("TOOLBOXAI_PUBLISHER",)),
    Variable("publisher.host", ("PUSHER_HOST",)),
    Variable("publisher.port", ("PUSHER_PORT",)),
    Variable("publisher.scheme", ("PUSHER_SCHEME",)),
    Variable("publisher.cluster", ("PUSHER_CLUSTER", "PUSHER_APP_CLUSTER")),
    Variable("channels.public_compat", ("TOOLBOXAI_PUBLIC_COMPAT",)),
    Variable("channels.encryption_master_key_base64", ("PUSHER_ENCRYPTION_MASTER_KEY_BASE64",)),
    Variable("legacy.mode", ("TOOLBOXAI_LEGACY_MODE",)),
    Variable("legacy.sunset", ("TOOLBOXAI_LEGACY_SUNSET",)),
    Variable("metrics.token", ("TOOLBOXAI_METRICS_TOKEN",)),
    Variable("llm.provider", ("TOOLBOXAI_LLM_PROVIDER",)),
    Variable("llm.base_url", ("TOOLBOXAI_LLM_BASE_URL",)),
    Variable("llm.model", ("TOOLBOXAI_LLM_MODEL",)),
    Variable("llm.api_key", ("TOOLBOXAI_LLM_API_KEY",)),
    Variable("roblox.open_cloud_key", ("TOOLBOXAI_OPEN_CLOUD_KEY",)),
    Variable("agents.lease_s", ("TOOLBOXAI_AGENT_LEASE_S",)),
)

# Our app. They are no place in the file of their own: together they make, or override, one entry of [[apps]].
APP_VARIABLES = (
    Variable("id", ("PUSHER_APP_ID",)),
    Variable("key", ("PUSHER_KEY", "PUSHER_APP_KEY")),
    Variable("secret", ("PUSHER_SECRET", "PUSHER_APP_SECRET")),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A value that the environment sets.

    Args:
        value: as the model takes it.
        name: the variable that won.
        unused: other names of the same setting that are set to something else.
    """

    value: Any
    name: str
    unused: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """How `config show --sources` names it."""
        if not self.unused:
            return f"environment {self.name}"
        return f"environment {self.name} ({', '.join(self.unused)} differs and is not used)"


def read_environment(environ: Mapping[str, str], variables: tuple[Variable, ...]) -> dict[str, Found]:
    """What the environment says, by path. A variable set to nothing counts as not set, as .env files leave them."""
    found: dict[str, Found] = {}
    for variable in variables:
        present = [name for name in variable.names if environ.get(name, "").strip()]
        if not present:
            continue
        name, *others = present
        text = environ[name].strip()
        unused = tuple(other for other in others if environ[other].strip() != text)
        found[variable.path] = Found(_value(variable, text), name, unused)
    return found


def _value(variable: Variable, text: str) -> Any:
    if variable.listed:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
