"""Secrets that are no secrets. None is ever told here: keys are named, secrets are not."""

import math
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from toolboxai.cli.checks.finding import Finding, ok, warning

__all__ = ["app_secrets", "jwt_keys", "settings_file"]

_BITS: Final = 100  # what 20 hex digits drawn by lot still have nearly; words and repetitions have far less
_APP_BITS: Final = 50  # hosted services hand out 20 hex digits
# Defaults of other servers and of tutorials; the last is of the test vectors, known to all the world.
_KNOWN: Final = frozenset(
    ("app-secret", "secret", "changeme", "change-me", "your-secret", "password", "7ad3773142a6692b25b8")
)
# What people put together to a secret; of one that was drawn by lot a few characters go with it at most.
_WORDS: Final = re.compile(
    "changeme|change|secret|password|passw|your|super|production|development|default|example|insecure|token|jwt|key"
    "|school|admin|test|toolboxai|pusher|this|with|for|my|in",
    re.IGNORECASE,
)
_MAKE: Final = "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"


def jwt_keys(secrets: Mapping[str, str]) -> Iterator[Finding]:
    """The keys that sign access tokens.

    Args:
        secrets: by kid.
    """
    weak = [kid for kid, secret in secrets.items() if _bits(secret) < _BITS or secret.lower() in _KNOWN]
    for kid in weak:
        text = f"the secret of kid {kid!r} looks typed, not drawn by lot: whoever guesses it is everybody; {_MAKE}"
        yield warning("jwt secret", text)
    if secrets and not weak:
        yield ok("jwt secret", f"{'it looks' if len(secrets) == 1 else 'they look'} drawn by lot")


def app_secrets(secrets: Mapping[str, str]) -> Iterator[Finding]:
    """The secrets with which apps publish and sign.

    Args:
        secrets: by key.
    """
    for key, secret in secrets.items():
        if secret.lower() in _KNOWN:
            yield warning(
                "app secret strength", f"the secret of key {key} is in everybody's tutorial; {_MAKE}"
            )
        elif _bits(secret) < _APP_BITS:
            yield warning("app secret strength", f"the secret of key {key} is short or looks typed; {_MAKE}")


def settings_file(file: Path) -> Iterator[Finding]:
    """Who else may read the file with the secrets."""
    mode = file.stat().st_mode
    if mode & stat.S_IROTH:
        yield warning(
            "settings file", f"every account of this machine reads {file} with its secrets: chmod 640 {file}"
        )


def _bits(secret: str) -> float:
    """An upper bound of what a guesser has to try, by how often each character stands in it beside words."""
    drawn = _WORDS.sub("", secret)
    return -sum(count * math.log2(count / len(drawn)) for count in Counter(drawn).values())
