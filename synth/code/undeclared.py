"""What a release's tests import although its metadata name it nowhere.

Old releases leave to a `tox.ini` or to a service what their tests need. Only well-known libraries
are added, by the names under which they are imported; the rest stays missing.
"""

import re
import sys

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envs.code.project import Project, is_configuration, is_test
from envs.code.tree import Tree

_SAME = re.findall(
    r"\S+",
    "aiohttp anyio asgiref attrs babel bidict blinker boltons certifi chardet click colorama "
    "cryptography ddt defusedxml dirty_equals dj_database_url dj_email_url django "
    "django_cache_url docutils exceptiongroup expects flask freezegun frozendict gevent greenlet "
    "h11 h2 hpack html5lib httpx hypothesis idna immutables inline_snapshot iso8601 isodate "
    "itsdangerous jinja2 jmespath jsonpointer jsonschema lark libcst lxml markdown markupsafe "
    "marshmallow mock more_itertools multidict networkx nose numpy orjson pandas parameterized "
    "passlib peewee phonenumbers pint polib pretend priority psutil pydantic pyfakefs pyparsing "
    "pyperclip pytz regex requests requests_mock responses rich sh simplejson six sniffio "
    "sortedcontainers sqlalchemy sybil tabulate testfixtures time_machine tinycss2 toml tomli "
    "tomlkit toolz tornado trio trustme typeguard typing_extensions tzdata tzlocal ujson "
    "uritemplate urllib3 watchdog wcwidth webcolors webtest werkzeug wsproto xmltodict",
)
DISTRIBUTIONS = {
    **{name: name.replace("_", "-") for name in _SAME},
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cssselect": "cssselect",
    "dateutil": "python-dateutil",
    "pkg_resources": "setuptools",
    "pytest_asyncio": "pytest-asyncio",
    "pytest_lazyfixture": "pytest-lazy-fixture",
    "pytest_mock": "pytest-mock",
    "pytest_subtests": "pytest-subtests",
    "yaml": "pyyaml",
    "zoneinfo": "tzdata",
}
"""By the name that is imported."""
_PLUGINS = {
    "pytest-asyncio": re.compile(r"mark\.asyncio\b"),
    "pytest-mock": re.compile(r"\bdef \w+\([^)]*\bmocker\b"),
    "pytest-subtests": re.compile(r"\bdef \w+\([^)]*\bsubtests\b"),
    "pytest-datadir": re.compile(r"\bdef \w+\([^)]*\b(shared_)?datadir\b"),
}
"""What a test uses of a plug-in that it never imports."""
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+(\w+))", re.MULTILINE)


def undeclared(project: Project, tree: Tree) -> tuple[str, ...]:
    """Distributions that the tests of `tree` ask for and that `project` does not, in order."""
    texts = [
        file.content.decode(errors="replace")
        for path, file in tree.items()
        if path.endswith(".py") and (is_test(path) or is_configuration(path))
    ]
    imported = {name for text in texts for found in _IMPORT.findall(text) for name in found}
    imported -= {*sys.stdlib_module_names, *_own(tree)} - {"zoneinfo"}
    wanted = {DISTRIBUTIONS[name] for name in imported if name in DISTRIBUTIONS}
    wanted |= {name for name, use in _PLUGINS.items() if any(use.search(text) for text in texts)}
    known = {
        canonicalize_name(Requirement(requirement).name)
        for requirement in (*project.requirements, *project.test_requirements)
    }
    return tuple(sorted(wanted - known - {canonicalize_name(project.name)}))


def _own(tree: Tree) -> set[str]:
    """Names of the folders and modules of `tree`, which are imported from it."""
    parts = {part for path in tree if path.endswith(".py") for part in path.split("/")}
    return {part.removesuffix(".py") for part in parts}
