"""The application's share in security: it signs for its pages, and encrypts what only they may read."""

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.channels.interface import Authorization, Identity
from toolboxai.errors import BadUserId, ChannelsApiError
from toolboxai.ids import SOCKET_ID
from toolboxai.protocol.encryption import ChannelSecrets
from toolboxai.protocol.signing import sign_channel, sign_user
from toolboxai.protocol.user_id import check_user_id
from toolboxai.transport.event_bodies import Event, channel_name, checked_event

__all__ = ["Signer", "text_of"]


def text_of(data: Any) -> str:
    """The data of an event as it goes out: a string as it is, anything else as JSON.

    Raises:
        ChannelsApiError: it cannot be written as JSON, or not in UTF-8.
    """
    try:
        text = data if isinstance(data, str) else _dumps(data)
        text.encode()
    except (TypeError, ValueError, RecursionError) as fault:
        raise ChannelsApiError(400, f"The data cannot be written as JSON in UTF-8: {fault}") from fault
    return text


def _dumps(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Signer:
    """Signs and encrypts for one app.

    Args:
        app: its first key signs.
        encryption_master_key_base64: opens encrypted channels; without it they are refused.
    """

    def __init__(self, app: App, encryption_master_key_base64: str | None) -> None:
        self._app = app
        self._key = app.keys[0]
        given = encryption_master_key_base64
        self._channel_secrets = ChannelSecrets(given, secrets.token_bytes) if given else None

    def checked(
        self, channels: str | Sequence[str], event: str, text: str, socket_id: str | None = None
    ) -> Event:
        """An event as it may be published, encrypted where its channel wants that.

        Args:
            channels: one name, or several.
            event: its name.
            text: its data, from `text_of`.
            socket_id: the connection that is not to get it.

        Raises:
            ChannelsApiError: see ``Channels.trigger``.
        """
        names = [channels] if isinstance(channels, str) else list(channels)
        if not event:
            raise ChannelsApiError(400, "Missing required parameter: name")
        _check_event_name(event)
        opaque = [name for name in names if channel_name(self._app, name).facts.opaque]
        if opaque and len(names) > 1:
            raise ChannelsApiError(
                400, "An event for an encrypted channel has that channel alone: each has its secret"
            )
        if opaque:
            text = self._needed_secrets().seal(opaque[0], text)
        return checked_event(self._app, names, event, text, socket_id=socket_id)

    def authorize(
        self,
        socket_id: str,
        channel: str,
        *,
        user_id: str | None = None,
        user_info: Mapping[str, Any] | None = None,
        expires_at: float | None = None,
    ) -> Authorization:
        """See ``Channels.authorize``."""
        _check_socket_id(socket_id)
        facts = channel_name(self._app, channel).facts
        if not facts.needs_signature:
            raise ChannelsApiError(400, f"{channel} is entered without an authorisation")
        if facts.presence and user_id is None:
            raise ChannelsApiError(400, f"{channel} is a presence channel: say as whom, with user_id")
        data: dict[str, Any] = {}
        if facts.presence and user_id is not None:
            data["user_id"] = _checked_user(user_id)
            if user_info is not None:
                data["user_info"] = _checked_info(user_info, self._app.presence_info_bytes)
        if expires_at is not None:
            data["expires_at"] = expires_at
        channel_data = text_of(data) if data else None
        digest = sign_channel(self._key.secret, socket_id, channel, channel_data)
        answer = Authorization(auth=f"{self._key.key}:{digest}")
        if channel_data is not None:
            answer["channel_data"] = channel_data
        if facts.opaque:
            answer["shared_secret"] = self._needed_secrets().text(channel)
        return answer

    def authenticate(
        self,
        socket_id: str,
        user_id: str,
        *,
        user_info: Mapping[str, Any] | None = None,
        watchlist: Sequence[str] = (),
    ) -> Identity:
        """See ``Channels.authenticate``."""
        _check_socket_id(socket_id)
        if len(watchlist) > limits.WATCHLIST_USERS:
            raise ChannelsApiError(400, f"A watchlist has at most {limits.WATCHLIST_USERS} users")
        user: dict[str, Any] = {"id": _checked_user(user_id)}
        if user_info is not None:
            user["user_info"] = _checked_info(user_info, self._app.presence_info_bytes)
        if watchlist:
            user["watchlist"] = [_checked_user(watched) for watched in watchlist]
        user_data = text_of(user)
        return Identity(
            auth=f"{self._key.key}:{sign_user(self._key.secret, socket_id, user_data)}", user_data=user_data
        )

    def _needed_secrets(self) -> ChannelSecrets:
        if self._channel_secrets is None:
            raise ChannelsApiError(
                400, "Encrypted channels need encryption_master_key_base64, 32 bytes in base64"
            )
        return self._channel_secrets


def _check_event_name(event: str) -> None:
    try:
        event.encode()
    except UnicodeEncodeError as fault:
        raise ChannelsApiError(400, f"The event's name cannot be written in UTF-8: {fault}") from fault


def _check_socket_id(socket_id: str) -> None:
    if not SOCKET_ID.fullmatch(socket_id):
        raise ChannelsApiError(400, f"Invalid socket id: {socket_id[:100]!r}; use digits.digits")


def _checked_user(user_id: str) -> str:
    try:
        return check_user_id(user_id)
    except BadUserId as fault:
        raise ChannelsApiError(400, f"Invalid user id: {fault}") from fault


def _checked_info(user_info: Mapping[str, Any], most: int) -> Mapping[str, Any]:
    size = len(text_of(user_info).encode())
    if size > most:
        raise ChannelsApiError(413, f"user_info has {size} bytes, at most {most} are allowed")
    return user_info
