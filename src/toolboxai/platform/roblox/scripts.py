"""Scripts of worlds read and changed: compiled, looked through for risks, kept as revisions, packed and told."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from typing import Final
from weakref import WeakValueDictionary

from toolboxai.errors import Conflict, PreconditionFailed, ResourceNotFound, ValidationError
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.messages.environment import EnvironmentStatus
from toolboxai.platform.resources.model import is_resource_id
from toolboxai.platform.roblox.luau.report import LuauReport, LuauRisk, ScriptChecker, UncheckedScript
from toolboxai.platform.roblox.model.instances import Script
from toolboxai.platform.roblox.records.access import Access
from toolboxai.platform.roblox.records.environments import (
    Environment,
    EnvironmentChange,
    KeptScript,
    ScriptChangeKind,
)
from toolboxai.platform.roblox.records.store import EnvironmentStore
from toolboxai.platform.roblox.run.events import asset_ready, script_update
from toolboxai.platform.roblox.run.pipeline import CALLS_OUT, WorldPipeline, asset_of, kept_script
from toolboxai.platform.roblox.run.scribe import Scribe
from toolboxai.platform.runs.records import Superseded

__all__ = ["Scripts", "Taken"]

_READY = frozenset({EnvironmentStatus.READY})
# Comparing takes up to the square of it; of longer texts one replaces the other as a whole.
_COMPARED_LINES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A script that was taken, and what a teacher should know of it."""

    script: KeptScript
    risks: Sequence[LuauRisk]


class Scripts:
    """The scripts of the newest build.

    Args:
        store: keeps them.
        access: who may read and change them.
        scribe: through which they change.
        pipeline: writes the files anew.
        checker: reads what was sent.
        event_bytes: how long an event may be.
    """

    def __init__(
        self,
        store: EnvironmentStore,
        access: Access,
        scribe: Scribe,
        pipeline: WorldPipeline,
        checker: ScriptChecker,
        *,
        event_bytes: Callable[[], int],
    ) -> None:
        self._store = store
        self._access = access
        self._scribe = scribe
        self._pipeline = pipeline
        self._checker = checker
        self._event_bytes = event_bytes
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def all(self, principal: Principal, environment_id: str) -> Sequence[KeptScript]:
        """The newest revision of each; none before they are made.

        Raises:
            ResourceNotFound: there is no such world that the principal may teach.
        """
        environment = await self._access.taught_by(principal, environment_id)
        return await self._store.scripts(environment.id, environment.build)

    async def one(
        self, principal: Principal, environment_id: str, script_id: str, *, revision: int | None = None
    ) -> KeptScript:
        """One script, as it is or as it was in a revision.

        Raises:
            ResourceNotFound: there is none.
        """
        environment = await self._access.taught_by(principal, environment_id)
        return await self._one(environment, script_id, revision)

    async def revisions(
        self,
        principal: Principal,
        environment_id: str,
        script_id: str,
        *,
        before: int | None = None,
        limit: int,
    ) -> Sequence[KeptScript]:
        """Revisions of a script, newest first.

        Args:
            principal: who asks.
            environment_id: of the world.
            script_id: of the script.
            before: only those with a smaller number.
            limit: so many at most.

        Raises:
            ResourceNotFound: there is no such script.
        """
        environment = await self._access.taught_by(principal, environment_id)
        newest = await self._one(environment, script_id, None)
        return await self._store.script_revisions(environment.id, newest.id, before=before, limit=limit)

    async def diff(
        self, principal: Principal, environment_id: str, script_id: str, *, before: int, after: int | None
    ) -> str:
        """What changed between two revisions, as a unified diff; empty where nothing did.

        Raises:
            ResourceNotFound: there is no such script or revision.
        """
        environment = await self._access.taught_by(principal, environment_id)
        old = await self._one(environment, script_id, before)
        new = await self._one(environment, script_id, after)
        return await asyncio.to_thread(_diff, old, new)

    async def edit(
        self, principal: Principal, environment_id: str, script_id: str, source: str, *, expected: int
    ) -> Taken:
        """Save a script as a new revision; the files are written anew with it, and all of that is told.

        Args:
            principal: owner or editor of the world.
            environment_id: which.
            script_id: of the script.
            source: Luau; line ends become line feeds.
            expected: the revision that was seen.

        Raises:
            ResourceNotFound: there is no such script of theirs.
            Conflict: the world is being built, or is not ready.
            PreconditionFailed: it has another revision by now.
            ValidationError: it is no Luau, or has a risk that is refused; ``details`` name the lines.
            ProviderUnavailable: nothing here can read scripts.
        """
        lines = source.replace("\r\n", "\n").replace("\r", "\n")
        return await self._save(
            principal, environment_id, script_id, expected, ScriptChangeKind.EDITED, lines
        )

    async def restore(
        self, principal: Principal, environment_id: str, script_id: str, revision: int, *, expected: int
    ) -> Taken:
        """Take up an earlier revision again, as a new one.

        Raises:
            ResourceNotFound, Conflict, PreconditionFailed, ValidationError, ProviderUnavailable: as for ``edit``.
        """
        former = await self.one(principal, environment_id, script_id, revision=revision)
        return await self._save(
            principal, environment_id, script_id, expected, ScriptChangeKind.RESTORED, former.source
        )

    async def _save(
        self,
        principal: Principal,
        environment_id: str,
        script_id: str,
        expected: int,
        how: ScriptChangeKind,
        text: str,
    ) -> Taken:
        # One after the other: files are written with all scripts as they are.
        async with self._turns.setdefault(environment_id, asyncio.Lock()):
            environment = await self._access.changed_by(principal, environment_id)
            newest = await self._one(environment, script_id, None)
            _check_seen(newest, expected)
            if environment.status is not EnvironmentStatus.READY:
                raise Conflict(
                    f"environment {environment_id} is {environment.status}; scripts can be changed when it is ready"
                )
            if newest.build != environment.build:
                raise Conflict(
                    f"revision {environment.build} of environment {environment_id} has no script {script_id}; GET its "
                    "scripts for those that can be changed"
                )
            report = await self._looked_through(script_id, text)
            if text == newest.source:  # unchanged content keeps its checksum, and its revision
                return Taken(newest, report.risks)
            made = kept_script(
                Script(id=script_id, kind=newest.kind, name=newest.name, parent=newest.parent, source=text),
                revision=newest.revision + 1,
                build=environment.build,
                how=how,
                author_id=principal.user_id,
                at=0.0,
            )
            return Taken(await self._write(environment, made), report.risks)

    async def _one(self, environment: Environment, script_id: str, revision: int | None) -> KeptScript:
        newest = await self._store.script(environment.id, script_id) if is_resource_id(script_id) else None
        if newest is None:
            raise ResourceNotFound(f"environment {environment.id!r} has no script {script_id[:80]!r}")
        if revision in (None, newest.revision):
            return newest
        found = await self._store.script(environment.id, script_id, revision=revision)
        if found is None:
            raise ResourceNotFound(
                f"script {script_id!r} has no revision {revision}; the newest is {newest.revision}"
            )
        return found

    async def _looked_through(self, script_id: str, text: str) -> LuauReport:
        [report] = await self._checker.check([UncheckedScript(text, script_id == CALLS_OUT)])
        if not report.accepted:
            raise _refused(report)
        return report

    async def _write(self, environment: Environment, made: KeptScript) -> KeptScript:
        """Keep the revision and the files with it, in one transaction."""
        files = await self._pipeline.packed(environment, environment.build, instead=made)
        kept: list[KeptScript] = []

        def change(now: Environment, at: float) -> EnvironmentChange:
            script = replace(made, at=at)
            kept.append(script)
            return EnvironmentChange(
                attempt=now.attempt,
                at=at,
                expected=_READY,
                scripts=(script,),
                files=tuple(files),
                events=(
                    script_update(now.id, script, event_bytes=self._event_bytes()),
                    *(asset_ready(now.id, asset_of(file)) for file in files),
                ),
            )

        try:
            await self._scribe.change(environment.id, environment.attempt, change)
        except Superseded:
            raise Conflict(
                f"environment {environment.id} was changed at the same time; look at it and send the script again"
            ) from None
        return kept[-1]


