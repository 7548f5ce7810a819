"""One provider of text, through the client library. Imported in the process for it alone: the import takes seconds."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import msgspec
from pydantic_ai import exceptions as theirs
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.messages import ModelRequest, ModelResponse, SystemPromptPart, TextPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.output import OutputObjectDefinition
from pydantic_ai.settings import ModelSettings

from toolboxai.adapters.provider_connection import Connection
from toolboxai.apps.addresses import is_loopback_name
from toolboxai.platform.content.writing.writer import Asked, Written

__all__ = ["Provider"]

_CHARS_PER_TOKEN: Final = (
    8  # no tokenizer has more on average: who writes more than that does not keep to the limit
)
_MOST_TOKENS: Final = 1_000_000_000  # more is no count
_BEAT_S: Final = 0.05  # between two looks at what was written
_CONNECT_S: Final = 5.0
_REDIRECTS: Final = range(300, 400)


class _Cut(Exception):
    """An answer broke off: it may come whole the next time."""


class Provider:
    """Asks for answers.

    Args:
        connection: with whom.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._model = _model(connection)

    async def pieces(self, asked: Asked) -> AsyncIterator[Written]:
        """The answer as far as it has come, again and again, the whole of it last."""
        messages, parameters, settings = self._request(asked)
        if not self._connection.stream:
            answer = await model_request(
                self._model, messages, model_settings=settings, model_request_parameters=parameters
            )
            yield _written(answer)
            return
        begun, looked_at, loop = False, 0.0, asyncio.get_running_loop()
        try:
            async with model_request_stream(
                self._model, messages, model_settings=settings, model_request_parameters=parameters
            ) as stream:
                async for _ in stream:
                    begun = True
                    if loop.time() - looked_at < _BEAT_S:
                        continue
                    looked_at = loop.time()
                    so_far = _written(stream.get())
                    yield so_far
                    if _said(stream.get()) > asked.max_tokens * _CHARS_PER_TOKEN:
                        yield msgspec.structs.replace(so_far, whole=False)
                        return
                last = _written(stream.get())
                yield last
                if last.whole and _broken_off(last.text):
                    raise _Cut  # the connection ended as if all were said
        except theirs.ModelConnectionError as fault:
            if begun:
                raise _Cut from fault
            raise

    def _request(
        self, asked: Asked
    ) -> tuple[list[ModelRequest | ModelResponse], ModelRequestParameters, ModelSettings]:
        messages: list[ModelRequest | ModelResponse] = [
            ModelRequest(parts=[SystemPromptPart(asked.system), UserPromptPart(asked.data)])
        ]
        if asked.earlier is not None:
            answer, faults = asked.earlier
            again = f"This does not hold. Write the whole answer again without these faults:\n{faults}"
            messages.append(ModelResponse(parts=[TextPart(answer or "(nothing)")]))
            messages.append(ModelRequest(parts=[UserPromptPart(again)]))
        parameters = ModelRequestParameters()  # no tool is offered
        if self._model.profile.get("supports_json_schema_output"):
            described = OutputObjectDefinition(json_schema=dict(asked.schema), name=asked.name, strict=True)
            parameters = ModelRequestParameters(output_mode="native", output_object=described)
        settings = ModelSettings(
            max_tokens=asked.max_tokens,
            max_retries=0,  # whoever asks here tries again, and counts: tries within tries would multiply
        )
        return messages, parameters, settings

    def again(self, fault: Exception, left_s: float) -> bool | float:
        """Whether it may go better the next time; where the provider says when, after how many seconds.

        Args:
            fault: of the last try.
            left_s: for the whole answer; a provider that wants to be left alone for longer is not waited for.
        """
        if not isinstance(fault, _PASSING):
            return False
        pause_s = getattr(fault, "retry_after", None) or 0.0
        return pause_s < left_s and (pause_s if pause_s > 0 else True)

    def told(self, fault: Exception) -> tuple[bool, str]:
        """Whether the provider is away, and what is told of a fault: never its own words, which may repeat the key."""
        status = getattr(fault, "status_code", getattr(fault.__cause__, "status_code", None))
        said = f" (HTTP status {status})" if isinstance(status, int) else ""
        if isinstance(status, int) and status in _REDIRECTS:
            return True, f"the provider sends us to another address; set llm.base_url to that one{said}"
        for kinds, away, text in _TOLD:
            if isinstance(fault, kinds):
                return away, text + said
        return False, f"the provider's client failed with {type(fault).__name__}{said}"


