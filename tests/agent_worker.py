"""A worker of an agent as somebody writes it in any language: HTTP and JSON alone, nothing of this package.

Run as ``python agent_worker.py URL AGENT_ID NAME`` with the token in AGENT_TOKEN. It writes a line of JSON for each task
that it claims, and for each that it has completed. A task whose input says ``hold`` it holds in its first attempt for
ever. A server that is away it waits for.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any


def ask(path: str, body: Any) -> tuple[int, Any]:
    """Status and answer; it asks until there is one."""
    request = urllib.request.Request(
        sys.argv[1] + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {os.environ['AGENT_TOKEN']}", "Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while True:
        try:
            with opener.open(request, timeout=40) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as refused:
            if refused.code < 500:
                return refused.code, json.loads(refused.read())
        except OSError:  # the server is away
            pass
        time.sleep(0.1)


def tell(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)  # noqa: T201 - its test reads it


def main() -> None:
    """Claim, work, complete, for ever."""
    agent_id, name = sys.argv[2:4]
    while True:
        status, claim = ask(f"/api/v1/agents/{agent_id}/claim?wait=20", {"worker": name})
        if status != 200:
            continue
        tell(claimed=claim["task_id"], attempt=claim["attempt"])
        lease = {"lease_id": claim["lease_id"]}
        task = f"/api/v1/tasks/{claim['task_id']}"
        while claim["input"].get("hold") and claim["attempt"] == 1:
            time.sleep(1)
        ask(f"{task}/progress", {**lease, "progress_percent": 50, "message": "half of it"})
        result = {"lesson_title": "Water", "content_sections": [{"title": "Rain"}], "by": name}
        status, answer = ask(f"{task}/complete", {**lease, "result": result})
        tell(completed=claim["task_id"], status=status, reason=(answer.get("details") or {}).get("reason"))


if __name__ == "__main__":
    main()
