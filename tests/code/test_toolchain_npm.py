"""Packages of a registry: archives by hash, locks as of a date, installed without running anything.

The registry is a real server on this machine that npm talks to.
"""

import base64
import hashlib
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from data.errors import EnvironmentFault, SourceError
from envs.code.junit import Status
from envs.code.layout import detect
from envs.code.npm import installed, lock
from envs.code.origins import fetch
from envs.code.origins import npm as registry_of
from envs.code.runs import RunRequest, run_many
from envs.code.tree import File

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")

OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)


def archive(name: str, version: str) -> bytes:
    buffer = io.BytesIO()
    settings = {
        "name": name,
        "version": version,
        "license": "MIT",
        "scripts": {"postinstall": "touch ran", "test": "node --test"},
    }
    files = {
        "package.json": json.dumps(settings),
        "index.js": f"exports.version = '{version}';\n",
        "test/a.test.js": "require('node:test').test('a', () => {});\n",
    }
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for path, text in files.items():
            member = tarfile.TarInfo(f"package/{path}")
            member.size = len(text)
            packed.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Registry:
    """Serves `archives` by name and version; each version is a year older than the next."""

    def __init__(self) -> None:
        self.archives: dict[tuple[str, str], bytes] = {}
        self.hashed: dict[tuple[str, str], bytes] = {}
        self.sizes: dict[str, int] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = registry.answer(self.path)
                self.send_response(200 if content else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"

    def publish(self, name: str, version: str) -> None:
        self.archives[name, version] = self.hashed[name, version] = archive(name, version)

    def answer(self, path: str) -> bytes:
        parts = path.strip("/").split("/")
        if len(parts) == 2:
            return self.archives.get((parts[0], parts[1].removesuffix(".tgz")), b"")
        versions = sorted(v for n, v in self.archives if n == parts[0])
        if not versions:
            return b""
        described = {
            "name": parts[0],
            "dist-tags": {"latest": versions[-1]},
            "versions": {v: self.version(parts[0], v) for v in versions},
            "time": {v: f"20{19 + 3 * i}-06-01T00:00:00.000Z" for i, v in enumerate(versions)},
        }
        return json.dumps(described).encode()

    def version(self, name: str, version: str) -> dict[str, Any]:
        content = self.hashed[name, version]
        digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
        dist = {
            "tarball": f"{self.address}/{name}/{version}.tgz",
            "shasum": hashlib.sha1(content).hexdigest(),
            "integrity": f"sha512-{digest}",
            "unpackedSize": self.sizes.get(name, 100),
        }
        return {
            "name": name,
            "version": version,
            "license": "MIT",
            "hasInstallScript": True,
            "dist": dist,
        }


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    found = Registry()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv("npm_config_registry", found.address)
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    registry_of._view.cache_clear()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


def test_a_release_is_fetched_once_and_known_by_its_hash(registry: Registry) -> None:
    registry.publish("left", "1.10.0")
    registry.publish("left", "1.9.0")
    found = registry_of.releases("left")
    assert [release.version for release in found] == ["1.9.0", "1.10.0"]
    assert registry_of.licence(found[0]) == "MIT"
    origin = registry_of.origin_of(found[0])
    assert origin.sha256 == hashlib.sha256(registry.archives["left", "1.9.0"]).hexdigest()
    registry.archives.clear()
    tree = fetch(origin)
    assert tree["index.js"].content == b"exports.version = '1.9.0';\n"
    assert detect(tree).tests == ("test/a.test.js",)


def test_an_archive_that_changed_or_cannot_be_had_is_refused(registry: Registry) -> None:
    registry.publish("left", "1.0.0")
    origin = registry_of.origin_of(registry_of.releases("left")[0])
    other = origin.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(SourceError, match="another hash than 000000000000"):
        fetch(other)
    with pytest.raises(SourceError, match="registry gives no time of nowhere"):
        registry_of.releases("nowhere")
    for name in ("../x", "-g", "a b", "file:x"):
        with pytest.raises(SourceError, match="no name of a package"):
            registry_of.releases(name)
    for version in ("file:x", "latest", "--global"):
        with pytest.raises(SourceError, match="no version of left"):
            fetch(other.model_copy(update={"version": version}))


def test_an_archive_that_is_too_large_is_not_downloaded(registry: Registry) -> None:
    registry.publish("large", "1.0.0")
    registry.sizes["large"] = 1 << 30
    release = registry_of.releases("large")[0]
    registry.archives["large", "1.0.0"] = b""
    with pytest.raises(SourceError, match="too_large: large 1.0.0"):
        registry_of.origin_of(release)


def test_a_lock_knows_no_later_release_and_is_installed_as_it_says(
    registry: Registry, tmp_path: Path
) -> None:
    for version in ("1.0.0", "1.1.0"):
        registry.publish("left", version)
    pins = lock(["left@^1.0.0"], OLD)
    assert json.loads(pins)["packages"]["node_modules/left"]["version"] == "1.0.0"
    assert registry.address not in pins
    assert '"1.1.0"' in lock(["left@^1.0.0"], NEW)
    folder = installed(pins, tmp_path)
    package = folder / "node_modules" / "left"
    assert sorted(path.name for path in package.iterdir()) == ["index.js", "package.json", "test"]
    text = (
        "const assert = require('assert');\nrequire('node:test').test('old', () => "
        "assert.equal(require('left').version, '1.0.0'));\n"
    )
    tree = {
        "package.json": File(content=b'{"scripts": {"test": "node --test"}}'),
        "index.js": File(content=b""),
        "test.js": File(content=text.encode()),
    }
    layout = detect(tree)
    toolchain = layout.toolchain.model_copy(update={"lock": pins})
    (run,) = run_many([RunRequest(tree, toolchain, layout.tests)])
    assert {name: result.status for name, result in run.results.items()} == {
        "test.js::old": Status.PASSED
    }


def test_what_cannot_be_resolved_or_is_not_what_was_locked_is_told(
    registry: Registry, tmp_path: Path
) -> None:
    registry.publish("left", "1.0.0")
    with pytest.raises(SourceError, match="dependencies: cannot resolve left@.9.0.0"):
        lock(["left@^9.0.0"], NEW)
    pins = lock(["left@^1.0.0"], NEW)
    registry.archives["left", "1.0.0"] = archive("left", "6.6.6")
    with pytest.raises(EnvironmentFault, match="cannot install"):
        installed(pins, tmp_path)
    assert list(tmp_path.glob("node-*")) == []
    with pytest.raises(EnvironmentFault, match="no lock file"):
        installed("{}", tmp_path)
