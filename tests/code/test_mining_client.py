"""The client of the REST API, against a real server: pages, limits, faults, redirects, tokens."""

import re
from collections.abc import Iterator

import pytest

from data.errors import SourceError
from synth.code.mining.client import MAX_TRIES, ApiFault, Client
from tests.code.mining_api import NOW_S, Answer, Site, issue, served

LIMITED = {
    "message": "API rate limit exceeded for user ID 1.",
    "documentation_url": "https://docs.github.com/",
}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}


@pytest.fixture
def site() -> Iterator[Site]:
    with served(Site()) as site:
        site.lists["/repos/acme/tally/issues"] = [
            issue(n, f"Issue {n}", "Text") for n in range(1, 6)
        ]
        site.objects["/repos/acme/tally"] = {"full_name": "acme/tally"}
        yield site


class Sleeper:
    """A clock that sleeping moves."""

    def __init__(self) -> None:
        self.now = NOW_S
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def client(site: Site, sleeper: Sleeper, token: str = "") -> Client:
    return Client(site.url, token, clock=sleeper.clock, sleep=sleeper.sleep)


def test_all_pages_of_a_list_are_followed(site: Site) -> None:
    with client(site, Sleeper()) as api:
        pages = [api.page("repos/acme/tally/issues?state=all&per_page=100")]
        while pages[-1].next:
            pages.append(api.page(pages[-1].next))
    assert [[item["number"] for item in page.items] for page in pages] == [[1, 2], [3, 4], [5]]
    assert all("state=all" in path for path in site.paths)


def test_an_answer_that_is_known_costs_no_body(site: Site) -> None:
    with client(site, Sleeper()) as api:
        first = api.page("repos/acme/tally/issues")
        again = api.page("repos/acme/tally/issues", first.etag)
    assert (again.status, again.items) == (304, [])


def test_a_token_is_sent_as_bearer_and_nothing_without_one(site: Site) -> None:
    for token in ("secret", ""):
        with client(site, Sleeper(), token) as api:
            api.page("repos/acme/tally")
    sent = [asked.headers.get("Authorization") for asked in site.asked]
    assert sent == ["Bearer secret", None]


@pytest.mark.parametrize("status", [403, 429])
def test_it_waits_as_long_as_retry_after_says(site: Site, status: int) -> None:
    site.scripted[""] = [Answer(status, SECONDARY, {"Retry-After": "37"})]
    sleeper = Sleeper()
    with client(site, sleeper) as api:
        assert api.page("repos/acme/tally").status == 200
    assert sleeper.slept == [37]


@pytest.mark.parametrize("status", [403, 429])
def test_a_used_up_limit_is_waited_for_by_the_servers_clock(site: Site, status: int) -> None:
    site.now_s = NOW_S - 500
    site.scripted[""] = [Answer(status, LIMITED, _used_up(site.now_s + 900))]
    sleeper = Sleeper()
    with client(site, sleeper) as api:
        assert api.page("repos/acme/tally").status == 200
    assert sum(sleeper.slept) == 901


def test_the_last_request_of_an_hour_delays_only_the_next(site: Site) -> None:
    site.scripted[""] = [Answer(200, {}, _used_up(NOW_S + 120))]
    sleeper = Sleeper()
    with client(site, sleeper) as api:
        api.page("repos/acme/tally")
        assert sleeper.slept == []
        api.page("repos/acme/tally")
    assert sleeper.slept == [121]


def _used_up(reset_s: float) -> dict[str, str]:
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(reset_s))}


def test_a_secondary_limit_without_a_time_is_waited_for_longer_each_time(site: Site) -> None:
    site.scripted[""] = [Answer(403, SECONDARY), Answer(403, SECONDARY)]
    sleeper = Sleeper()
    with client(site, sleeper) as api:
        api.page("repos/acme/tally")
    assert sleeper.slept == [60, 120]


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, b"<html>Bad gateway</html>"),
        Answer(200, [{"number": 1}], cut=True),
        Answer(200, b'[{"number": 1}, {"num'),
        Answer(503, None),
    ],
    ids=["bad gateway", "cut off", "half a document", "unavailable"],
)
def test_faults_of_server_and_network_are_tried_again(site: Site, answer: Answer) -> None:
    site.scripted["/repos/acme/tally/issues"] = [answer, answer]
    sleeper = Sleeper()
    with client(site, sleeper) as api:
        page = api.page("repos/acme/tally/issues")
    assert [item["number"] for item in page.items] == [1, 2]
    assert sleeper.slept == [1, 2]


