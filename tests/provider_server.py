"""A provider of text on a real port: OpenAI's chat API and Anthropic's messages, well or badly behaved as told."""

import json
import re
import socket
import struct
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from toolboxai.platform.content.model.analysis import Analysis
from toolboxai.platform.content.model.request import GenerationRequest
from toolboxai.platform.content.writing.wording import stands_in

KEY = "key-of-the-school"


@dataclass
class Turn:
    """How one request is answered.

    Args:
        write: makes the answer out of the data and the name of the task.
        status: of the answer.
        retry_after: in its header.
        cut: the connection is closed after so many pieces.
        stall: after the first piece nothing comes until `ProviderServer.go`.
        piece: characters of one piece of a stream.
        usage: how many tokens it says that it wrote (OpenAI's API alone).
        elsewhere: the address to which a redirect leads; `status` is one of a redirect.
        hang_up: the connection is closed without an answer.
        swells: the answer is packed, and unpacked it has no end.
    """

    write: "Callable[[dict[str, Any], str], str] | None" = None
    status: int = 200
    retry_after: str | None = None
    cut: int | None = None
    stall: bool = False
    piece: int = 40
    usage: Any = 500
    elsewhere: str = ""
    hang_up: bool = False
    swells: bool = False


@dataclass
class ProviderServer:
    """What it was asked, and how it answers: the turns in their order, and then as it should be."""

    turns: deque[Turn] = field(default_factory=deque)
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def url(self, provider: str = "openai") -> str:
        return f"http://127.0.0.1:{self.port}" + ("/v1" if provider == "openai" else "")


