"""The announced brown-outs of all endpoints together, for whoever tells of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from toolboxai.legacy.deprecation import Mode, Moment, Policy, Window
from toolboxai.legacy.endpoints import ENDPOINTS, EndpointName

__all__ = ["Brownout", "all_brownouts"]


class Brownout(NamedTuple):
    """A time without a gap in which the same endpoints refuse.

    Args:
        start: its first moment.
        end: the moment in which they are served again.
        endpoints: which, in the order of `ENDPOINTS`.
    """

    start: Moment
    end: Moment
    endpoints: tuple[EndpointName, ...]


def all_brownouts(policies: Mapping[EndpointName, Policy]) -> tuple[Brownout, ...]:
    """Every brown-out that will refuse somebody, the earliest first; those of modes that know none are left out.

    Windows of one endpoint that touch or overlap are one brown-out, as they are to its clients.
    """
    found: dict[Window, list[EndpointName]] = defaultdict(list)
    for name in ENDPOINTS:
        if policies[name].mode is Mode.WARN:
            for window in _joined(policies[name].brownouts):
                found[window].append(name)
    return tuple(Brownout(window.start, window.end, tuple(names)) for window, names in sorted(found.items()))


def _joined(windows: tuple[Window, ...]) -> Iterator[Window]:
    waiting: Window | None = None
    for window in sorted(windows):
        if waiting is None:
            waiting = window
        elif window.start <= waiting.end:
            waiting = Window(waiting.start, max(waiting.end, window.end))
        else:
            yield waiting
            waiting = window
    if waiting is not None:
        yield waiting
