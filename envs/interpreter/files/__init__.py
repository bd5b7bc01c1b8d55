"""The data files of a task's world, made again byte for byte from their recipes."""

from functools import lru_cache
from hashlib import sha256

from pydantic import ValidationError

from data.errors import TaskError
from data.hashing import canonical_json
from data.task import JsonObject
from envs.interpreter.files.dirt import soiled
from envs.interpreter.files.formats import written
from envs.interpreter.files.recipe import FactsRecipe, FileSpec, Recipe, TableRecipe, TextRecipe
from envs.interpreter.files.recipe import WorldParameters as WorldParameters
from envs.interpreter.files.sample import clean_table

File = tuple[str, bytes]


def build_files(parameters: JsonObject) -> list[File]:
    """Name and bytes of every file of `EnvSpec.parameters`.

    Raises `TaskError` if the parameters do not parse, or a source gives other bytes than it did
    when the task was made; `SourceError` if a source is not there.
    """
    return list(_built(canonical_json(parameters.get("files"))))


@lru_cache(maxsize=64)
def _built(files: str) -> tuple[File, ...]:
    # A task's files are asked for many times in a row: by its certificate, by every attempt.
    try:
        specs = WorldParameters.model_validate_json(f'{{"files":{files}}}').files
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TaskError(f"the recipe of a data file is altered: {where}: {first['msg']}") from error
    return tuple((spec.name, _checked(spec)) for spec in specs)


def _checked(spec: FileSpec) -> bytes:
    made = file_bytes(spec.recipe)
    found = sha256(made).hexdigest()
    if found != spec.sha256:
        raise TaskError(
            f"{spec.name} is not what it was when the task was made: expected SHA-256 "
            f"{spec.sha256[:12]}, found {found[:12]}; install the version the task names"
        )
    return made


def file_bytes(recipe: Recipe) -> bytes:
    match recipe:
        case TextRecipe():
            return recipe.text.encode()
        case FactsRecipe():
            return written(clean_table(recipe), recipe.format)
        case TableRecipe():
            dirty = soiled(clean_table(recipe), recipe.dirt, recipe.sample.seed)
            return written(dirty, recipe.format)


def file_spec(name: str, recipe: Recipe) -> FileSpec:
    """The file of `recipe`, with the hash of the bytes that it gives now."""
    return FileSpec(name=name, recipe=recipe, sha256=sha256(file_bytes(recipe)).hexdigest())
