"""Writes down what tests ask of the package they test.

For every call that crosses from test code into the package it records the function as one would
import it, its arguments as literals or as results of earlier calls, and how it ended.
"""

import ast
import builtins
import inspect
import re
import sys
from collections.abc import Collection
from contextlib import suppress
from types import CodeType, FrameType, ModuleType
from typing import Any

MAX_CALLS = 400
MAX_PATH, MAX_ITEMS = 3, 20
"""How deep into a result, and how many items a level, later calls may reach."""
MAX_TEXT = 2_000
"""Characters of an argument; a longer one makes no readable reproduction."""
MAX_RESULT = 4_000
_ADDRESS = re.compile(r"( at)? ?0x[0-9a-f]{6,}|\b[0-9A-F]{9,12}\b")
_STDLIB_VALUES = ("datetime", "decimal", "fractions", "uuid", "pathlib", "collections", "ipaddress")
_PLAIN = (int, float, complex, str, bytes, bool, type(None))


class Opaque(Exception):
    """A value that cannot be written down."""


class Tracer:
    """Records the boundary calls of one test, in the order in which they end."""

    def __init__(self, sources: Collection[str], root: str) -> None:
        """`sources` are the files of the package, `root` is the folder of the tree."""
        self._sources = sources
        self._root = root
        self.calls: list[dict[str, Any]] = []
        self._made: dict[int, tuple[int, str, Any]] = {}
        """By identity: number of the call that gave an object, the way to it, and the object."""
        self._open: dict[FrameType, dict[str, Any]] = {}

    def branch(self) -> "Tracer":
        """A tracer that goes on from here; what it sees stays its own."""
        other = Tracer(self._sources, self._root)
        other.calls = list(self.calls)
        other._made = dict(self._made)
        return other

    def start(self) -> None:
        sys.settrace(self._enter)

    def stop(self) -> None:
        sys.settrace(None)

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        caller = frame.f_back
        inside = frame.f_code.co_filename in self._sources
        if caller is None or not inside or len(self.calls) >= MAX_CALLS:
            return None
        from_test = caller.f_code.co_filename
        if from_test in self._sources or not from_test.startswith(self._root):
            return None
        if frame.f_code.co_flags & (inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
            return None
        if frame not in self._open:
            self._open[frame] = {"call": self._call(frame), "yields": [], "error": None}
        return self._inside

    def _inside(self, frame: FrameType, event: str, value: Any) -> Any:
        entry = self._open.get(frame)
        if entry is None:
            return None
        if event == "exception":
            entry["error"] = value[1] if isinstance(value[1], BaseException) else None
        elif event == "line":
            entry["error"] = None
        elif event == "return":
            self._leave(frame, entry, value)
        return self._inside

    def _leave(self, frame: FrameType, entry: dict[str, Any], value: Any) -> None:
        is_generator = bool(frame.f_code.co_flags & inspect.CO_GENERATOR)
        if is_generator and entry["error"] is None and _suspended(frame):
            entry["yields"].append(self._shown(value))
            return
        del self._open[frame]
        call = entry["call"]
        if entry["error"] is not None:
            error = entry["error"]
            call["raised"] = [type(error).__name__, plain(str(error))]
        elif is_generator:
            call["yielded"] = entry["yields"]
        else:
            made = call.pop("self", None) if call["kind"] == "new" else value
            call["result"] = self._shown(made)
            call["returns"] = _type_name(made)
            self._keep(made, len(self.calls), "")
        call.pop("self", None)
        self.calls.append(call)

    def _keep(self, value: Any, call: int, path: str) -> None:
        """Remembers a result, and what lists, tuples and dicts in it hold, for later calls."""
        if isinstance(value, _PLAIN):
            return
        self._made[id(value)] = (call, path, value)
        if len(re.findall(r"[.\[]", path)) >= MAX_PATH:
            return
        if type(value) in (list, tuple):
            parts = [(f"[{at}]", item) for at, item in enumerate(value)]
        elif type(value) is dict:
            parts = [(f"[{k!r}]", v) for k, v in value.items() if type(k) in (str, int)]
        else:
            parts = [(f".{name}", part) for name, part in _attributes(value)]
        for step, part in parts[:MAX_ITEMS]:
            if id(part) not in self._made:
                self._keep(part, call, path + step)

    def _call(self, frame: FrameType) -> dict[str, Any]:
        code, values = frame.f_code, frame.f_locals
        names = list(code.co_varnames[: code.co_argcount])
        kind, receiver = _kind(code, names, values)
        call: dict[str, Any] = {"kind": kind, "name": code.co_name}
        defaults: dict[str, Any] = {}
        if kind in ("new", "method", "property"):
            names = names[1:]
        try:
            if kind in ("function", "new"):
                call["target"] = _importable(frame, receiver if kind == "new" else None)
            elif kind == "class":
                call["target"] = _path(receiver) + "." + code.co_name
                names = names[1:]
            else:
                call["on"] = self.written(receiver)
            defaults = _defaults(frame, receiver)
            call["arguments"] = self._arguments(code, names, values, defaults)
        except Opaque as reason:
            call["opaque"] = str(reason)
        if kind == "new":
            call["self"] = receiver
        return call

    def _arguments(
        self, code: CodeType, names: list[str], values: dict[str, Any], defaults: dict[str, Any]
    ) -> list[Any]:
        """[name or null, value] in the order of a call; what equals its default is left out."""

        def given_alone(name: str) -> bool:
            return name not in defaults or defaults[name] is not values[name]

        given: list[Any] = [[None, self.written(values[name])] for name in names]
        extra = code.co_argcount
        keyword = code.co_varnames[extra : extra + code.co_kwonlyargcount]
        extra += code.co_kwonlyargcount
        if code.co_flags & inspect.CO_VARARGS:
            given += [[None, self.written(v)] for v in values[code.co_varnames[extra]]]
            extra += 1
        else:
            positional = [name for name in names if name not in defaults]
            by_name = [name for name in names if name in defaults and given_alone(name)]
            given = [[None, self.written(values[name])] for name in positional]
            given += [[name, self.written(values[name])] for name in by_name]
        given += [[name, self.written(values[name])] for name in keyword if given_alone(name)]
        if code.co_flags & inspect.CO_VARKEYWORDS:
            given += [[k, self.written(v)] for k, v in values[code.co_varnames[extra]].items()]
        return given

    def written(self, value: Any) -> dict[str, Any]:
        """{"ref": number of an earlier call, "path": in its result}, or {"code": an expression, "imports": modules}."""
        if id(value) in self._made:
            number, path, _ = self._made[id(value)]
            return {"ref": number, "path": path}
        text = literal(value)
        if text is not None:
            return {"code": text, "imports": []}
        module = type(value).__module__.partition(".")[0]
        if module in _STDLIB_VALUES:
            written = repr(value)
            if not written.startswith(f"{module}."):
                written = f"{module}.{written}"
            try:
                if eval(written, {module: sys.modules[module]}) == value:
                    return {"code": written, "imports": [module]}
            except Exception as error:
                raise Opaque(f"a {_type_name(value)}") from error
        if isinstance(value, type) or inspect.isfunction(value) or inspect.isbuiltin(value):
            path = _path(value)
            return {"code": path, "imports": [path.rpartition(".")[0]] if "." in path else []}
        return self._global(value)

    def _global(self, value: Any) -> dict[str, Any]:
        """An object that a module of the package has by name."""
        for owner in self._modules():
            for name, found in list(vars(owner).items()):
                if found is value and not name.startswith("_"):
                    return {"code": f"{owner.__name__}.{name}", "imports": [owner.__name__]}
        raise Opaque(f"a {_type_name(value)}")

    def _modules(self) -> list[ModuleType]:
        """The package's own modules, shortest name first."""
        found = [m for m in sys.modules.values() if getattr(m, "__file__", "") in self._sources]
        return sorted(found, key=lambda m: (m.__name__.count("."), m.__name__))

    def _shown(self, value: Any) -> str:
        try:
            return plain(repr(value))
        except Exception as error:  # noqa: BLE001 - whatever a stranger's repr raises
            return f"<{type(error).__name__} from repr>"


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Public attributes that are stored, not computed; nothing of the object is run."""
    own = dict(vars(value)) if not isinstance(value, type) and hasattr(value, "__dict__") else {}
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            descriptor = kind.__dict__.get(name)
            if inspect.ismemberdescriptor(descriptor):
                with suppress(AttributeError):
                    own[name] = descriptor.__get__(value)
    return [(name, part) for name, part in own.items() if not str(name).startswith("_")]


def _suspended(frame: FrameType) -> bool:
    """Whether a generator's frame gave a value and goes on, rather than ended."""
    code = frame.f_code.co_code
    at = frame.f_lasti
    return 0 <= at < len(code) and _OPNAMES[code[at]] == "YIELD_VALUE"


def plain(text: str) -> str:
    text = _ADDRESS.sub("", text)
    return text if len(text) <= MAX_RESULT else text[:MAX_RESULT] + "..."


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def literal(value: Any) -> str | None:
    """Source of an equal value of exactly these types; None if there is none, or it is too long."""
    if not _is_literal(value, 6):
        return None
    text = repr(value)
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return text if same and len(text) <= MAX_TEXT else None


def _is_literal(value: Any, depth: int) -> bool:
    if type(value) in _PLAIN:
        return True
    if depth and type(value) in (list, tuple, set):
        return bool(value or type(value) is not set) and all(
            _is_literal(v, depth - 1) for v in value
        )
    if depth and type(value) is dict:
        return all(
            _is_literal(k, depth - 1) and _is_literal(v, depth - 1) for k, v in value.items()
        )
    return False


def _kind(code: CodeType, names: list[str], values: dict[str, Any]) -> tuple[str, Any]:
    """How the call was written, and the object or class that it was made on."""
    if not names or "." not in code.co_qualname:
        return "function", None
    first = values.get(names[0])
    if isinstance(first, type):
        return ("new" if code.co_name == "__new__" else "class"), first
    owner = type(first)
    found = inspect.getattr_static(owner, code.co_name, None)
    if isinstance(found, property) or type(found).__name__ == "cached_property":
        return "property", first
    if code.co_name == "__init__":
        return "new", first
    return ("method", first) if found is not None else ("function", None)


def _importable(frame: FrameType, made: Any) -> str:
    """The shortest dotted path under which a function, or the class of `made`, can be imported."""
    if made is not None:
        return _path(made if isinstance(made, type) else type(made))
    module = sys.modules.get(frame.f_globals.get("__name__", ""))
    found: Any = module
    for part in frame.f_code.co_qualname.split("."):
        found = getattr(found, part, None)
    if found is None:
        raise Opaque("a local function")
    return _path(found)


def _defaults(frame: FrameType, receiver: Any) -> dict[str, Any]:
    """Defaults of the function that runs in `frame`; empty where the function is not found."""
    owner = receiver if isinstance(receiver, type) else type(receiver)
    found: Any = inspect.getattr_static(owner, frame.f_code.co_name, None)
    if receiver is None:
        found = frame.f_globals.get(frame.f_code.co_name)
    found = inspect.unwrap(getattr(found, "__func__", found)) if found is not None else None
    if getattr(found, "__code__", None) is not frame.f_code:
        return {}
    names = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    defaults = found.__defaults__ or ()
    last = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    return last | (found.__kwdefaults__ or {})


def _path(value: Any) -> str:
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not module or not name or "<" in name:
        raise Opaque(f"a {_type_name(value)}")
    if module == builtins.__name__:
        return str(name)
    parts = module.split(".")
    for end in range(1, len(parts) + 1):
        found: Any = sys.modules.get(".".join(parts[:end]))
        for part in name.split("."):
            found = getattr(found, part, None)
        if found is value or getattr(found, "__wrapped__", None) is value:
            return f"{'.'.join(parts[:end])}.{name}"
    raise Opaque(f"{name}, which cannot be imported")


def _opnames() -> list[str]:
    import dis

    return list(dis.opname)


_OPNAMES = _opnames()
