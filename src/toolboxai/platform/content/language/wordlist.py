"""Small word lists in the code, written as plain lines."""

__all__ = ["words"]


def words(*lines: str) -> frozenset[str]:
    """The words of lines in which they are parted by spaces."""
    return frozenset(word for line in lines for word in line.split())
