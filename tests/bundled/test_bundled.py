"""Assembling the bundled model, and what is said where it cannot be served."""

import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import UserError
from model.base import Base
from model.bundled import DELTA, ensure
from model.convert import load
from model.delta import read_manifest
from model.serve import Options, check, command
from model.train.stages import MARKERS
from model.vllm_plugin import compat

ROOT = Path(__file__).resolve().parents[2]


def test_the_model_is_assembled_once_and_survives_a_kill_on_the_way(
    real: Base, tmp_path: Path
) -> None:
    (tmp_path / ".assembling-killed").mkdir()
    folder = ensure(tmp_path)
    stamp = (folder / "config.json").stat().st_mtime_ns
    assert ensure(tmp_path) == folder
    assert (folder / "config.json").stat().st_mtime_ns == stamp
    model = load(folder)
    assert model.config.index_topk == read_manifest(DELTA).index_topk
    # Training moved the matrices, and of the embedding the markers' rows alone.
    name = "model.layers.7.self_attn.q_proj.weight"
    assert not model.get_parameter(name).equal(real.tensors[name])
    name = "model.embed_tokens.weight"
    moved = (model.get_parameter(name) != real.tensors[name]).any(-1).nonzero().flatten()
    assert tuple(moved.tolist()) == MARKERS
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("bundled-")] == [folder.name]


def test_the_shipped_change_is_small_and_whole() -> None:
    files = [DELTA / shard.name for shard in read_manifest(DELTA).shards]
    assert all(file.stat().st_size < 16 << 20 for file in files)
    assert sum(file.stat().st_size for file in files) < 60 << 20
    assert sorted(files) == sorted(DELTA.glob("*.safetensors"))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("", "not installed here; pip install vllm"),
        ("0.25.1", "vLLM 0.25.1 is not supported; install one from 0.26 to 0.32"),
        ("0.40.0+cpu", "is not supported"),
    ],
)
def test_a_version_out_of_range_is_refused(
    version: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compat, "installed", lambda: version)
    with pytest.raises(UserError, match=said):
        check(Options())


@pytest.mark.parametrize("version", ["0.26.0", "0.32.0+cpu"])
def test_both_ends_of_the_range_are_accepted(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compat, "installed", lambda: version)
    compat.check_version()


@pytest.mark.skipif(bool(compat.installed()), reason="vLLM is installed in this environment")
def test_serving_without_vllm_ends_with_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "model.serve"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("Error: vLLM is not installed here")


def test_options_of_vllm_are_given_on_as_they_are() -> None:
    words = command(Options(extra=("--max-model-len", "4096")), Path("folder"))
    assert words[-2:] == ["--max-model-len", "4096"]
    assert words[words.index("--tool-call-parser") + 1] == "palaestra_dsml"