@contextmanager
def provider() -> Iterator[ProviderServer]:
    state = ProviderServer()

    class Handler(_Handler):
        told = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        state.go.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: ProviderServer

    def do_GET(self) -> None:
        """The list of models, for whoever has the key."""
        given = self.headers.get("x-api-key") or self.headers.get("Authorization", "").removeprefix("Bearer ")
        known = self.path == "/v1/models"
        self._whole((200 if given == KEY else 401) if known else 404, '{"data": []}', None)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.asked.append(body)
        self.told.headers.append({name.lower(): value for name, value in self.headers.items()})
        turn = self.told.turns.popleft() if self.told.turns else Turn()
        if turn.hang_up:
            self._reset()
            return
        if turn.swells:
            self._swell()
            return
        if turn.status != 200:
            told = json.dumps({"error": {"message": f"no, {self.headers.get('Authorization')}", "type": "x"}})
            self._whole(turn.status, told, turn.retry_after, turn.elsewhere)
            return
        anthropic = self.path.endswith("/messages")
        system, data = _said(body, anthropic=anthropic)
        task = task_of(system)
        text = (turn.write or well)(data, task)
        if not body.get("stream"):
            self._whole(
                200, json.dumps(_anthropic_whole(text) if anthropic else _openai_whole(text, turn)), None
            )
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        pieces = [text[at : at + turn.piece] for at in range(0, len(text), turn.piece)]
        try:
            for line in (
                _anthropic_events(pieces, turn, self.told)
                if anthropic
                else _openai_events(pieces, turn, self.told)
            ):
                self.wfile.write(line.encode())
                self.wfile.flush()
        except _Gone:
            if anthropic:  # abruptly; the other as if all were said
                self._reset()
        except OSError:
            pass  # the client has left

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def _swell(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Encoding", "deflate")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        piece = packer.compress(b" " * 16_000_000) + packer.flush(zlib.Z_FULL_FLUSH)  # as often as one likes
        with suppress(OSError):
            while True:
                self.wfile.write(piece)

    def _whole(self, status: int, text: str, retry_after: str | None, elsewhere: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if elsewhere:
            self.send_header("Location", elsewhere)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        body = text.encode()
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""


class _Gone(Exception):
    pass


def _held(pieces: list[str], turn: Turn, told: ProviderServer) -> Iterator[str]:
    for number, piece in enumerate(pieces):
        if turn.cut is not None and number >= turn.cut:
            raise _Gone
        if turn.stall and number == 1:
            told.go.wait(10)
        yield piece


def _openai_whole(text: str, turn: Turn) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": turn.usage, "total_tokens": 1500},
    }


def _openai_events(pieces: list[str], turn: Turn, told: ProviderServer) -> Iterator[str]:
    def event(choices: list[dict[str, Any]], **more: Any) -> str:
        chunk = {
            "id": "c1",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m",
            "choices": choices,
        }
        return f"data: {json.dumps({**chunk, **more})}\n\n"

    for piece in _held(pieces, turn, told):
        yield event([{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
    yield event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    yield event([], usage={"prompt_tokens": 1000, "completion_tokens": turn.usage, "total_tokens": 1500})
    yield "data: [DONE]\n\n"


def _anthropic_whole(text: str) -> dict[str, Any]:
    return {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 500},
    }


def _anthropic_events(pieces: list[str], turn: Turn, told: ProviderServer) -> Iterator[str]:
    def event(kind: str, **more: Any) -> str:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n"

    begun = {**_anthropic_whole(""), "content": [], "stop_reason": None}
    yield event("message_start", message=begun)
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    for piece in _held(pieces, turn, told):
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
    yield event("content_block_stop", index=0)
    usage = {"output_tokens": 500}
    yield event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage=usage)
    yield event("message_stop")


# ---- what a well-behaved model answers ------------------------------------------------------------------------------


def _said(body: dict[str, Any], *, anthropic: bool) -> tuple[str, dict[str, Any]]:
    if anthropic:
        system = body["system"]
        user = body["messages"][0]["content"]
    else:
        system = next(each["content"] for each in body["messages"] if each["role"] == "system")
        user = next(each["content"] for each in body["messages"] if each["role"] == "user")
    system, user = _text(system), _text(user)
    found = re.fullmatch(r"<<<(data-[0-9a-z]+)>>>\n(.*)\n<<<\1>>>", user)
    assert found, user[:200]
    data: dict[str, Any] = json.loads(found[2])
    return system, data


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def task_of(system: str) -> str:
    """Which of our tasks it is, by the schema in the system's words."""
    schema = json.loads(system.rsplit("\n", 1)[1])
    return next(
        name
        for name, part in (("lesson", "sections"), ("quiz", "questions"), ("source", "paragraphs"))
        if part in schema["properties"]
    )


def well(data: dict[str, Any], task: str) -> str:
    """A right answer, made of the data alone."""
    return json.dumps({"lesson": lesson, "quiz": quiz, "source": source}[task](data), ensure_ascii=False)


def lesson(data: dict[str, Any]) -> dict[str, Any]:
    minutes = data["wishes"]["duration_minutes"]
    sentences = data["sentences"]

    def said(*indexes: int) -> list[dict[str, Any]]:
        return [{"text": sentences[at][1], "sentence": at, "for_teacher": False} for at in indexes]

    def ours(text: str) -> dict[str, Any]:
        return {"text": text, "sentence": None, "for_teacher": False}

    def part(kind: str, title: str, time: int, statements: list[dict[str, Any]]) -> dict[str, Any]:
        objectives = [0] if kind == "explanation" else []
        return {
            "kind": kind,
            "title": title,
            "minutes": time,
            "objectives": objectives,
            "statements": statements,
        }

    word = re.findall(r"\w{5,}", sentences[0][1])[0]
    return {
        "sections": [
            part("hook", "To begin with", 2, [ours("What do you know about it?"), *said(0)]),
            part("explanation", "Read together", minutes - 3, [ours("Read in pairs:"), *said(0, 1, 2)]),
            part("exit_ticket", "Before you go", 1, [ours("Write down one thing that you learned.")]),
        ],
        "vocabulary": [{"term": word, "meaning": None, "sentence": 0}],
    }


def quiz(data: dict[str, Any]) -> dict[str, Any]:
    types = data["wishes"]["question_types"]
    questions: list[dict[str, Any]] = []
    options: list[str] = []
    for index, text in data["sentences"]:
        if len(questions) == data["wishes"]["num_questions"]:
            break
        words = [word for word in re.findall(r"[^\W\d_]{6,}", text) if text.count(word) == 1]
        if "fill_blank" in types and words:
            answer, question, kind = words[0], text.replace(words[0], "_____"), "fill_blank"
            assert stands_in(answer, text)
        elif "true_false" in types:
            answer, question, kind = "true", text, "true_false"
        else:
            continue
        questions.append(
            {
                "type": kind,
                "question": question,
                "options": options,
                "prompts": [],
                "answer": [answer],
                "unit": "",
                "sentences": [index],
                "objective": 0,
                "difficulty": "easy",
            }
        )
    return {"questions": questions}


def source(data: dict[str, Any]) -> dict[str, Any]:
    from content_parts import SOURCE

    paragraphs = [" ".join(part.split()) for part in SOURCE.split("\n\n")[1:]]
    return {"title": data["wishes"]["subject"], "paragraphs": paragraphs}


def data_of(request: GenerationRequest, analysis: Analysis) -> dict[str, Any]:
    """What the model would be given, for tests that make answers by hand."""
    return {
        "wishes": {
            "subject": request.subject,
            "duration_minutes": request.duration_minutes,
            "num_questions": request.num_questions,
            "question_types": request.question_types,
        },
        "sentences": [[sentence.index, sentence.text] for sentence in analysis.sentences],
    }
