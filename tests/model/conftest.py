"""One thread: the same sums on every machine, and no contention between test processes."""

import pytest
import torch


@pytest.fixture(autouse=True)
def _single_thread() -> None:
    torch.set_num_threads(1)
