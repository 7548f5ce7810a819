"""Receive webhooks with the official library for servers: pip install pusher."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

import pusher

library = pusher.Pusher(os.environ["PUSHER_APP_ID"], os.environ["PUSHER_KEY"], os.environ["PUSHER_SECRET"])
seen: set[str] = set()  # in an application: a column with a unique index


class Receiver(BaseHTTPRequestHandler):
    """Checks the signature over the raw body, and takes each id once."""

    def do_POST(self) -> None:
        """One webhook."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        key, signature = self.headers["X-Pusher-Key"], self.headers["X-Pusher-Signature"]
        webhook = library.validate_webhook(key, signature, body) if key and signature else None
        if webhook and self.headers["X-Toolboxai-Webhook-Id"] not in seen:
            seen.add(self.headers["X-Toolboxai-Webhook-Id"])
            for event in webhook["events"]:
                print(event["name"], event["channel"], flush=True)
        self.send_response(200 if webhook else 401)
        self.end_headers()


HTTPServer(("127.0.0.1", int(sys.argv[1]) if sys.argv[1:] else 8100), Receiver).serve_forever()
