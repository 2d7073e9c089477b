"""Stands in for a service in the tests of the supervisor: answers /readyz with its pid, and misbehaves as told.

Only the standard library, so that it is up in a moment.
"""

import argparse
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
    parser.add_argument("--broken", action="store_true", help="say why and end at once")
    told = parser.parse_args()
    if told.broken:
        sys.exit("I am broken: SERVICE_TOKEN is missing")
    if told.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print('{"level": "warning", "event": "a stand-in is up"}', flush=True)  # noqa: T201 - a log line to be seen
    if told.port is None:
        signal.pause()
    else:
        ThreadingHTTPServer(("127.0.0.1", told.port), _Ready).serve_forever()


if __name__ == "__main__":
    main()
