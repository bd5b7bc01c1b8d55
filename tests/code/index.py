"""A package index on this machine, with releases that a test writes."""

import hashlib
import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from envs.code.tree import File, packed

TYPE = "application/vnd.pypi.simple.v1+json"


def archive(project: str, version: str, files: Mapping[str, str]) -> bytes:
    """A source distribution with metadata of its own."""
    metadata = f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\nLicense: MIT\n"
    every = {"PKG-INFO": metadata, "LICENSE": "MIT", **files}
    top = f"{project}-{version}"
    return packed({f"{top}/{path}": File(content=text.encode()) for path, text in every.items()})


@contextmanager
def serving(
    project: str, archives: Mapping[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Serves `archives` by version, one uploaded each day, as the index that is asked."""
    contents = {f"/{project}-{v}.tar": content for v, content in archives.items()}
    files = [
        {
            "filename": path[1:],
            "url": path,
            "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            "size": len(content),
            "upload-time": f"2024-05-{day:02}T12:00:00.000000Z",
        }
        for day, (path, content) in enumerate(contents.items(), 1)
    ]
    page = {
        "meta": {"api-version": "1.1"},
        "name": project,
        "files": files,
        "versions": list(archives),
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path in contents or self.path.strip("/") == project
            body = contents.get(self.path) or json.dumps(page).encode()
            self.send_response(200 if known else 404)
            self.send_header("Content-Type", TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
        yield
        server.shutdown()
