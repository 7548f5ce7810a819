"""The language model that words lessons, where one is configured."""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from toolboxai.cli.checks.finding import Finding, fault, note, ok, warning

if TYPE_CHECKING:
    from toolboxai.config import Settings

__all__ = ["text_provider"]

_CHECK = "text provider"
_THEIRS = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}


async def text_provider(settings: "Settings") -> Finding:
    """Whether it answers and takes the key: its list of models is asked for, which costs nothing."""
    llm = settings.llm
    if llm.provider is None:
        return note(_CHECK, "none is configured, none is needed: the offline engine makes lessons")
    if find_spec("pydantic_ai") is None:
        return fault(_CHECK, f'{llm.provider} needs an extra: pip install "toolboxai[llm]"')
    import httpx2

    from toolboxai.client.endpoints import reaching

    base = (llm.base_url or _THEIRS[llm.provider]).rstrip("/")
    key = "none" if llm.api_key is None else llm.api_key.get_secret_value()
    if llm.provider == "anthropic":
        url, headers = f"{base}/v1/models", {"x-api-key": key, "anthropic-version": "2023-06-01"}
    else:
        url, headers = f"{base}/models", {"Authorization": f"Bearer {key}"}
    named = f"{llm.provider}, model {llm.model}, at {base}"
    try:
        async with httpx2.AsyncClient(timeout=10.0, **reaching(base)) as http:
            # Redirects are not followed, here or by what makes lessons: the key is for the host that was named.
            status = (await http.get(url, headers=headers, follow_redirects=False)).status_code
    except (httpx2.HTTPError, httpx2.InvalidURL) as refused:
        return fault(
            _CHECK, f"{named} does not answer ({type(refused).__name__}): compare TOOLBOXAI_LLM_BASE_URL"
        )
    if 300 <= status < 400:
        return fault(
            _CHECK,
            f"{named} sends us to another address (HTTP status {status}): set TOOLBOXAI_LLM_BASE_URL to that one",
        )
    if status in (401, 403):
        return fault(
            _CHECK, f"{named} does not take the key (HTTP status {status}): set TOOLBOXAI_LLM_API_KEY"
        )
    if status >= 500:
        return fault(_CHECK, f"{named} fails (HTTP status {status}): ask whoever runs it")
    if status != 200:
        return warning(_CHECK, f"{named} answers, and has no list of models (HTTP status {status})")
    return ok(_CHECK, f"{named} answers and takes the key")
