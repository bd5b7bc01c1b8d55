"""Images of toolchains: made aside or not at all, seen in both kinds of sandbox, found again."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from data.errors import EnvironmentFault
from envs import sandbox
from envs.code import images
from envs.code.images import Image, Recipe, image, mounts, reap
from envs.code.images.mirror import Mirror, machine_mirror
from envs.sandbox.base import Limits, Provider

ROOT = Path(__file__).resolve().parents[2]
LONG_S = 20
RECIPE = Recipe(packages=("golang-go",))

MAKER = """
import sys
from envs.code import images
from envs.code.images.mirror import Mirror
images.machine_mirror = lambda: Mirror(sys.argv[1], "bookworm", ("main",))
images.image(images.Recipe(packages=("golang-go",)))
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="making an image takes root")
needs_debootstrap = pytest.mark.skipif(
    shutil.which("debootstrap") is None, reason="debootstrap is not installed"
)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def small(cache: Path) -> Image:
    """An image of a shell and little else, taken from this machine."""
    made = Image(sha256="5" * 64, versions={"dash": "1"})
    (made.root / "usr/bin").mkdir(parents=True)
    (made.root / "etc/alternatives").mkdir(parents=True)
    (made.root / "etc/alternatives/marker").write_text("of the image")
    programs = [Path(shutil.which(name) or "").resolve() for name in ("sh", "ls", "cat")]
    for program, name in zip(programs, ("sh", "ls", "cat"), strict=True):
        shutil.copy(program, made.root / "usr/bin" / name)
    # In a container, our supervisor starts on the image's libraries.
    ours = [
        Path(sys.executable),
        *Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("*.so"),
    ]
    said = subprocess.run(["ldd", *programs, *ours], capture_output=True, text=True, check=True)
    libraries = {word for word in said.stdout.split() if word.startswith("/") and ":" not in word}
    for library in libraries:
        if not library.startswith(("/lib", "/usr/lib")):
            continue
        # Top-level folders of libraries are links into /usr.
        inner = library if library.startswith("/usr/") else f"/usr{library}"
        (made.root / inner[1:]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(Path(library).resolve(), made.root / inner[1:])
    return made


@pytest_asyncio.fixture(params=["namespace", pytest.param("docker", marks=pytest.mark.docker)])
async def provider(request: pytest.FixtureRequest) -> AsyncIterator[Provider]:
    provider = sandbox.named(request.param)
    yield provider
    await provider.close()


async def test_programs_of_a_sandbox_with_an_image_are_the_images(
    provider: Provider, small: Image
) -> None:
    try:
        given = mounts(small)
        async with provider.open(Limits(), given) as box:
            done = await box.exec(["ls", "/usr/bin"], timeout_s=LONG_S)
            assert done.stdout == b"cat\nls\nsh\n"
            assert (await box.exec(["git"], timeout_s=LONG_S)).status == 127
            script = "cat /etc/alternatives/*; cat /etc/passwd"
            done = await box.exec(["sh", "-c", script], timeout_s=LONG_S)
            assert done.stdout.startswith(b"of the imageroot:x:0:")
    except EnvironmentFault as reason:
        pytest.skip(str(reason))


@needs_root
@needs_debootstrap
def test_an_image_that_cannot_be_made_is_one_line_and_leaves_nothing(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror = Mirror(f"file://{tmp_path}/no-mirror", "bookworm", ("main",))
    monkeypatch.setattr(images, "machine_mirror", lambda: mirror)
    before = Path("/proc/self/mountinfo").read_text()
    with pytest.raises(EnvironmentFault, match="an image of golang-go cannot be made: ") as fault:
        image(RECIPE)
    assert "\n" not in str(fault.value)
    assert list((cache / "images").iterdir()) == []
    assert Path("/proc/self/mountinfo").read_text() == before


@needs_root
@needs_debootstrap
def test_kill_9_of_a_maker_leaves_no_process_or_mount_and_a_folder_that_is_reaped(
    cache: Path, tmp_path: Path
) -> None:
    index = tmp_path / "mirror/dists/bookworm/InRelease"
    index.parent.mkdir(parents=True)
    os.mkfifo(index)  # debootstrap reads it, and waits for as long as we like
    command = [sys.executable, "-c", MAKER, f"file://{tmp_path}/mirror"]
    maker = subprocess.Popen(command, cwd=ROOT)
    with index.open("wb"):  # opens once somebody reads
        assert reap() == 0
        maker.send_signal(signal.SIGKILL)
        maker.wait()
    with pytest.raises(OSError, match="No such device or address"):
        # Nobody reads any more: what the maker had started is gone.
        os.close(_opened_while_read(index))
    assert [path.name[:7] for path in (cache / "images").iterdir()] == [".image-"]
    assert reap() == 1
    assert list((cache / "images").iterdir()) == []


def _opened_while_read(pipe: Path) -> int:
    """Opens `pipe` for writing until there is no reader left to open it for."""
    for _ in range(100_000):
        os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
    return os.open(pipe, os.O_WRONLY)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "sources.list.d/debian.sources",
            "Types: deb\n# a comment\nURIs: http://mirror.invalid/debian\n"
            "Suites: bookworm bookworm-updates\nComponents: main contrib\nSigned-By: /keys.gpg\n\n"
            "Types: deb-src\nURIs: http://other.invalid\nSuites: bookworm\nComponents: main\n",
        ),
        (
            "sources.list",
            "# deb http://old.invalid/debian bookworm main\n"
            "deb [arch=amd64 signed-by=/keys.gpg] http://mirror.invalid/debian bookworm main contrib\n",
        ),
    ],
    ids=["deb822", "one line"],
)
def test_the_mirror_is_the_machines_own(tmp_path: Path, name: str, text: str) -> None:
    release = tmp_path / "os-release"
    release.write_text('ID=debian\nVERSION_CODENAME="bookworm"\n')
    place = tmp_path / "apt" / name
    place.parent.mkdir(parents=True)
    place.write_text(text)
    found = machine_mirror(tmp_path / "apt", release)
    assert found == Mirror(
        "http://mirror.invalid/debian", "bookworm", ("main", "contrib"), "/keys.gpg"
    )
    release.write_text("VERSION_CODENAME=other\n")
    with pytest.raises(EnvironmentFault, match="no package mirror for other"):
        machine_mirror(tmp_path / "apt", release)
