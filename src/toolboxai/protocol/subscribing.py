"""May this connection enter that channel? Every check of a subscribe, in order."""

from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName, RemoteProtocolError, SubscriptionDenied
from toolboxai.protocol.channel import ChannelKind, ChannelName
from toolboxai.protocol.codec import SubscribeData, text_or_none
from toolboxai.protocol.effects import Subscribe
from toolboxai.protocol.member import Admission, read_admission, read_expiry
from toolboxai.protocol.signing import bad_auth, verify_channel_auth
from toolboxai.protocol.user import User

__all__ = ["admitted", "parsed_channel"]

_FREE = Admission(None, None)


def parsed_channel(app: App, raw: str) -> ChannelName:
    """The channel of a subscribe.

    Raises:
        SubscriptionDenied: it is no name.
    """
    try:
        return ChannelName.parse(raw, max_chars=app.channel_name_chars)
    except BadChannelName as fault:
        kind = "LimitReached" if fault.too_long else "InvalidChannel"
        raise SubscriptionDenied(str(fault), kind=kind, status=4009) from fault


def admitted(
    app: App, socket_id: str, user: User | None, channel: ChannelName, wanted: SubscribeData
) -> Subscribe:
    """Check what the client shows.

    Args:
        app: whose keys and limits count.
        socket_id: of this connection.
        user: as whom it is signed in.
        channel: parsed.
        wanted: as the client sent it; on channels without a signature only the name counts.

    Raises:
        SubscriptionDenied: with the text, type and status for the client.
    """
    if channel.kind is ChannelKind.SERVER_TO_USER:
        if user is None or channel.text != f"{ChannelKind.SERVER_TO_USER.value.prefix}{user.id}":
            raise SubscriptionDenied(
                f"Only a connection that is signed in as that user may subscribe to {channel}"
            )
        return Subscribe(channel)
    if not channel.facts.needs_signature:
        return Subscribe(channel)
    auth, channel_data = _shown(channel, wanted)
    try:
        verify_channel_auth(app, socket_id, channel.text, auth, channel_data)
    except RemoteProtocolError as fault:
        raise SubscriptionDenied(fault.message) from fault
    admission = _read(app, user, channel, channel_data)
    return Subscribe(channel, admission.member, admission.expires_at)


def _shown(channel: ChannelName, wanted: SubscribeData) -> tuple[str | None, str | None]:
    """The signature and the data that were signed."""
    try:
        auth = text_or_none(wanted.auth)
    except ValueError as fault:
        raise SubscriptionDenied(bad_auth(channel.text)) from fault
    try:
        return auth, text_or_none(wanted.channel_data)
    except ValueError as fault:
        raise SubscriptionDenied(
            f"channel_data supplied for {channel} is invalid - it must be a string, the very text that was signed"
        ) from fault


def _read(app: App, user: User | None, channel: ChannelName, channel_data: str | None) -> Admission:
    if not channel.facts.presence:
        return _FREE if channel_data is None else Admission(None, read_expiry(channel_data))
    if channel_data is not None:
        return read_admission(channel_data, max_info_bytes=app.presence_info_bytes)
    if user is None:
        raise SubscriptionDenied(
            f"channel_data is required to subscribe to {channel}, unless the connection is signed in"
        )
    return Admission(user.member(), None)
