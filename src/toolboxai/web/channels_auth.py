"""The signatures with which a page enters private and presence channels, and signs its connection in.

The answers are those that stock client libraries expect: ``{"auth": "key:digest", "channel_data"?, "shared_secret"?}``
for one channel, ``{"channels": {name: …}}`` for a batch, ``{"auth", "user_data"}`` for a sign-in.
"""

import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse

from toolboxai.apps.app import App
from toolboxai.errors import (
    InsufficientPermissions,
    PayloadTooLarge,
    ProviderUnavailable,
    RequestError,
    ValidationError,
)
from toolboxai.ids import SOCKET_ID
from toolboxai.platform.identity.authorisations import NOT_KNOWN, Authorisations, Way
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.identity.policy import ChannelPolicy, Decision, Reason
from toolboxai.protocol.channel import kind_of
from toolboxai.protocol.encryption import ChannelSecrets
from toolboxai.protocol.signing import sign_channel, sign_user
from toolboxai.web.errors import REQUEST_ID, AsciiJson
from toolboxai.web.security import Authenticator

__all__ = ["CHANNEL_AUTH_PATHS", "ChannelSigner", "channels_auth_routes"]

_log = logging.getLogger(__name__)

CHANNEL_AUTH_PATHS: Final = frozenset({"/api/v1/pusher/auth", "/api/v1/pusher/user-auth"})
"""All who come back after a server was away ask here at once, so these go past the framework: see ADR 0041."""

BATCH: Final = 100  # names in one request
BODY_BYTES: Final = 64 * 1024


class ChannelSigner:
    """Signs for our own app.

    Args:
        own: our app, as it is at that moment: its oldest key stands before each digest, and its secret signs.
        secrets: of encrypted channels; without them none is signed.
    """

    def __init__(self, own: Callable[[], App], secrets: ChannelSecrets | None = None) -> None:
        self._own = own
        self._secrets = secrets

    def channel(self, socket_id: str, channel: str, channel_data: str | None) -> dict[str, str]:
        """What a stock client needs to bring one connection into one channel.

        Raises:
            ProviderUnavailable: the channel is encrypted, and there is no master key.
        """
        signer = self._own().keys[0]
        answer = {"auth": f"{signer.key}:{sign_channel(signer.secret, socket_id, channel, channel_data)}"}
        if channel_data is not None:
            answer["channel_data"] = channel_data
        if kind_of(channel).value.opaque:
            if self._secrets is None:
                raise ProviderUnavailable(
                    f"{channel} is encrypted, and this server has no key for it: its operator has to set "
                    "PUSHER_ENCRYPTION_MASTER_KEY_BASE64"
                )
            answer["shared_secret"] = self._secrets.text(channel)
        return answer

    def user(self, socket_id: str, user_data: str) -> str:
        """``key:digest`` for one connection that signs in as a user."""
        signer = self._own().keys[0]
        return f"{signer.key}:{sign_user(signer.secret, socket_id, user_data)}"


def channels_auth_routes(
    authenticator: Authenticator,
    policy: ChannelPolicy,
    sign: ChannelSigner,
    limiter: AttemptLimiter,
    authorisations: Authorisations,
) -> APIRouter:
    """The routes ``/api/v1/pusher/auth`` and ``/api/v1/pusher/user-auth``.

    Args:
        authenticator: who asks.
        policy: who may follow what.
        sign: for our app.
        limiter: bounds how often one may ask.
        authorisations: take note of what was decided.
    """
    router = APIRouter(prefix="/api/v1/pusher", tags=["channels"])

    async def asker(request: Request) -> Principal:
        await limiter.admit(Attempts.CHANNEL_AUTH, address=authenticator.address(request))
        return await authenticator(request)

    async def follower(request: Request) -> Principal:
        try:
            return await asker(request)
        except NOT_KNOWN as fault:
            with suppress(RequestError):  # what cannot be read names no channel
                fields = await _fields(request)
                names, _ = _names(fields)
                asked_for = str(fields.get("socket_id"))
                socket_id = asked_for if SOCKET_ID.fullmatch(asked_for) else None
                authorisations.not_known(Way.SUBSCRIPTION, names, fault, socket_id=socket_id)
            raise

    async def signed(request: Request, principal: Principal, socket_id: str, name: str) -> dict[str, str]:
        decision = await policy.decide(principal, name)
        if decision.signable and not decision.allowed and decision.reason is not Reason.BAD_NAME:
            address = authenticator.address(request)
            limiter.failed(Attempts.CHANNEL_AUTH, account=principal.user_id, address=address)
            _log.info("channel refused", extra=_refusal(request, principal, name, decision))
        try:
            answer = sign.channel(socket_id, name, _admitted(name, decision))
        except ProviderUnavailable:
            decision = replace(decision, allowed=False, reason=Reason.NO_KEY)
            raise
        finally:
            authorisations.decided(Way.SUBSCRIPTION, principal, name, decision, socket_id=socket_id)
        return answer

    @router.post("/auth", openapi_extra=_described("channel_name", "channel_names"))
    async def channel_auth(request: Request) -> JSONResponse:
        """Sign the subscription to one channel (``channel_name``) or to many (``channel_names[]``)."""
        principal = await follower(request)
        fields = await _fields(request)
        socket_id = _socket_id(fields)
        names, batch = _names(fields)
        await limiter.admit(Attempts.CHANNEL_AUTH, account=principal.user_id, tries=len(names))
        if not batch:
            return JSONResponse(await signed(request, principal, socket_id, names[0]))
        channels: dict[str, dict[str, Any]] = {}  # a name that is none may hold what UTF-8 cannot carry
        for name in names:
            try:
                channels[name] = {**await signed(request, principal, socket_id, name)}
            except RequestError as fault:
                channels[name] = {"error_code": fault.error_code, "status": fault.status}
        return AsciiJson({"channels": channels})

    @router.post("/user-auth", openapi_extra=_described())
    async def user_auth(request: Request) -> JSONResponse:
        """Sign a connection in as the user whom the access token speaks for."""
        principal = await asker(request)
        socket_id = _socket_id(await _fields(request))
        await limiter.admit(Attempts.CHANNEL_AUTH, account=principal.user_id)
        user = {"id": principal.user_id, "user_info": {"role": principal.role.value}}
        user_data = json.dumps(user, separators=(",", ":"))
        return JSONResponse({"auth": sign.user(socket_id, user_data), "user_data": user_data})

    return router