def _diff(old: KeptScript, new: KeptScript) -> str:
    before, after = (_lines(one.source) for one in (old, new))
    names = f"{old.id} r{old.revision}", f"{new.id} r{new.revision}"
    lines: Iterable[str]
    if old.source != new.source and len(before) + len(after) > _COMPARED_LINES:
        head = [f"--- {names[0]}\n", f"+++ {names[1]}\n", f"@@ -1,{len(before)} +1,{len(after)} @@\n"]
        lines = [*head, *(f"-{line}" for line in before), *(f"+{line}" for line in after)]
    else:
        lines = unified_diff(before, after, *names)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(source: str) -> Sequence[str]:
    """Each with its line feed, as far as it has one; whatever else parts lines in Python stands within one."""
    *whole, last = source.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def _check_seen(newest: KeptScript, expected: int) -> None:
    if newest.revision != expected:
        raise PreconditionFailed(
            f"script {newest.id} has revision {newest.revision} by now, you have seen {expected}; get it and merge "
            "your change",
            details={"revision": newest.revision},
        )


def _refused(report: LuauReport) -> ValidationError:
    refused = [risk for risk in report.risks if risk.kind.refused]
    said = [f"line {fault.line}: {fault.message} ({fault.advice})" for fault in report.faults]
    said += [f"line {risk.line}: {risk.message}" for risk in refused]
    return ValidationError(
        f"the script was not taken: {'; '.join(said)}",
        details={
            "fields": {"source": "; ".join(said)},
            "faults": [
                {"line": fault.line, "message": fault.message, "advice": fault.advice}
                for fault in report.faults
            ],
            "risks": [
                {
                    "line": risk.line,
                    "kind": risk.kind.value,
                    "message": risk.message,
                    "refused": risk.kind.refused,
                }
                for risk in report.risks
            ],
        },
    )
