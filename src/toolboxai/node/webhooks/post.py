"""The port through which bodies leave."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.errors import ToolboxaiError

__all__ = ["Post", "PostFailed"]


class PostFailed(ToolboxaiError):
    """No answer came back; the text says why, without the address."""


class Post(Protocol):
    """One HTTP POST."""

    async def __call__(
        self, url: str, body: bytes, headers: Sequence[tuple[str, str]], *, allow_private_address: bool
    ) -> int:
        """Post the body and return the status of the answer, whatever it is; a redirect is an answer.

        Raises:
            PostFailed: there was none, or the address is one that is refused.
        """
        ...
