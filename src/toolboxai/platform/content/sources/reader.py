"""The port behind which files are read."""

from typing import Protocol

from toolboxai.platform.content.sources.body import ReadBody, SentBody

__all__ = ["SourceReader"]


class SourceReader(Protocol):
    """Reads bodies with files in them; may be asked by many at once."""

    async def read(self, body: SentBody) -> ReadBody:
        """What stands in a body and in its files.

        Args:
            body: JSON, or a form (``multipart/form-data``).

        Raises:
            ValidationError: it is neither, or a file in it is not sent as it should be.
            PayloadTooLarge: its files hold too much together.
            ProviderUnavailable: what is needed to read this kind is not installed.
        """
        ...
