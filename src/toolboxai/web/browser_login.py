"""A sign-in that its browser keeps, so that a reload or another window does not end it.

The cookie is read by no script and sent by no other site. It opens nothing by itself: the page exchanges it for access
tokens, which it holds in memory.
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from toolboxai.errors import InsufficientPermissions, InvalidToken, RequestError, TokenExpired
from toolboxai.platform.identity.service import IdentityService, Session
from toolboxai.web.auth import UserAnswer, signed_in
from toolboxai.web.cookies import Cookie
from toolboxai.web.errors import refused
from toolboxai.web.security import Authenticator

__all__ = ["browser_login_routes"]


class KeepBody(BaseModel):
    """The refresh token of a sign-in."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[SecretStr, Field(min_length=1, max_length=8192)]


class AccessAnswer(BaseModel):
    """What a page gets whose browser keeps the sign-in."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - a kind of token, not a token
    expires_in: int
    user: UserAnswer


def browser_login_routes(identity: IdentityService, authenticator: Authenticator) -> APIRouter:
    """``PUT``, ``POST`` and ``DELETE /api/v1/auth/browser``: for pages of this very server.

    Args:
        identity: knows the sign-ins.
        authenticator: tells the client's address.
    """
    router = APIRouter(prefix="/api/v1/auth/browser", tags=["auth"])

    @router.put("")
    async def keep(body: KeepBody, request: Request, response: Response) -> AccessAnswer:
        """Have the browser keep a sign-in, in the place of the one that it kept; its refresh token is used up."""
        cookie = _cookie(request)
        session = await identity.keep_in_browser(
            body.refresh_token.get_secret_value(),
            authenticator.address(request),
            instead_of=cookie.of(request),
        )
        cookie.put(response, session.refresh_token)
        return _access(session)

    @router.post(
        "", response_model=AccessAnswer, responses={204: {"description": "The browser keeps no sign-in."}}
    )
    async def resume(request: Request) -> AccessAnswer | Response:
        """The next access token of the sign-in that the browser keeps."""
        cookie = _cookie(request)
        kept = cookie.of(request)
        if kept is None:
            return Response(status_code=204)
        try:
            return _access(await identity.resume(kept, authenticator.address(request)))
        except (InvalidToken, TokenExpired) as fault:
            over = refused(request.scope, fault)
            cookie.remove(over)
            return over

    @router.delete("", status_code=204)
    async def forget(request: Request) -> Response:
        """End the sign-in that the browser keeps, in all its windows; in any case the browser keeps it no more."""
        cookie = _cookie(request)
        kept = cookie.of(request)
        gone = Response(status_code=204)
        try:
            if kept is not None:
                await identity.forget_in_browser(kept, authenticator.address(request))
        except (InvalidToken, TokenExpired):
            pass  # it is over already, which is what was asked for
        except RequestError as fault:
            gone = refused(request.scope, fault)
        cookie.remove(gone)
        return gone

    return router


def _cookie(request: Request) -> Cookie:
    """The cookie for the page that asks.

    Cookies know no ports, so two servers of one machine have two names. Whether it is reached by https, only the
    browser can say where a proxy stands between.

    Raises:
        InsufficientPermissions: what asks is no page of this server.
    """
    origin, site = request.headers.get("origin", ""), request.headers.get("sec-fetch-site")
    try:
        page = urlsplit(origin if len(origin) < 300 else "")
    except ValueError:  # half an address in brackets
        page = urlsplit("")
    same = page.netloc == request.headers.get("host") if site is None else site == "same-origin"
    if not page.netloc or not same:
        raise InsufficientPermissions(
            "this is for the pages of this server; other programs send the refresh token to /api/v1/auth/refresh"
        )
    port = re.sub("[^0-9]", "", page.netloc.rpartition(":")[2]) if ":" in page.netloc else ""
    name = f"toolboxai-login-{port}" if port else "toolboxai-login"
    return Cookie(name, secure=page.scheme == "https", samesite="strict")


def _access(session: Session) -> AccessAnswer:
    answer = signed_in(session)
    return AccessAnswer(access_token=answer.access_token, expires_in=answer.expires_in, user=answer.user)
