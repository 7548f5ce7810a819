"""Signing in at the school's identity provider: the browser goes there, comes back, and its page fetches the tokens."""

from html import escape
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette.responses import HTMLResponse, RedirectResponse

from toolboxai.errors import RateLimitExceeded, RequestError, ResourceNotFound
from toolboxai.platform.identity.oidc import Answer, OidcSignIn
from toolboxai.platform.identity.oidc_visits import VISIT_S
from toolboxai.web.auth import SignedInAnswer, signed_in
from toolboxai.web.cookies import Cookie
from toolboxai.web.security import Authenticator

__all__ = ["oidc_routes"]

_PATH: Final = "/api/v1/auth/oidc"
_ANSWER_CHARS: Final = 8192  # a provider's code may hold a token of its own
_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in</title><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/static/page.css"></head>
<body><main><h1>You are not signed in</h1><p class="trouble" role="alert">{told}</p>
<p><a href="/">Back to the sign-in page</a></p></main></body>
</html>
"""
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_Text = Annotated[str | None, Query(max_length=_ANSWER_CHARS)]


class SessionBody(BaseModel):
    """The code of the page's own address."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class ElsewhereAnswer(BaseModel):
    """An identity provider: what people call it, and where a browser begins."""

    label: str
    url: str


class WaysAnswer(BaseModel):
    """How one can sign in here; null: not at a provider."""

    password: bool = True
    oidc: ElsewhereAnswer | None


def oidc_routes(
    sign_in: OidcSignIn | None, authenticator: Authenticator, *, public_url: str = ""
) -> APIRouter:
    """``/api/v1/auth/ways`` and the routes under ``/api/v1/auth/oidc``.

    Args:
        sign_in: at the provider; None: there is none, and the routes say so.
        authenticator: tells the client's address.
        public_url: where browsers reach this server.
    """
    router = APIRouter(prefix="/api/v1/auth", tags=["auth"])
    # Its browser alone ends what it began; a redirect from the provider brings it along.
    cookie = Cookie(
        "toolboxai-sign-in", secure=public_url.startswith("https://"), samesite="lax", max_age=VISIT_S
    )

    def there() -> OidcSignIn:
        if sign_in is None:
            raise ResourceNotFound("nobody signs in at an identity provider here; the setting is auth.oidc")
        return sign_in

    @router.get("/ways")
    async def ways() -> WaysAnswer:
        """How one can sign in here; needs no token."""
        if sign_in is None:
            return WaysAnswer(oidc=None)
        return WaysAnswer(oidc=ElsewhereAnswer(label=sign_in.label, url=f"{public_url}{_PATH}/login"))

    @router.get("/oidc/login", status_code=303, response_class=RedirectResponse)
    async def login(request: Request) -> Response:
        """Send a browser to the identity provider."""
        try:
            departure = await there().begin(authenticator.address(request))
        except RequestError as fault:
            return _told(request, fault)
        response = RedirectResponse(departure.url, 303)
        cookie.put(response, departure.cookie)
        return response

    @router.get("/oidc/callback", status_code=303, response_class=RedirectResponse)
    async def callback(
        request: Request, state: _Text = None, code: _Text = None, error: _Text = None, iss: _Text = None
    ) -> Response:
        """Where the identity provider sends a browser back to; it goes on to the page, with a code for its session."""
        try:
            answer = Answer(state or "", code, error, iss)
            once = await there().end(answer, cookie.of(request), authenticator.address(request))
        except RequestError as fault:
            response = _told(request, fault)
            cookie.remove(response)
            return response
        return RedirectResponse(f"/#code={once}&from=oidc", 303)  # never elsewhere, whoever asks

    @router.post("/oidc/session")
    async def session(body: SessionBody, request: Request, response: Response) -> SignedInAnswer:
        """Exchange the code of the page's address for tokens: once, within a minute, in the browser that signed in."""
        code, address = body.code.get_secret_value(), authenticator.address(request)
        answer = signed_in(await there().exchange(code, cookie.of(request), address))
        cookie.remove(response)
        return answer

    return router


def _told(request: Request, fault: RequestError) -> Response:
    """A refusal for whoever asks: a browser shows it to a person."""
    if "text/html" not in request.headers.get("accept", ""):
        raise fault
    headers: dict[str, Any] = {"Content-Security-Policy": _PAGE_POLICY}
    if isinstance(fault, RateLimitExceeded):
        headers["Retry-After"] = str(fault.retry_after_s)
    said = fault.message[:1].upper() + fault.message[1:]
    return HTMLResponse(_PAGE.format(told=escape(f"{said}.")), fault.status, headers)
