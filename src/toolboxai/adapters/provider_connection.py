"""Whom to speak with, for text."""

import msgspec

__all__ = ["Connection"]


class Connection(msgspec.Struct):
    """Whom to speak with; the first message.

    Args:
        provider: ``openai`` (or whatever speaks its chat API) or ``anthropic``.
        base_url: None: the provider's own.
        model: as the provider names it.
        api_key: secret.
        stream: whether answers are asked for word by word.
        stall_s: seconds without a sign of the provider after which a try is given up.
        memory_bytes: address space of the process that speaks with it.
    """

    provider: str
    base_url: str | None
    model: str
    api_key: str
    stream: bool = True
    stall_s: float = 30.0
    memory_bytes: int = 1024 * 1024 * 1024

    def __repr__(self) -> str:
        return f"Connection({self.provider!r}, {self.base_url!r}, {self.model!r})"  # without the key
