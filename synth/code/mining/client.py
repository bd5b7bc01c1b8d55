"""A client of GitHub's REST API that stays within its limits: one request at a time, patient, bounded.

It waits where the API says so (`Retry-After`, `X-RateLimit-Reset`), tries again after faults of the
network and the server, follows renamed repositories, and asks with `If-None-Match` where it knows an
answer, which costs nothing of the limit. Any server with the same interface will do.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import requests

from data.errors import InfrastructureError, SourceError

log = logging.getLogger(__name__)

PUBLIC = "https://api.github.com"
PAGE = 100
"""Objects a page, the most that the API gives."""
TIMEOUT_S = (10.0, 60.0)
"""To connect, and between two parts of an answer."""
MAX_BODY_BYTES = 64 << 20
MAX_REDIRECTS = 5
MAX_TRIES = 6
"""Of one request, waits for limits included."""
FIRST_PAUSE_S = 1.0
"""After a fault; doubled each time."""
SECONDARY_PAUSE_S = 60.0
"""After a secondary limit that does not say how long; doubled each time."""
MAX_WAIT_S = 3_700.0
"""The longest single wait: a primary limit is an hour's."""
_NEXT = re.compile(r'<([^<>]*)>\s*;[^<]*\brel="?next"?')
_GONE = (404, 410, 451)
_LIMITED = (403, 429)


class ApiFault(InfrastructureError):
    """The API does not answer, or not within the waits that we allow; going on later is possible."""


class Page(NamedTuple):
    """One answer."""

    status: int
    """200, 304 for one that we know, or 404, 410 and 451 for what is not there."""
    items: list[dict[str, Any]]
    etag: str
    next: str
    """Address of the page behind it; ''."""


class Limits(NamedTuple):
    """What the API last said of its primary limit."""

    remaining: int
    reset: float
    """Seconds since the epoch."""


