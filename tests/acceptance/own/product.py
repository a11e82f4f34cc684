"""A small product of its own: bills, kept in memory, over HTTP of the standard library."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BILLS: dict[str, list[int]] = {}


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass

    def answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/surroundings":
            self.answer(200, {"url": os.environ.get("SHOP_DATABASE", ""), "cwd": str(Path.cwd())})
        else:
            self.answer(200, {"bill": sum(BILLS.get(self.path, []))})

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        BILLS.setdefault(self.path, []).append(said["euros"] + int(os.environ.get("SHOP_ERROR", "0")))
        self.answer(201, {})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--child", action="store_true")
    parser.add_argument("--fails", action="store_true")
    args = parser.parse_args()
    if args.fails:
        sys.stderr.write("the shop has burnt down\n")
        sys.exit(3)
    if args.child:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    ThreadingHTTPServer(("127.0.0.1", args.port), Handler).serve_forever()
