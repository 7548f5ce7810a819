"""Texts of our own that come with the package, for the demo and as a first try."""

from importlib.resources import files

__all__ = ["sample_text"]


def sample_text(name: str = "water_cycle") -> str:
    """A bundled source text in Markdown; ``water_cycle`` has about 900 words for school years 6 to 8.

    Raises:
        FileNotFoundError: there is no sample of this name.
    """
    return files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
