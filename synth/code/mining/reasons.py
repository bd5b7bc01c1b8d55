"""Why a change of a repository is no task: one machine word each, as the funnel counts them."""

from enum import StrEnum
from typing import NamedTuple


class Reason(StrEnum):
    NO_PARENT = "no_parent"
    BOT = "bot"
    REVERT = "revert"
    REVERTED = "reverted"
    BRANCH_SYNC = "branch_sync"
    BACKPORT = "backport"
    DUPLICATE = "duplicate"
    PART_OF_PULL = "part_of_pull"
    DEPENDENCIES = "dependencies"
    ODD_PATH = "odd_path"
    NO_SOURCE = "no_source"
    NO_TESTS = "no_tests"
    TOO_MANY_FILES = "too_many_files"
    NOT_A_FIX = "not_a_fix"
    NO_ISSUE = "no_issue"
    SEVERAL_ISSUES = "several_issues"
    SHARED_ISSUE = "shared_issue"
    ISSUE_GONE = "issue_gone"
    ISSUE_OPEN = "issue_open"
    ISSUE_BOT = "issue_bot"
    ISSUE_LABEL = "issue_label"
    ISSUE_NOT_PLANNED = "issue_not_planned"
    ISSUE_AFTER_FIX = "issue_after_fix"
    ISSUE_QUESTION = "issue_question"
    ISSUE_SHORT = "issue_short"
    ISSUE_LONG = "issue_long"
    ISSUE_LANGUAGE = "issue_language"
    ISSUE_VISUAL = "issue_visual"
    ISSUE_EXTERNAL = "issue_external"
    ISSUE_VAGUE = "issue_vague"
    ISSUE_TELLS_FIX = "issue_tells_fix"
    PULL_MISMATCH = "pull_mismatch"
    BINARY = "binary"
    TOO_MANY_LINES = "too_many_lines"
    NO_CODE_CHANGE = "no_code_change"
    ADDS_MUCH = "adds_much"
    REMOVES_NAMES = "removes_names"
    UNTOLD_NAMES = "untold_names"
    OTHER_SYNTAX = "other_syntax"
    OUTSIDE_SOURCES = "outside_sources"
    BUILD_CHANGED = "build_changed"
    NO_LICENCE = "no_licence"
    UNREADABLE = "unreadable"


MEANINGS = {
    Reason.NO_PARENT: "the first commit has nothing before it",
    Reason.BOT: "made by a bot",
    Reason.REVERT: "takes another change back, or brings it again",
    Reason.REVERTED: "taken back later",
    Reason.BRANCH_SYNC: "only brings a branch up to date",
    Reason.BACKPORT: "made for another branch first",
    Reason.DUPLICATE: "the same edit of source lines as an older change",
    Reason.PART_OF_PULL: "one of the commits of a rebased pull request, which counts as a whole",
    Reason.DEPENDENCIES: "raises versions of dependencies",
    Reason.ODD_PATH: "touches a link, a submodule, or a path that is not UTF-8 or leaves the tree",
    Reason.NO_SOURCE: "changes no source file: documentation, tests or configuration alone",
    Reason.NO_TESTS: "changes no test module, so that nothing tells before from after",
    Reason.TOO_MANY_FILES: "touches too many files to be one fix",
    Reason.NOT_A_FIX: "says that it is something else (feature, refactoring, release), or not that it fixes",
    Reason.NO_ISSUE: "closes no issue",
    Reason.SEVERAL_ISSUES: "closes more issues than one statement can tell",
    Reason.SHARED_ISSUE: "other changes say that they close the same issue, so this one may be a part",
    Reason.ISSUE_GONE: "its issue is not in the records: deleted, moved or private",
    Reason.ISSUE_OPEN: "its issue is open still",
    Reason.ISSUE_BOT: "its issue was opened by a bot",
    Reason.ISSUE_LABEL: "the labels of its issue say that it is no bug",
    Reason.ISSUE_NOT_PLANNED: "its issue was closed as not planned or as a duplicate",
    Reason.ISSUE_AFTER_FIX: "its issue was opened after the fix was made",
    Reason.ISSUE_QUESTION: "its issue asks how to do something",
    Reason.ISSUE_SHORT: "too little is left of its issue's text",
    Reason.ISSUE_LONG: "its issue's text is too long",
    Reason.ISSUE_LANGUAGE: "its issue is in neither English nor Chinese",
    Reason.ISSUE_VISUAL: "its issue needs a picture to be understood",
    Reason.ISSUE_EXTERNAL: "what its issue says is behind a link",
    Reason.ISSUE_VAGUE: "its issue tells no symptom: no code, no error, nothing expected",
    Reason.ISSUE_TELLS_FIX: "its issue contains lines of the fix",
    Reason.PULL_MISMATCH: "the clone's change touches other files than the pull request",
    Reason.BINARY: "touches files that are no text",
    Reason.TOO_MANY_LINES: "changes too many lines of source",
    Reason.NO_CODE_CHANGE: "only comments, docstrings, annotations or layout change",
    Reason.ADDS_MUCH: "adds so many public names that it is a feature",
    Reason.REMOVES_NAMES: "removes public names",
    Reason.UNTOLD_NAMES: "its tests use names that it brings and that neither the issue nor the source has",
    Reason.OTHER_SYNTAX: "has source that this version of Python does not parse",
    Reason.OUTSIDE_SOURCES: "changes files that are no modules of its packages: a build script, data, another language",
    Reason.BUILD_CHANGED: "changes what the project requires, so before and after need different worlds",
    Reason.NO_LICENCE: "no licence is told",
    Reason.UNREADABLE: "git cannot read it: a partial or damaged clone, or a tree too large",
}
"""For the documentation. Where the project itself is of no use, the word is `project.describe`'s."""


class Refusal(NamedTuple):
    reason: str
    """A `Reason`, or the first word of why `envs.code.project.describe` refuses the tree."""
    commit: str
    detail: str = ""
