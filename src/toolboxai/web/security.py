"""Who makes a request, and from where."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request

from toolboxai.errors import AuthenticationRequired, InsufficientPermissions, InvalidToken
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.identity.service import IdentityService
from toolboxai.protocol.handshake import TOKEN_PARAMETERS
from toolboxai.protocol.proxies import TrustedProxies

__all__ = ["Authenticator"]


class Authenticator:
    """Reads the Authorization header; an instance is a FastAPI dependency that gives the Principal.

    Args:
        identity: checks tokens.
        proxies: those whose word about a client's address is believed; none by default.
    """

    def __init__(self, identity: IdentityService, *, proxies: TrustedProxies | None = None) -> None:
        self._identity = identity
        self._proxies = proxies or TrustedProxies()

    async def __call__(self, request: Request) -> Principal:
        """Who makes the request.

        Raises:
            AuthenticationRequired: there is no bearer token, or it stands in the URL.
            InvalidToken, TokenExpired: there is one that does not hold.
        """
        return await self._identity.authenticate(self.bearer(request))

    async def optional(self, request: Request) -> Principal | None:
        """Who makes the request; None without an Authorization header. A token that does not hold is an error here too."""
        if "authorization" not in request.headers and not TOKEN_PARAMETERS & request.query_params.keys():
            return None
        return await self(request)

    def require(self, permission: str) -> Callable[[Request], Awaitable[Principal]]:
        """A dependency that gives the Principal, and refuses one without the permission.

        Args:
            permission: such as ``content:generate``.
        """

        async def permitted(request: Request) -> Principal:
            principal = await self(request)
            if not principal.can(permission):
                raise InsufficientPermissions(
                    f"this needs the permission {permission}, which the role {principal.role} does not have",
                    details={"required_permissions": [permission]},
                )
            return principal

        return permitted

    def bearer(self, request: Request) -> str:
        """The access token of the request.

        Raises:
            AuthenticationRequired: there is none in the header, or one in the URL.
            InvalidToken: the header has another scheme.
        """
        if TOKEN_PARAMETERS & {name.lower() for name in request.query_params}:
            raise AuthenticationRequired(
                "a token in the URL is refused, since addresses are logged; treat it as known to others, get a new "
                "one, and send it in the header Authorization: Bearer ACCESS_TOKEN"
            )
        header = request.headers.get("authorization")
        if header is None or not header.strip():
            raise AuthenticationRequired(
                "sign in first, then send the header Authorization: Bearer ACCESS_TOKEN"
            )
        scheme, _, token = header.strip().partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise InvalidToken("the Authorization header is not of the form: Bearer ACCESS_TOKEN")
        return token.strip()

    def address(self, request: Request) -> str:
        """The client's address, also behind trusted proxies; ``unknown`` where the connection has none."""
        peer = request.client.host if request.client is not None else "unknown"
        return self._proxies.of_headers(peer, request.headers.raw)
