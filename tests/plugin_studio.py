"""Roblox Studio with a plugin in it: its scripts run in Luau, its time is a test's, its network real or made up."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from queue import Empty, Queue
from time import monotonic
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen
from weakref import WeakMethod

from fake_roblox import FakeRoblox, called
from luau import plain
from studio import Stream
from toolboxai.platform.roblox.files.enums import ENUMS
from toolboxai.platform.roblox.files.properties import PROPERTIES

__all__ = [
    "SOURCES",
    "Network",
    "PluginStudio",
    "RealNetwork",
    "ScriptedNetwork",
    "ScriptedStream",
    "sources",
]

SOURCES = Path(__file__).resolve().parents[1] / "clients" / "roblox"
PATIENCE_S = 15.0
HELD_S = 40.0
"""A long poll is held for 25 s."""

_KINDS = {
    "bool": "boolean",
    "int": "number",
    "int64": "number",
    "float": "number",
    "double": "number",
    "string": "string",
    "ProtectedString": "string",
    "Vector3": "Vector3",
    "CoordinateFrame": "CFrame",
    "Color3": "Color3",
    "Color3uint8": "Color3",
    "UDim2": "UDim2",
    "Ref": "Instance",
}
_ENUM_OF = {
    "TopSurface": "SurfaceType",
    "BottomSurface": "SurfaceType",
    "Shape": "PartType",
    "Face": "NormalId",
    "SizingMode": "SurfaceGuiSizingMode",
}

Tell = Callable[..., None]


def sources() -> dict[str, str]:
    """The plugin's scripts by name."""
    return {
        file.name.partition(".")[0]: file.read_text(encoding="utf-8")
        for file in sorted((SOURCES / "plugin").glob("*.luau"))
    }


class Network(Protocol):
    """What stands behind Studio's HttpService; ``tell`` may be called at any time, from any thread."""

    def request(self, asked: Mapping[str, Any], tell: Tell) -> None: ...

    def open(self, kind: str, options: Mapping[str, Any], tell: Tell) -> Any: ...


