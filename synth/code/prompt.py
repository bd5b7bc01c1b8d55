"""The two messages an agent starts from: how the work goes and is judged, and the issue."""

from collections.abc import Sequence

from data.task import Language, Message, Role
from envs.code.spec import REPOSITORY

SYSTEM = {
    Language.EN: """\
You are a software engineer. A repository lies in {repository}; below is an issue that somebody \
filed about it. Change the code so that the issue is resolved and nothing else breaks.

- `bash` is a shell that keeps its state from call to call; `view` shows a file or folder; `edit` \
replaces text in a file. There is no network, and nothing needs to be installed.
- The tests are run with `{command}`; those that judge your work are not among the ones you see.
- Only what you change in {sources} is taken over. Tests, configuration and all other files are put \
back as they were before your change is judged, in a fresh copy of the repository.
- When you are done, call `submit`, then say in one or two sentences what was wrong.""",
    Language.ZH: """\
你是一名软件工程师。{repository} 中有一个代码仓库，下面是有人针对它提交的一个问题（issue）。\
请修改代码，使问题得到解决，同时不破坏其他功能。

- `bash` 是一个在多次调用之间保持状态的 shell；`view` 查看文件或目录；`edit` 替换文件中的文字。\
没有网络，也不需要安装任何东西。
- 测试用 `{command}` 运行；用来评判你的工作的测试不在其中。
- 只有你在 {sources} 中所做的修改会被采用。评判在一份全新的仓库副本中进行，测试、配置和其他文件都会恢复原样。
- 完成后请调用 `submit`，然后用一两句话说明问题出在哪里。""",
}


def prompt(
    title: str, body: str, command: str, sources: Sequence[str], language: Language
) -> tuple[Message, ...]:
    """`sources` as in `envs.code.spec.Parameters`."""
    separator = ", " if language is Language.EN else "、"
    shown = separator.join(f"`{path}`" for path in _outermost(sources))
    system = SYSTEM[language].format(repository=REPOSITORY, command=command, sources=shown)
    return (
        Message(role=Role.SYSTEM, content=system),
        Message(role=Role.USER, content=f"# {title}\n\n{body}"),
    )


def _outermost(sources: Sequence[str]) -> list[str]:
    """Folders that lie in no other of `sources`, and modules that lie in none of those."""
    folders = [path for path in sources if path.endswith("/")]
    return sorted(
        path
        for path in sources
        if not any(path != folder and path.startswith(folder) for folder in folders)
    )
