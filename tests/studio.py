"""Roblox Studio, as far as a plugin's script needs it: its HttpService speaks to a real server over real sockets."""

import json
import threading
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from queue import Queue
from socket import SHUT_RDWR
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlsplit
from urllib.request import Request, urlopen

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from luau import machine, plain

__all__ = ["PATIENCE_S", "Stream", "Studio"]

PATIENCE_S = 15.0


class Stream:
    """What stands behind one WebStreamClient: a thread that reads; what it reads is told to the studio."""

    def __init__(self, tell: Callable[..., None], cut_after: int | None) -> None:
        self._tell = tell
        self._cut_after = cut_after
        self.leave: Callable[[], None] = lambda: None
        self.send: Callable[[str], None] = lambda text: None

    def _pieces(self, pieces: Any) -> None:
        for number, piece in enumerate(pieces, 1):
            self._tell("MessageReceived", piece)
            if number == self._cut_after:
                self.leave()
                return

    def socket(self, url: str, headers: Mapping[str, str]) -> None:
        try:
            with connect(
                url, additional_headers=dict(headers), proxy=None, user_agent_header="RobloxStudio/WinInet"
            ) as socket:
                self.leave, self.send = socket.close, socket.send
                self._tell("Opened", 101, "")
                self._pieces(socket)
        except InvalidStatus as refused:
            self._tell("Error", refused.response.status_code, str(refused))
        except ConnectionClosed:
            pass  # no close code is told
        finally:
            self._tell("Closed")

    def events(self, url: str, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        http = HTTPConnection(str(parts.hostname), parts.port, timeout=PATIENCE_S)
        try:
            http.request("GET", f"{parts.path}?{parts.query}", headers=dict(headers))
            line = http.sock
            self.leave = lambda: line.shutdown(SHUT_RDWR)
            answer = http.getresponse()
            if answer.status != 200:
                self._tell("Error", answer.status, answer.reason)
                return
            self._tell("Opened", answer.status, "")
            # Studio, too, hands over what it happened to read, not event by event.
            self._pieces(iter(lambda: answer.read1(100), b""))
        except IncompleteRead:
            pass  # it was closed in the middle
        finally:
            http.close()
            self._tell("Closed")


class Studio:
    """One script at a time, in a machine of its own.

    Args:
        folder: where the scripts are; ``script.Parent.NAME`` is the file of that name.
        cut_after: each stream but the last is cut after so many messages, as Studio does after half an hour.
        cuts: how many are.
    """

    def __init__(self, folder: Path, *, cut_after: int | None = None, cuts: int = 0) -> None:
        self._folder = folder
        self._cut_after = cut_after
        self._cuts = cuts
        self._streams: list[Stream] = []
        self._streaming = 0
        self._happened: Queue[Callable[[], None]] = Queue()
        self._lua = machine()
        self.printed: list[str] = []
        self.warned: list[str] = []
        native = self._lua.create_table()
        for does in (
            self._send,
            self._close,
            self._open,
            self._request,
            self._encode,
            self._decode,
            self._quote,
            self._delay,
            self._wait,
            self._print,
            self._warn,
        ):
            native.set(does.__name__.removeprefix("_"), self._native(does))
        prelude = (Path(__file__).parent / "studio.luau").read_text(encoding="utf-8")
        self._around, self._fire = self._lua.load_chunk(prelude, name="=studio").call(native)
        self._around.set("require", self._native(self._require))
        beyond = self._lua.create_table()
        beyond.set("__index", self._lua.globals())
        self._around.set_metatable(beyond)

    @property
    def opened(self) -> int:
        """How many streams the script has opened."""
        return len(self._streams)

    def run(self, name: str, *words: str) -> list[str]:
        """Call the function that a script returns, and wait until nothing of it is open; what it printed."""
        (function,) = self._load(name)
        function.call(*words)
        while self._streaming or not self._happened.empty():
            self._happened.get(timeout=PATIENCE_S)()
        return self.printed

    def _native(self, does: Callable[[Any], Any]) -> Any:
        return self._lua.create_function(lambda _lua, words: (does(words),))

    def _load(self, name: str) -> Any:
        text = (self._folder / f"{name}.luau").read_text(encoding="utf-8")
        return self._lua.load_chunk(text, name=f"={name}", env=self._around).call()

    def _text(self, word: Any) -> Any:
        return self._lua.create_string(word) if isinstance(word, bytes) else word

    # ---- what the prelude calls, with the arguments ------------------------------------------------

    def _require(self, words: Any) -> Any:
        return self._load(str(words[0]))[0]

    def _print(self, words: Any) -> None:
        self.printed.append(" ".join(str(word) for word in words))

    def _warn(self, words: Any) -> None:
        self.warned.append(" ".join(str(word) for word in words))

    def _encode(self, words: Any) -> str:
        return json.dumps(plain(words[0]))

    def _decode(self, words: Any) -> Any:
        return self._held(json.loads(str(words[0])))

    def _held(self, value: Any) -> Any:
        if isinstance(value, list):
            value = dict(enumerate(value, 1))
        if isinstance(value, dict):
            table = self._lua.create_table()
            for key, held in value.items():
                table.set(key, self._held(held))
            return table
        return value

    def _quote(self, words: Any) -> str:
        return quote(str(words[0]), safe="")

    def _delay(self, words: Any) -> None:
        self._happened.put(words[1].call)  # nobody waits for the pause

    def _wait(self, words: Any) -> Any:
        return words[0]

    def _request(self, words: Any) -> Any:
        asked = plain(words[0])
        body = asked["Body"].encode() if "Body" in asked else None
        request = Request(asked["Url"], body, asked.get("Headers", {}), method=asked.get("Method", "GET"))
        try:
            with urlopen(request, timeout=PATIENCE_S) as answer:
                return self._answer(answer.status, answer)
        except HTTPError as refused:
            return self._answer(refused.code, refused)

    def _answer(self, status: int, answer: Any) -> Any:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        success = 200 <= status < 300
        return self._held(
            {"Success": success, "StatusCode": status, "Headers": headers, "Body": answer.read().decode()}
        )

    def _open(self, words: Any) -> int:
        options = plain(words[1])
        number = len(self._streams)

        def happens(event: str, told: tuple[Any, ...]) -> None:
            self._streaming -= event == "Closed"
            self._fire.call(number, event, *(self._text(word) for word in told))

        def tell(event: str, *told: Any) -> None:
            self._happened.put(lambda: happens(event, told))

        stream = Stream(tell, self._cut_after if number < self._cuts else None)
        self._streams.append(stream)
        self._streaming += 1
        reads = {"WebSocket": stream.socket, "SSE": stream.events}[str(words[0])]
        threading.Thread(target=reads, args=(options["Url"], options.get("Headers", {})), daemon=True).start()
        return number

    def _send(self, words: Any) -> None:
        self._streams[words[0]].send(str(words[1]))

    def _close(self, words: Any) -> None:
        self._streams[words[0]].leave()
