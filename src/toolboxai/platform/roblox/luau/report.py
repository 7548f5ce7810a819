"""What is found in a script that somebody has changed."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Protocol

from msgspec import Struct

__all__ = [
    "SOURCE_BYTES",
    "LuauFault",
    "LuauReport",
    "LuauRisk",
    "RiskKind",
    "ScriptChecker",
    "UncheckedScript",
]

SOURCE_BYTES: Final = 200_000
"""The longest script; Roblox refuses longer ones that a plugin writes."""


class RiskKind(StrEnum):
    """What a script does that a world for pupils does not need.

    The first four bring in code that nobody has looked at, or hide what runs; they are refused. The others are told.
    """

    LOADSTRING = "loadstring"
    REQUIRE_ID = "require_id"
    INSERTED_ASSET = "inserted_asset"
    ENVIRONMENT = "environment"
    HTTP = "http"
    TELEPORT = "teleport"
    MARKETPLACE = "marketplace"
    HIDDEN_SERVICE = "hidden_service"
    ENDLESS_LOOP = "endless_loop"
    HIDDEN_TEXT = "hidden_text"

    @property
    def refused(self) -> bool:
        """Whether a script with it is not taken."""
        return self in _REFUSED


_REFUSED: Final = frozenset(
    (RiskKind.LOADSTRING, RiskKind.REQUIRE_ID, RiskKind.INSERTED_ASSET, RiskKind.ENVIRONMENT)
)


class LuauFault(Struct, frozen=True):
    """Why a script is no Luau.

    Args:
        line: from 1.
        message: the compiler's own words.
        advice: what to do.
    """

    line: int
    message: str
    advice: str


class LuauRisk(Struct, frozen=True):
    """What a script does; ``message`` says why that matters."""

    line: int
    kind: RiskKind
    message: str


class LuauReport(Struct, frozen=True):
    """Everything that was found in one script, in the order of its lines."""

    faults: tuple[LuauFault, ...] = ()
    risks: tuple[LuauRisk, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the script can be taken: it compiles, and has no risk that is refused."""
        return not self.faults and not any(risk.kind.refused for risk in self.risks)


class UncheckedScript(Struct, frozen=True):
    """A script to look at; ``may_call_out`` is true of the one that posts scores."""

    source: str
    may_call_out: bool = False


class ScriptChecker(Protocol):
    """Compiles scripts and looks for risks; nothing of them is run."""

    async def check(self, scripts: Sequence[UncheckedScript]) -> Sequence[LuauReport]:
        """One report for each, in their order.

        Raises:
            ProviderUnavailable: nothing that reads Luau is installed, or it does not start.
        """
        ...