def test_it_gives_up_after_some_tries_and_says_so(site: Site) -> None:
    site.scripted[""] = [Answer(500)] * MAX_TRIES
    sleeper = Sleeper()
    with (
        client(site, sleeper) as api,
        pytest.raises(ApiFault, match=f"no answer in {MAX_TRIES} tries: 500"),
    ):
        api.page("repos/acme/tally")


def test_a_wait_beyond_the_bound_is_refused(site: Site) -> None:
    site.scripted[""] = [Answer(429, SECONDARY, {"Retry-After": "86400"})]
    sleeper = Sleeper()
    with (
        client(site, sleeper) as api,
        pytest.raises(ApiFault, match="run the same command again later"),
    ):
        api.page("repos/acme/tally")
    assert sleeper.slept == []


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "Bad credentials"), (403, "Resource not accessible by integration")],
)
def test_a_refusal_says_why_and_what_to_do(site: Site, status: int, message: str) -> None:
    site.scripted[""] = [Answer(status, {"message": message})]
    with client(site, Sleeper()) as api, pytest.raises(SourceError) as caught:
        api.page("repos/acme/tally")
    assert message in str(caught.value)
    assert "GITHUB_TOKEN" in str(caught.value)
    assert len(site.asked) == 1


@pytest.mark.parametrize("status", [404, 410, 451])
def test_what_is_gone_is_an_answer(site: Site, status: int) -> None:
    site.scripted[""] = [Answer(status, {"message": "This issue was deleted"})]
    with client(site, Sleeper()) as api:
        assert api.page("repos/acme/tally/issues/9").status == status


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed_with_the_token(site: Site, status: int) -> None:
    moved = Answer(
        status, {"message": "Moved Permanently"}, {"Location": f"{site.url}/repos/acme/tally"}
    )
    site.scripted["/repos/old/name"] = [moved]
    with client(site, Sleeper(), "secret") as api:
        assert api.page("repos/old/name").items == [{"full_name": "acme/tally"}]
    assert [asked.headers.get("Authorization") for asked in site.asked] == ["Bearer secret"] * 2


@pytest.mark.parametrize("how", ["redirect", "next page"])
def test_another_server_never_sees_the_token(site: Site, how: str) -> None:
    with served(Site()) as other:
        other.objects["/steal"] = {}
        target = f"{other.url}/steal"
        headers = {"Location": target} if how == "redirect" else {"Link": f'<{target}>; rel="next"'}
        site.scripted[""] = [Answer(302 if how == "redirect" else 200, [], headers)]
        with (
            client(site, Sleeper(), "secret") as api,
            pytest.raises(SourceError, match="another server"),
        ):
            api.page(api.page("repos/acme/tally").next)
        assert other.asked == []


def test_redirects_that_go_round_in_circles_end(site: Site) -> None:
    site.scripted[""] = [Answer(302, None, {"Location": f"{site.url}/a"})] * 50
    with (
        client(site, Sleeper()) as api,
        pytest.raises(SourceError, match="from one redirect to the next"),
    ):
        api.page("repos/acme/tally")
    assert len(site.asked) < 10


def test_a_server_that_is_not_there_is_a_fault_not_a_crash() -> None:
    sleeper = Sleeper()
    api = Client("http://127.0.0.1:1", clock=sleeper.clock, sleep=sleeper.sleep)
    with api, pytest.raises(ApiFault, match="ConnectionError"):
        api.page("repos/acme/tally")


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(SourceError, match=re.escape("'api.github.com' is no address")):
        Client("api.github.com")
