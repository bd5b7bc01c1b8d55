"""An agent can build and test a tree of any language in its world, as the task says."""

import hashlib
from pathlib import Path

import pytest

from data.task import PublicTask
from envs.code.spec import CodeLimits, Parameters, Toolchain
from envs.code.tree import File, Tree
from tests.code.test_toolchain_runs import BUGS, Planted, planted, project
from tests.code.world import opened, task

LIMITS = CodeLimits(command_s=90)
SEEN = {
    "javascript": "not ok",
    "go": "--- FAIL: TestRefill",
    "java": "endsAreOutside",
    "c": "not ok 10",
    "php": "testRefuses with data set #3 ('1h 1h')",
}


def with_toolchain(tree: Tree, toolchain: Toolchain, sources: tuple[str, ...]) -> PublicTask:
    made = task(tree, sources=sources, limits=LIMITS)
    parameters = Parameters.model_validate(made.env.parameters)
    changed = parameters.model_copy(update={"toolchain": toolchain})
    env = made.env.model_copy(update={"parameters": changed.model_dump(mode="json")})
    return made.model_copy(update={"env": env})


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))


# C++ is built as C is, TypeScript run as JavaScript; their compilers are the slowest of all.
@pytest.mark.parametrize("bug", [b for b in BUGS if b.project in SEEN], ids=lambda bug: bug.project)
async def test_the_command_of_the_task_shows_the_bug_and_only_the_fix_leaves(bug: Planted) -> None:
    tree, layout = project(bug.project)
    buggy = planted(tree, bug)
    made = with_toolchain(buggy, layout.toolchain, layout.sources)
    async with opened(made) as world:
        assert layout.toolchain.command in world.first.text
        done = await world.bash(f"{layout.toolchain.command} 2>&1")
        assert SEEN[bug.project] in done.text
        text = tree[bug.path].content.decode()
        await world.call("edit", path=bug.path, old=bug.leaves, new="")
        await world.bash("echo '{}' > package.json; touch Makefile new.txt")
        assert set(world.files) == {bug.path}
        assert world.files[bug.path] == buggy[bug.path].content.decode().replace(bug.leaves, "")
        assert text != world.files[bug.path]


async def test_packages_of_the_lock_are_at_hand_and_git_does_not_speak_of_them(
    tmp_path: Path,
) -> None:
    pins = "what was installed already is found by the hash of its lock"
    folder = tmp_path / "cache" / "sites" / f"node-{hashlib.sha256(pins.encode()).hexdigest()[:32]}"
    site = folder / "node_modules"
    (site / ".bin").mkdir(parents=True)
    (site / ".bin" / "greet").symlink_to("../left/greet.js")
    (site / "left").mkdir()
    (site / "left" / "package.json").write_text('{"name": "left", "version": "1.0.0"}')
    (site / "left" / "index.js").write_text("exports.word = 'from the lock';\n")
    (site / "left" / "greet.js").write_text("#!/usr/bin/env node\nconsole.log('greeted');\n")
    (site / "left" / "greet.js").chmod(0o755)
    tree = {
        "package.json": File(content=b'{"type": "module"}'),
        "a.js": File(content=b"import left from 'left';\nconsole.log(left.word);\n"),
    }
    toolchain = Toolchain(name="node", lock=pins, command="npm test")
    async with opened(with_toolchain(tree, toolchain, ("a.js",))) as world:
        done = await world.bash("node a.js && greet && git status --short | wc -l")
        assert done.text == "from the lock\ngreeted\n0"
