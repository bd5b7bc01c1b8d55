"""Triton kernels of DeepSeek Sparse Attention, one folder an operation.

`reference.py` defines the operation in plain torch, `kernel.py` is the fast path, `bench.py`
declares its shapes, and the package itself exports the one public function. Importing `kernels`
loads neither torch nor triton: other libraries probe a module of this name for a version.
"""