class RealNetwork:
    """Sockets of this machine.

    Attributes:
        shut: kinds of streams that never open, as behind a strict proxy; may be changed.
        prompts: what Studio says to any request, where the user has not allowed it.
        lines: the streams that were opened, with their kinds.
    """

    def __init__(self) -> None:
        self.shut = set[str]()
        self.prompts = ""
        self.lines: list[tuple[str, Stream]] = []

    def request(self, asked: Mapping[str, Any], tell: Tell) -> None:
        threading.Thread(target=lambda: tell(self._answer(asked)), daemon=True).start()

    def _answer(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if self.prompts:
            return {"fault": self.prompts}
        body = asked["Body"].encode() if "Body" in asked else None
        request = Request(asked["Url"], body, asked["Headers"], method=asked["Method"])
        try:
            with urlopen(request, timeout=HELD_S) as answer:
                return _told(answer.status, answer)
        except HTTPError as refused:
            return _told(refused.code, refused)
        except (URLError, OSError) as fault:
            return {"fault": f"HttpError: ConnectFail ({fault})"}

    def open(self, kind: str, options: Mapping[str, Any], tell: Tell) -> Any:
        if kind in self.shut:
            tell("Error", 0, "no answer")
            tell("Closed")
            return _Nothing()
        stream = Stream(tell, None)
        self.lines.append((kind, stream))
        reads = {"WebSocket": stream.socket, "SSE": stream.events}[kind]

        def read() -> None:
            try:
                reads(options["Url"], options.get("Headers", {}))
            except OSError as fault:  # Closed was told; of nothing that listens Studio tells more
                tell("Error", 0, str(fault))

        threading.Thread(target=read, daemon=True).start()
        return stream


class _Nothing:
    def send(self, text: str) -> None:
        """Nobody hears it."""

    def leave(self) -> None:
        """There is nothing to leave."""


def _told(status: int, answer: Any) -> Mapping[str, Any]:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return {
        "Success": 200 <= status < 300,
        "StatusCode": status,
        "Headers": headers,
        "Body": answer.read().decode(),
    }


class ScriptedStream:
    """A stream whose other end is the test."""

    def __init__(self, kind: str, options: Mapping[str, Any], tell: Tell) -> None:
        self.kind = kind
        self.url: str = options["Url"]
        self.headers: Mapping[str, str] = options.get("Headers", {})
        self.sent: list[Any] = []
        self.closed = False
        self.over = False
        self._tell = tell

    def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    def leave(self) -> None:
        self.closed = self.over = True

    def opens(self) -> None:
        """As at our server, which lets in whoever a handshake's token is for."""
        self._tell("Opened", 101 if self.kind == "WebSocket" else 200, "")
        if self.kind == "WebSocket":
            self.says({"type": "auth_response", "data": {"authenticated": True}})

    def says(self, message: Any) -> None:
        """Text as it is, all else as JSON."""
        self._tell("MessageReceived", message if isinstance(message, str) else json.dumps(message))

    def breaks(self, status: int, message: str = "") -> None:
        self.over = True
        self._tell("Error", status, message)
        self._tell("Closed")

    def ends(self) -> None:
        self.over = True
        self._tell("Closed")


class ScriptedNetwork:
    """Answers as the test has it.

    Args:
        answer: of a request; None leaves it open.
    """

    def __init__(self, answer: Callable[[Mapping[str, Any]], Mapping[str, Any] | None] | None = None) -> None:
        self.answer = answer or (lambda _asked: {"StatusCode": 200, "Body": '{"items": []}'})
        self.asked: list[Mapping[str, Any]] = []
        self.streams: list[ScriptedStream] = []
        self.refuses: dict[str, str] = {}

    def request(self, asked: Mapping[str, Any], tell: Tell) -> None:
        self.asked.append(asked)
        found = self.answer(asked)
        if found is not None:
            answer = {"Headers": {}, "Body": "", **found}
            tell({**answer, "Success": 200 <= answer.get("StatusCode", 0) < 300})

    def open(self, kind: str, options: Mapping[str, Any], tell: Tell) -> Any:
        if kind in self.refuses:
            return self.refuses[kind]
        # Studio has four for all its plugins together.
        assert all(each.over for each in self.streams), "a stream is opened beside another"
        self.streams.append(ScriptedStream(kind, options, tell))
        return self.streams[-1]

    @property
    def stream(self) -> ScriptedStream:
        """The newest."""
        return self.streams[-1]

    def bodies(self, path: str) -> list[Any]:
        """Of the requests to a path that ends so."""
        return [
            json.loads(each["Body"]) for each in self.asked if each["Url"].endswith(path) and "Body" in each
        ]


class PluginStudio(FakeRoblox):
    """A Studio with scripts side by side; ``Main`` among them runs at once.

    Args:
        network: behind HttpService.
        scripts: by name.
        settings: what ``plugin:GetSetting`` has, as JSON; kept from one Studio to the next.
        before: Luau that is run first, with ``fake`` known.
    """

    def __init__(
        self,
        network: Network,
        scripts: Mapping[str, str],
        settings: dict[str, str] | None = None,
        *,
        before: str = "",
    ) -> None:
        super().__init__([])
        self.network = network
        self.settings = {} if settings is None else settings
        self._happened: Queue[Callable[[], None]] = Queue()
        self._streams: dict[int, Any] = {}
        native = self._lua.create_table()
        for name, does in (
            ("request", self._ask),
            ("open", self._open),
            ("send", self._send),
            ("close", self._close),
            ("sha256", self._sha256),
            ("moment", self._moment),
            ("encode", self._encode),
            ("decode", self._decode),
            ("load", self._load),
        ):
            native.set(name, self._lua.create_function(called(WeakMethod(does))))
        native.set("settings", self.value(self.settings))
        native.set("enums", self.value({name: list(items) for name, items in ENUMS.items()}))
        native.set("properties", self.value(_properties()))
        prelude = (Path(__file__).parent / "fake_studio.luau").read_text(encoding="utf-8")
        self._lua.load_chunk(prelude, name="=studio").call(self._fake, native)
        self._kept = native.get("settings")
        if before:
            self.do(before)
        self._fake.get("install").call(self.value(dict(scripts)))
        self.advance(0)

    # ---- time -----------------------------------------------------------------------------------------------------

    def settle(self) -> "PluginStudio":
        """Let happen what was told so far, and what follows from it at once."""
        while True:
            self.advance(0)
            try:
                happens = self._happened.get_nowait()
            except Empty:
                break
            happens()
        return self

    def passes(self, seconds: float) -> "PluginStudio":
        """Let time pass, second by second: what is answered meanwhile is heard in time."""
        self.settle()
        while seconds > 0:
            self.advance(min(seconds, 1.0))
            self.settle()
            seconds -= 1.0
        return self

    def until(self, holds: Callable[[], bool], *, seconds: float = PATIENCE_S) -> "PluginStudio":
        """Let real time pass until something holds; what has to happen meanwhile, happens."""
        began = last = monotonic()
        while not holds():
            now = monotonic()
            assert now - began < seconds, (self.state, self.lines)
            self.advance(now - last)
            last = now
            try:
                self._happened.get(timeout=0.02)()
            except Empty:
                continue
        return self.settle()

    # ---- the panel ------------------------------------------------------------------------------------------------

    def connect(self, address: str, token: str = "") -> "PluginStudio":
        """Type an address, paste a token, press the button."""
        self.do(
            """local address, token = ...
            local panel = fake.widget.ScrollingFrame
            fake.type(panel.Address, address)
            fake.type(panel.Token, token)
            fake.press(panel.Connect)""",
            self.value(address),
            self.value(token),
        )
        return self.settle()

    def label(self, name: str) -> str:
        """What stands on a label of the panel."""
        return str(self.do("return fake.widget.ScrollingFrame[...].Text", self.value(name)))

    @property
    def state(self) -> str:
        return self.label("State")

    @property
    def lines(self) -> list[str]:
        return self.label("Lines").splitlines()

    def tree(self, path: str = "toolboxai") -> Any:
        """What stands at a path in Workspace, as a bundle has it; None where there is nothing."""
        return self.do(
            """local found = workspace
            for name in string.gmatch(..., "[^/]+") do
                found = found:FindFirstChild(name)
                if not found then return nil end
            end
            return fake.tree(found)""",
            self.value(path),
        )

    @property
    def steps(self) -> int:
        """How many steps can be undone."""
        return int(self.do("return #fake.recorded"))

    def undo(self) -> "PluginStudio":
        self.do('game:GetService("ChangeHistoryService"):Undo()')
        return self.settle()

    def close(self) -> "PluginStudio":
        """Studio ends."""
        self.do("fake.unload()")
        self.settle()
        self.settings.update(plain(self._kept))
        return self

    # ---- what the prelude calls -----------------------------------------------------------------------------------

    def _ask(self, words: Any) -> None:
        number, request = words[0], plain(words[1])
        request["Headers"] = request.get("Headers") or {}
        self.requests.append(request)

        def tell(answer: Mapping[str, Any]) -> None:
            self._happened.put(lambda: self._fake.get("answer").call(number, self.value(dict(answer))))

        self.network.request(request, tell)

    def _open(self, words: Any) -> Any:
        number, kind, options = words[0], str(words[1]), plain(words[2])

        def tell(event: str, *told: Any) -> None:
            self._happened.put(
                lambda: self._fake.get("happen").call(number, self.value(event), *map(self.value, told))
            )

        opened = self.network.open(kind, options, tell)
        if isinstance(opened, str):
            return self.value(opened)
        self._streams[number] = opened
        return None

    def _send(self, words: Any) -> None:
        self._streams[words[0]].send(str(words[1]))

    def _close(self, words: Any) -> None:
        self._streams[words[0]].leave()

    def _sha256(self, words: Any) -> Any:
        return self.value(sha256(bytes(words[0].as_bytes())).digest())

    def _moment(self, words: Any) -> float | None:
        try:
            return datetime.fromisoformat(str(words[0])).timestamp()
        except ValueError:
            return None


def _properties() -> dict[str, dict[str, str]]:
    """By class, the kind of each property as the fake names it."""
    return {
        class_name: {
            name: _KINDS.get(known.xml_type) or f"Enum.{_ENUM_OF.get(name, name)}"
            for name, known in properties.items()
        }
        for class_name, properties in PROPERTIES.items()
    }