_PASSING: Final = (
    _Cut,
    theirs.ModelRateLimitError,
    theirs.ModelServerError,
    theirs.ModelUnavailableError,
    theirs.ModelConnectionError,
    theirs.ModelRequestTimeout,
)
# From the special to the general.
_TOLD: Final[tuple[tuple[tuple[type[Exception], ...], bool, str], ...]] = (
    ((theirs.ModelAuthenticationError,), True, "the provider does not take the key"),
    ((theirs.ModelNotFoundError,), True, "the provider knows no such model or path"),
    (
        (theirs.ModelQuotaExceededError, theirs.ModelRateLimitError),
        True,
        "the provider takes no more requests for now",
    ),
    ((theirs.ModelContextWindowExceededError,), False, "the text is too long for the model"),
    ((MemoryError,), False, "the provider's answer was longer than there is memory for"),
    ((_Cut,), True, "the provider's answer broke off again and again"),
    (
        (theirs.ModelTimeoutError, theirs.ModelRequestTimeout, TimeoutError),
        True,
        "the provider did not answer in time",
    ),
    ((theirs.ModelConnectionError,), True, "the provider cannot be reached"),
    ((theirs.ModelServerError, theirs.ModelUnavailableError), True, "the provider failed"),
    ((theirs.ModelAPIError,), False, "the provider refused the request"),
    ((theirs.UnexpectedModelBehavior,), False, "the provider's answer was not of its API's form"),
)


def _broken_off(text: str) -> bool:
    """Whether it begins like JSON and does not end like it; not every server says that it has finished."""
    return text.lstrip().startswith(("{", "```")) and not text.rstrip().endswith(("}", "```"))


def _said(response: ModelResponse) -> int:
    """Characters of all that came, thoughts and whatever else nobody asked for included."""
    contents = (getattr(part, "content", None) for part in response.parts)
    return sum(len(content) for content in contents if isinstance(content, str))


def _count(tokens: Any) -> int:
    """What a provider says it has counted; it may say anything."""
    return tokens if isinstance(tokens, int) and 0 <= tokens < _MOST_TOKENS else 0


def _written(response: ModelResponse) -> Written:
    text = "".join(part.content for part in response.parts if isinstance(part, TextPart))
    if (
        not text.isascii()
    ):  # JSON can spell halves of pairs, and a stream may part one: what fits becomes whole again
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    usage = response.usage
    whole = response.finish_reason != "length"
    return Written(text, _count(usage.input_tokens), _count(usage.output_tokens), whole=whole)


def _model(connection: Connection) -> Model[Any]:
    # The key is for the host that was named: redirects are not followed, since no client takes x-api-key off on the way.
    # A proxy of the environment cannot reach this machine's own addresses, and would be given the key.
    here = is_loopback_name(urlsplit(connection.base_url or "").hostname or "")
    past_proxies = {"http://": None, "https://": None} if here else None
    # Times that are all httpx's usual 5 s are taken for unset by these libraries, which then wait 600 s: `pool` differs,
    # and nothing waits there, since there are no more calls than connections.
    times = httpx2.Timeout(connection.stall_s, connect=_CONNECT_S, pool=None)
    http = httpx2.AsyncClient(follow_redirects=False, mounts=past_proxies, timeout=times)
    if connection.provider == "anthropic":
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        there = AnthropicProvider(base_url=connection.base_url, api_key=connection.api_key, http_client=http)
        return AnthropicModel(connection.model, provider=there)
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=connection.base_url, api_key=connection.api_key, http_client=http)
    return OpenAIChatModel(connection.model, provider=provider)
