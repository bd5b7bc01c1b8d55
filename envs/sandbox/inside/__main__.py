"""`python -m inside CONTROL`: a nursery, or the supervisor of a container.

CONTROL is the number of a descriptor or the path of a socket. The first frame that comes is the
configuration: `mode` ("nursery", "container"), `environment`, `programs` (name to source), and for
a container its `allowance` and `watched_bytes`.
"""

import gc
import socket
import sys
import types

from . import confine, nursery, supervisor
from .frames import Reader


def main(where: str) -> None:
    control = _control(where)
    reader = Reader()
    while not (frame := reader.next()):
        if not reader.receive(control):
            return
    config = frame.header
    programs = _load(config["programs"])
    # What is alive now stays alive: without this, collections would unshare its pages.
    gc.collect()
    gc.freeze()
    if config["mode"] == "nursery":
        nursery.serve(control, config["environment"], programs)
    else:
        confine.limit(confine.Allowance(**config["allowance"]))
        confine.drop_privileges()
        supervisor.run(control, config["environment"], programs, config["watched_bytes"])


def _control(where: str) -> socket.socket:
    if where.isdigit():
        return socket.socket(fileno=int(where))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.connect(where)
    return control


def _load(sources: dict[str, str]) -> dict[str, supervisor.Main]:
    loaded = {}
    for name, source in sources.items():
        sys.modules[name] = module = types.ModuleType(name)
        exec(compile(source, f"<{name}>", "exec"), module.__dict__)
        if "main" in module.__dict__:
            loaded[name] = module.main
    return loaded


if __name__ == "__main__":
    main(sys.argv[1])
