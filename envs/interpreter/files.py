"""The bytes of a task's data files, made again from their recipes."""

from envs.interpreter.world import Parameters


def build_files(parameters: Parameters) -> list[tuple[str, bytes]]:
    """Name and content of every file, in the order of `parameters.files`.

    The same recipe gives the same bytes on every machine. Raises `TaskError` for a recipe that this
    version cannot follow; the caller compares the hashes.
    """
    raise NotImplementedError
