"""Cookies that no script reads."""

from typing import Literal

from fastapi import Request, Response

__all__ = ["Cookie"]


class Cookie:
    """One cookie of this host.

    Args:
        name: of the cookie.
        secure: over https alone; its name then has a prefix with which browsers take it from nobody but this very host.
        samesite: whether a link from elsewhere sends it along (``lax``) or nothing from elsewhere does (``strict``).
        max_age: seconds; None: until the browser is closed.
    """

    def __init__(
        self, name: str, *, secure: bool, samesite: Literal["lax", "strict"], max_age: int | None = None
    ) -> None:
        self._name = f"__Host-{name}" if secure else name
        self._secure = secure
        self._samesite = samesite
        self._max_age = max_age

    def of(self, request: Request) -> str | None:
        """Its value, where the browser has sent it."""
        return request.cookies.get(self._name)

    def put(self, response: Response, value: str) -> None:
        """Have the browser keep it."""
        response.set_cookie(
            self._name,
            value,
            max_age=self._max_age,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite=self._samesite,
        )

    def remove(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(
            self._name, path="/", secure=self._secure, httponly=True, samesite=self._samesite
        )
