"""What one JSON object is: a line of ours, an object of the REST API, or an event of GH Archive.

Events wrap the API's objects. Since October 2025 those of pull requests are cut down to a number and
two branches, so that titles and merge commits have to come from elsewhere: from the API, or from the
clone, whose merge commits name the number.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple


class Unpacked(NamedTuple):
    kind: str
    """A member of `records.Kind`."""
    repository: str
    """`owner/name`; '' where the object does not say."""
    data: dict[str, Any]


def unpacked(item: dict[str, Any]) -> Iterator[Unpacked]:
    """The records in `item`; none for what is of no interest, such as an event of another type."""
    if isinstance(item.get("data"), dict) and isinstance(item.get("record"), str):
        yield Unpacked(item["record"], str(item.get("repository", "")), item["data"])
    elif isinstance(item.get("payload"), dict):
        repository = item.get("repo")
        name = repository.get("name", "") if isinstance(repository, dict) else ""
        yield from _of_event(item["payload"], str(name))
    elif kind := _kind(item):
        yield Unpacked(kind, "", item)


def _of_event(payload: dict[str, Any], repository: str) -> Iterator[Unpacked]:
    issue, pull, comment = (payload.get(key) for key in ("issue", "pull_request", "comment"))
    if isinstance(pull, dict):
        yield Unpacked("pull", repository, pull)
    if isinstance(issue, dict) and "pull_request" not in issue:
        yield Unpacked("issue", repository, issue)
    if isinstance(issue, dict) and isinstance(comment, dict):
        # Reviews of a pull request come without an issue, and say how to fix rather than what is wrong.
        yield Unpacked("comment", repository, comment)


def _kind(item: dict[str, Any]) -> str:
    if "full_name" in item:
        return "repository"
    if "merge_commit_sha" in item:
        return "pull"
    if "issue_url" in item and "id" in item:
        return "comment"
    if "number" in item and "title" in item:
        # The API lists pull requests among the issues too; there they lack what matters.
        return "" if "pull_request" in item else "issue"
    return ""
