"""The tensor side stays invisible until one of its modules is asked for."""

import subprocess
import sys


def test_importing_model_and_kernels_loads_neither_torch_nor_triton() -> None:
    code = "import model, kernels, sys; print(sorted({'torch', 'triton'} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"