class Client:
    """Use it as a context manager. Clock and sleep are seconds; tests bring their own."""

    def __init__(
        self,
        base: str = PUBLIC,
        token: str = "",
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        max_wait_s: float = MAX_WAIT_S,
    ) -> None:
        self._base = base.rstrip("/")
        if urlsplit(self._base).scheme not in ("http", "https"):
            raise SourceError(f"{base!r} is no address of an API; one is {PUBLIC}")
        self._clock = clock
        self._sleep = sleep
        self._max_wait_s = max_wait_s
        self._session = requests.Session()
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "palaestra",
            }
        )
        self._session.auth = _Bearer(token)
        self.limits: Limits | None = None
        self.requests = 0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def page(self, path: str, etag: str = "") -> Page:
        """One answer to `path`, an address below the base or one that an answer named.

        `etag` is of an earlier answer: where that still holds, the status is 304.
        Raises `SourceError` where we may not ask, and `ApiFault` where asking does not help now.
        """
        address = self._inside(path)
        problem = ""
        for attempt in range(MAX_TRIES):
            self._respect_limit()
            try:
                response, body = self._ask(address, etag)
            except requests.RequestException as error:
                problem = f"{type(error).__name__}"
                self._wait(FIRST_PAUSE_S * 2**attempt, f"{address}: {problem}")
                continue
            answer = self._judged(response, body, address)
            if isinstance(answer, Page):
                return answer
            problem, pause = answer
            self._wait(pause if pause >= 0 else -pause * 2**attempt, f"{address}: {problem}")
        raise ApiFault(f"{address} gave no answer in {MAX_TRIES} tries: {problem}; try again later")

    def _inside(self, path: str) -> str:
        """The token goes to the server that it was given for, and to no other."""
        address = path if "://" in path else f"{self._base}/{path.lstrip('/')}"
        if urlsplit(address)[:2] != urlsplit(self._base)[:2]:
            raise SourceError(
                f"{self._base} refers us to another server, {address}; we do not follow"
            )
        return address

    def _ask(self, address: str, etag: str) -> tuple[requests.Response, bytes]:
        """The answer behind all redirects: a renamed repository has a new address."""
        for _ in range(MAX_REDIRECTS):
            response, body = self._answer(address, etag)
            if not response.is_redirect:
                return response, body
            address = self._inside(urljoin(address, response.headers["Location"]))
        raise SourceError(f"{address} leads from one redirect to the next")

    def _answer(self, address: str, etag: str) -> tuple[requests.Response, bytes]:
        self.requests += 1
        with self._session.get(
            address,
            headers={"If-None-Match": etag} if etag else {},
            timeout=TIMEOUT_S,
            stream=True,
            allow_redirects=False,
        ) as response:
            body = bytearray()
            for block in response.iter_content(1 << 16):
                body += block
                if len(body) > MAX_BODY_BYTES:
                    raise SourceError(
                        f"{address} answers with more than {MAX_BODY_BYTES >> 20} MiB"
                    )
        self._note_limit(response)
        return response, bytes(body)

    def _judged(
        self, response: requests.Response, body: bytes, address: str
    ) -> Page | tuple[str, float]:
        """The answer; or what is wrong and how long to wait, negative where each try doubles it."""
        status = response.status_code
        if status == 304 or status in _GONE:
            return Page(status, [], "", "")
        if status in _LIMITED and (pause := self._pause(response, body)) is not None:
            return f"{status}, a limit of requests", pause
        if status == 401 or status in _LIMITED:
            raise SourceError(
                f"{address} refuses us ({status}): {_said(body)}; put a token that may read the "
                "repository into GITHUB_TOKEN"
            )
        if status >= 500:
            return f"{status}", -FIRST_PAUSE_S
        if status != 200:
            raise SourceError(f"{address} answers {status}: {_said(body)}")
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return "an answer that is no JSON", -FIRST_PAUSE_S
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in items):
            raise SourceError(f"{address} answers with something else than objects; is it an API?")
        link = _NEXT.search(response.headers.get("Link", ""))
        following = link[1] if link else ""
        return Page(status, items, response.headers.get("ETag", ""), following)

    def _pause(self, response: requests.Response, body: bytes) -> float | None:
        """Seconds that a limit asks for; None where the refusal is about something else."""
        after = response.headers.get("Retry-After", "")
        if after.isdecimal():
            return float(after)
        if self.limits is not None and self.limits.remaining == 0:
            # The next request waits for the reset as well.
            return -FIRST_PAUSE_S
        text = body[:4096].lower()
        limited = response.status_code == 429 or b"rate limit" in text or b"abuse" in text
        return -SECONDARY_PAUSE_S if limited else None

    def _note_limit(self, response: requests.Response) -> None:
        remaining = response.headers.get("X-RateLimit-Remaining", "")
        reset = response.headers.get("X-RateLimit-Reset", "")
        if remaining.isdecimal() and reset.isdecimal():
            # The reset is told in the server's time, which need not be ours.
            ahead = self._clock() - _server_time(response, self._clock())
            self.limits = Limits(int(remaining), float(reset) + ahead)

    def _respect_limit(self) -> None:
        if self.limits is not None and self.limits.remaining == 0:
            left = self.limits.reset - self._clock()
            self.limits = None
            if left > 0:
                self._wait(left + 1, "the hourly limit of requests is used up")

    def _wait(self, seconds: float, why: str) -> None:
        if seconds > self._max_wait_s:
            raise ApiFault(
                f"{why}; it takes {seconds:.0f} s until we may go on, more than {self._max_wait_s:.0f}: "
                "run the same command again later, it goes on where it stopped"
            )
        if seconds > 0:
            log.warning("%s; waiting %.0f s", why, seconds)
            self._sleep(seconds)


class _Bearer(requests.auth.AuthBase):
    """The token; without one nothing is sent, not even what a `.netrc` holds for the server."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _server_time(response: requests.Response, otherwise: float) -> float:
    try:
        return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except ValueError:
        return otherwise


def _said(body: bytes) -> str:
    """The server's own reason, on one line."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return "no reason given"
    message = value.get("message", "") if isinstance(value, dict) else ""
    return " ".join(str(message).split())[:200] or "no reason given"
