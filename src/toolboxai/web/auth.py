"""Signing in and out over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from toolboxai.errors import InsufficientPermissions
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.identity.service import IdentityService, Session
from toolboxai.protocol.proxies import is_loopback
from toolboxai.web.security import Authenticator

__all__ = ["SignedInAnswer", "UserAnswer", "auth_routes", "signed_in", "user_answer"]

_NAME = Annotated[str, Field(min_length=1, max_length=254)]
_TOKEN = Annotated[SecretStr, Field(min_length=1, max_length=8192)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LoginBody(_Body):
    """A name or an address, and the password."""

    username: _NAME | None = None
    email: _NAME | None = None
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]

    @model_validator(mode="after")
    def _one_name(self) -> "LoginBody":
        if (self.username is None) == (self.email is None):
            raise ValueError("send either username or email")
        return self


class RefreshBody(_Body):
    """The refresh token of the last login or refresh."""

    refresh_token: _TOKEN


class CodeBody(_Body):
    """A one-time code."""

    code: _TOKEN


class UserAnswer(BaseModel):
    """An account."""

    id: str
    username: str
    email: str | None
    display_name: str
    role: str
    permissions: list[str]


class SignedInAnswer(BaseModel):
    """What somebody who signed in gets."""

    access_token: str
    refresh_token: str
    token_type: str = "bearer"  # noqa: S105 - a kind of token, not a token
    expires_in: int
    user: UserAnswer


def user_answer(user: User) -> UserAnswer:
    """An account as JSON."""
    return UserAnswer(
        id=user.id,
        username=user.username,
        email=user.email,
        display_name=user.display_name,
        role=user.role.value,
        permissions=sorted(user.permissions),
    )


def signed_in(session: Session) -> SignedInAnswer:
    """The answer to whoever has just signed in."""
    return SignedInAnswer(
        access_token=session.access_token,
        refresh_token=session.refresh_token,
        expires_in=session.expires_in,
        user=user_answer(session.user),
    )


def auth_routes(identity: IdentityService, authenticator: Authenticator, *, demo: bool = False) -> APIRouter:
    """The routes under ``/api/v1/auth``.

    Args:
        identity: signs in and out.
        authenticator: reads the header and the client's address.
        demo: whether one-time codes are taken; only from this machine even then.
    """
    router = APIRouter(prefix="/api/v1/auth", tags=["auth"])

    @router.post("/login")
    async def login(body: LoginBody, request: Request) -> SignedInAnswer:
        """Sign in with a user name or an e-mail address."""
        name = body.username or body.email or ""
        return signed_in(
            await identity.login(name, body.password.get_secret_value(), authenticator.address(request))
        )

    @router.post("/refresh")
    async def refresh(body: RefreshBody, request: Request) -> SignedInAnswer:
        """Exchange a refresh token for the next pair; each is good once."""
        return signed_in(
            await identity.refresh(body.refresh_token.get_secret_value(), authenticator.address(request))
        )

    @router.post("/logout", status_code=204)
    async def logout(request: Request) -> Response:
        """End this login session: its access and refresh tokens are refused from now on."""
        await identity.logout(authenticator.bearer(request))
        return Response(status_code=204)

    @router.get("/me")
    async def me(principal: Annotated[Principal, Depends(authenticator)]) -> UserAnswer:
        """The account that the access token speaks for."""
        return user_answer(await identity.user(principal.user_id))

    if demo:

        @router.post("/one-time")
        async def one_time(body: CodeBody, request: Request) -> SignedInAnswer:
            """Sign in with the code that the demo printed; once, and from this machine only."""
            address = authenticator.address(request)
            if not is_loopback(address):
                raise InsufficientPermissions(
                    "the demo's one-time code works on the machine of the demo only"
                )
            return signed_in(await identity.exchange_code(body.code.get_secret_value(), address))

    return router