def _admitted(name: str, decision: Decision) -> str | None:
    """What stands beside the signature, if anything.

    Raises:
        ValidationError: it is no channel's name.
        InsufficientPermissions: nothing is signed; the text is the same for what is foreign and what is not there.
    """
    if decision.reason is Reason.BAD_NAME:
        fault = {"fields": {"channel_name": "not the name of a channel"}}
        raise ValidationError("this is not the name of a channel", details=fault)
    if not decision.signable:
        raise InsufficientPermissions(
            f"{name} is public: subscribe without asking", details={"channel": name}
        )
    if not decision.allowed:
        raise InsufficientPermissions(f"you may not follow {name}", details={"channel": name})
    return decision.channel_data


def _refusal(request: Request, principal: Principal, name: str, decision: Decision) -> dict[str, Any]:
    return {
        "channel": name,
        "user_id": principal.user_id,
        "reason": decision.reason.value,
        "request_id": request.scope.get(REQUEST_ID),
    }


def _described(*names: str) -> dict[str, Any]:
    """The body for the API's description: the fields are read here, since stock clients send a form."""
    shapes: dict[str, Any] = {
        "socket_id": {"type": "string", "pattern": rf"^{SOCKET_ID.pattern}$"},
        "channel_name": {"type": "string"},
        "channel_names": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": BATCH},
    }
    schema = {
        "type": "object",
        "required": ["socket_id"],
        "properties": {name: shapes[name] for name in ("socket_id", *names)},
    }
    kinds = ("application/x-www-form-urlencoded", "application/json")
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}


async def _fields(request: Request) -> dict[str, Any]:
    """The fields of a form (what stock clients send) or of a JSON object."""
    raw = await request.body()
    if len(raw) > BODY_BYTES:
        raise PayloadTooLarge(f"the body has {len(raw)} bytes, at most {BODY_BYTES} are allowed here")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _READERS:
        raise ValidationError(
            f"Content-Type {kind!r} is not taken; use application/x-www-form-urlencoded or application/json",
            details={"fields": {"content-type": "not taken"}},
        )
    try:
        fields = _READERS[kind](raw.decode())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ValidationError(
            "the body cannot be read; send a form or a JSON object in UTF-8",
            details={"fields": {"body": "malformed"}},
        )
    return fields


def _form(text: str) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=2 * BATCH):
        if name in ("channel_names[]", "channel_names"):
            fields.setdefault("channel_names", []).append(value)
        else:
            fields[name] = value
    return fields


_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "application/x-www-form-urlencoded": _form,
    "application/json": json.loads,
    "": _form,
}


def _socket_id(fields: dict[str, Any]) -> str:
    socket_id = fields.get("socket_id")
    if not isinstance(socket_id, str) or not SOCKET_ID.fullmatch(socket_id):
        raise ValidationError(
            "socket_id is two numbers with a dot between, as connection_established gave it",
            details={"fields": {"socket_id": "digits.digits"}},
        )
    return socket_id


def _names(fields: dict[str, Any]) -> tuple[list[str], bool]:
    """The names asked for, and whether as a batch."""
    batch = fields.get("channel_names", fields.get("channel_names[]"))
    if batch is None:
        name = fields.get("channel_name")
        if not isinstance(name, str) or not name:
            raise ValidationError(
                "channel_name is missing, or channel_names for a batch",
                details={"fields": {"channel_name": "required"}},
            )
        return [name], False
    if (
        not isinstance(batch, list)
        or not 0 < len(batch) <= BATCH
        or not all(isinstance(name, str) for name in batch)
    ):
        allowed = f"1 to {BATCH} names of channels"
        raise ValidationError(
            f"channel_names takes {allowed}", details={"fields": {"channel_names": allowed}}
        )
    return list(dict.fromkeys(batch)), True
