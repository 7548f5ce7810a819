"""``GET /apps/ID/publications/PUBLICATION``: what became of one publication, and why one connection did not get it."""

from collections.abc import Mapping
from typing import Final

from toolboxai.apps.app import App
from toolboxai.errors import ChannelsApiError
from toolboxai.ids import SOCKET_ID
from toolboxai.node.accounts import Account, Accounts
from toolboxai.protocol.publication import Position
from toolboxai.transport.signed_request import AUTH_PARAMETERS

__all__ = ["account_of"]

_PARAMETERS: Final = AUTH_PARAMETERS | {"socket_id"}


async def account_of(accounts: Accounts, app: App, publication_id: str, params: Mapping[str, str]) -> Account:
    """The account of a publication of this app.

    Args:
        accounts: asked.
        app: whose publications and connections are told of.
        publication_id: as publishing has answered it.
        params: ``socket_id``: also of one connection.

    Raises:
        ChannelsApiError: 400; 404 when it is not remembered.
    """
    extraneous = sorted(params.keys() - _PARAMETERS)
    if extraneous:
        raise ChannelsApiError(
            400, f"The following query string parameters are extraneous: {', '.join(extraneous)[:200]}"
        )
    try:
        position = Position.parse(publication_id)
    except ValueError as fault:
        raise ChannelsApiError(400, f"{publication_id[:100]!r} is no id of a publication: {fault}") from fault
    socket_id = params.get("socket_id")
    if socket_id is not None and not SOCKET_ID.fullmatch(socket_id):
        raise ChannelsApiError(400, f"Invalid socket id: {socket_id[:100]!r}; use digits.digits")
    account = await accounts.of(position, app=app, socket_id=socket_id)
    if account is None:
        text = accounts.not_remembered(position)
        raise ChannelsApiError(404, text[0].upper() + text[1:])
    return account
