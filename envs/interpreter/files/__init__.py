"""The data files of a task's world, made again byte for byte from their recipes."""

from functools import lru_cache
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from data.errors import SourceError, TaskError
from data.hashing import canonical_json
from envs.interpreter.files.dirt import soiled
from envs.interpreter.files.formats import written
from envs.interpreter.files.recipe import FactsRecipe, Recipe, TableRecipe, TextRecipe
from envs.interpreter.files.sample import clean_table
from envs.interpreter.world import DataFile, Parameters

_RECIPES: TypeAdapter[Recipe] = TypeAdapter(Recipe)


def build_files(parameters: Parameters) -> list[tuple[str, bytes]]:
    """Name and content of every file, in the order of `parameters.files`.

    Raises `TaskError` for a recipe that this version cannot follow, or whose table is not there any
    more; the caller compares the hashes.
    """
    return [(file.name, _built(canonical_json(file.recipe))) for file in parameters.files]


@lru_cache(maxsize=64)
def _built(recipe: str) -> bytes:
    """A task's files are asked for many times in a row: by its certificate, by every attempt."""
    try:
        return file_bytes(_RECIPES.validate_json(recipe))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise TaskError(f"the recipe of a data file is altered: {where}: {first['msg']}") from error
    except SourceError as error:
        raise TaskError(f"a data file cannot be made again: {error}") from error


def file_bytes(recipe: Recipe) -> bytes:
    match recipe:
        case TextRecipe():
            return recipe.content
        case FactsRecipe():
            return written(clean_table(recipe), recipe.format)
        case TableRecipe():
            dirty = soiled(clean_table(recipe), recipe.dirt, recipe.sample.seed)
            return written(dirty, recipe.format)


def data_file(name: str, recipe: Recipe) -> DataFile:
    """The file of `recipe`, with the hash of the bytes that it gives now."""
    plain = recipe.model_dump(mode="json", exclude_defaults=True) | {"kind": recipe.kind}
    digest = sha256(_built(canonical_json(plain))).hexdigest()
    return DataFile(name=name, recipe=plain, sha256=digest)
