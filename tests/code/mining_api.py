"""A server with the interface of GitHub's REST API, and objects in its shape, written by hand."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

NOW_S = 1_750_000_000.0
"""What the server's clock shows, unless it is told otherwise."""


class Answer(NamedTuple):
    status: int = 200
    body: Any = None
    headers: dict[str, str] = {}
    cut: bool = False
    """Announces more bytes than it sends, then hangs up."""


class Asked(NamedTuple):
    path: str
    headers: dict[str, str]


class Site:
    """Lists are given in pages of `page_size`, everything has an ETag, and scripted answers go first."""

    def __init__(self, page_size: int = 2) -> None:
        self.url = ""
        self.now_s = NOW_S
        self.asked: list[Asked] = []
        self.lists: dict[str, list[Any]] = {}
        self.objects: dict[str, Any] = {}
        self.scripted: dict[str, list[Answer]] = {}
        """Answers to the next requests for a path, or for any path under ''."""
        self.before: Callable[[str], None] = lambda path: None
        """Called with each path before it is answered."""
        self._page_size = page_size

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        self.asked.append(Asked(path, headers))
        self.before(path)
        parts = urlsplit(path)
        for key in (parts.path, ""):
            if self.scripted.get(key):
                return self.scripted[key].pop(0)
        if parts.path in self.lists:
            return self._page(parts.path, dict(parse_qsl(parts.query)), headers)
        if parts.path in self.objects:
            return self._tagged(self.objects[parts.path], {}, headers)
        return Answer(404, {"message": "Not Found", "status": "404"})

    def _page(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Answer:
        at = int(query.get("page", "1"))
        items = self.lists[path]
        links = {}
        if at * self._page_size < len(items):
            rest = "&".join(f"{key}={value}" for key, value in query.items() if key != "page")
            last = -(-len(items) // self._page_size)
            links["Link"] = (
                f'<{self.url}{path}?{rest}&page={at + 1}>; rel="next", '
                f'<{self.url}{path}?{rest}&page={last}>; rel="last"'
            )
        return self._tagged(
            items[(at - 1) * self._page_size : at * self._page_size], links, headers
        )

    def _tagged(self, body: Any, more: dict[str, str], headers: dict[str, str]) -> Answer:
        tag = f'W/"{abs(hash(json.dumps(body, sort_keys=True))):x}"'
        if headers.get("If-None-Match") == tag:
            return Answer(304, headers={"ETag": tag})
        limits = {
            "X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": "4990",
            "X-RateLimit-Reset": "9999999999",
        }
        return Answer(200, body, {"ETag": tag, **limits, **more})


@contextmanager
def served(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = site.answer(self.path, dict(self.headers.items()))
            raw = (
                answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            )
            body = b"" if answer.status == 304 or answer.body is None else raw
            self.send_response_only(answer.status)
            self.send_header("Date", formatdate(site.now_s, usegmt=True))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + 100 * answer.cut))
            self.end_headers()
            self.wfile.write(body)
            if answer.cut:
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


def user(login: str = "grace") -> dict[str, Any]:
    bot = login.endswith("[bot]")
    return {
        "login": login,
        "id": len(login),
        "node_id": "MDQ6VXNlcjE=",
        "html_url": f"https://github.com/{login}",
        "type": "Bot" if bot else "User",
        "site_admin": False,
    }


def issue(number: int, title: str, body: str | None, **more: Any) -> dict[str, Any]:
    return {
        "url": f"https://api.github.com/repos/acme/tally/issues/{number}",
        "repository_url": "https://api.github.com/repos/acme/tally",
        "html_url": f"https://github.com/acme/tally/issues/{number}",
        "id": 900_000 + number,
        "node_id": "I_kwDO",
        "number": number,
        "title": title,
        "user": user(),
        "labels": [{"id": 1, "name": "bug", "color": "d73a4a", "default": True}],
        "state": "closed",
        "state_reason": "completed",
        "locked": False,
        "assignees": [],
        "milestone": None,
        "comments": 0,
        "created_at": "2023-11-10T10:00:00Z",
        "updated_at": "2024-03-01T10:00:00Z",
        "closed_at": "2024-03-01T10:00:00Z",
        "author_association": "NONE",
        "active_lock_reason": None,
        "body": body,
        "closed_by": user("ada"),
        "reactions": {"total_count": 0},
        "timeline_url": f"https://api.github.com/repos/acme/tally/issues/{number}/timeline",
        **more,
    }


def pull(
    number: int, title: str, body: str | None, merge: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "url": f"https://api.github.com/repos/acme/tally/pulls/{number}",
        "id": 800_000 + number,
        "html_url": f"https://github.com/acme/tally/pull/{number}",
        "issue_url": f"https://api.github.com/repos/acme/tally/issues/{number}",
        "number": number,
        "state": "closed",
        "locked": False,
        "title": title,
        "user": user("ada"),
        "body": body,
        "labels": [],
        "created_at": "2023-11-12T10:00:00Z",
        "updated_at": "2024-03-01T10:00:00Z",
        "closed_at": "2024-03-01T10:00:00Z",
        "merged_at": "2024-03-01T10:00:00Z" if merge else None,
        "merge_commit_sha": merge,
        "draft": False,
        "head": {"label": "ada:fix", "ref": "fix", "sha": "1" * 40},
        "base": {"label": "acme:main", "ref": "main", "sha": "2" * 40},
        "author_association": "MEMBER",
        **more,
    }


def comment(
    number: int, on: int, body: str, login: str = "grace", created: str = "2023-11-10T12:00:00Z"
) -> dict[str, Any]:
    return {
        "url": f"https://api.github.com/repos/acme/tally/issues/comments/{number}",
        "html_url": f"https://github.com/acme/tally/issues/{on}#issuecomment-{number}",
        "issue_url": f"https://api.github.com/repos/acme/tally/issues/{on}",
        "id": number,
        "node_id": "IC_kwDO",
        "user": user(login),
        "created_at": created,
        "updated_at": created,
        "author_association": "NONE",
        "body": body,
    }


def repository(name: str = "acme/tally", licence: str | None = "MIT") -> dict[str, Any]:
    return {
        "id": 77,
        "node_id": "R_kgDO",
        "name": name.partition("/")[2],
        "full_name": name,
        "private": False,
        "owner": user("acme"),
        "html_url": f"https://github.com/{name}",
        "fork": False,
        "default_branch": "main",
        "archived": False,
        "license": {"key": "mit", "name": "MIT License", "spdx_id": licence} if licence else None,
    }


def commit(sha: str, message: str) -> dict[str, Any]:
    return {
        "sha": sha,
        "node_id": "C_kwDO",
        "commit": {
            "author": {"name": "Ada", "email": "ada@example.org", "date": "2023-11-12T10:00:00Z"},
            "message": message,
            "comment_count": 0,
        },
        "html_url": f"https://github.com/acme/tally/commit/{sha}",
        "author": user("ada"),
        "parents": [],
    }


def changed_file(name: str, patch: str = "@@ -1 +1 @@") -> dict[str, Any]:
    return {
        "sha": "3" * 40,
        "filename": name,
        "status": "modified",
        "additions": 1,
        "deletions": 1,
        "changes": 2,
        "patch": patch,
    }
