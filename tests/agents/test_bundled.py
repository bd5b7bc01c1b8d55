"""Finding the bundled model's server, and what is said where there is none."""

import asyncio
import sys
from pathlib import Path

import pytest

from agents import bundled
from agents.bundled import at_its_url, python_with_vllm, running, serving
from agents.named import PolicySpec
from data.errors import UserError
from model.vllm_plugin.compat import installed
from tests.agents.endpoint import says, serve

needs_absence = pytest.mark.skipif(bool(installed()), reason="vLLM is installed beside the tests")


@needs_absence
def test_without_vllm_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(bundled.PYTHON_VARIABLE, raising=False)
    monkeypatch.setattr(bundled, "ENVIRONMENT", tmp_path / "python")
    with pytest.raises(UserError, match="run 'make vllm'"):
        python_with_vllm()


def test_an_interpreter_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(bundled.PYTHON_VARIABLE, str(tmp_path / "python"))
    with pytest.raises(UserError, match=r"PALAESTRA_VLLM_PYTHON names .*/python, which is not"):
        python_with_vllm()


@needs_absence
def test_a_server_that_does_not_start_is_quoted(tmp_path: Path) -> None:
    words = tmp_path / "server.log"
    said = "the bundled model did not start: vLLM is not installed here"
    with pytest.raises(UserError, match=said), serving(python=Path(sys.executable), words_to=words):
        raise AssertionError("nothing serves")
    assert words.read_text().startswith("Error: vLLM is not installed here")


async def test_a_server_that_runs_is_used_if_it_serves_the_bundled_model() -> None:
    async with serve(says("hello"), names=["bundled"]) as endpoint:
        assert await asyncio.to_thread(running, port_of(endpoint.url)) == endpoint.url
    async with serve(says("hello"), names=["another"]) as endpoint:
        assert await asyncio.to_thread(running, port_of(endpoint.url)) == ""
    assert running(port_of(endpoint.url)) == ""


def test_other_endpoints_stay_as_they_are() -> None:
    spec = PolicySpec(model="http://127.0.0.1:1/v1")
    with at_its_url(spec, lambda line: None) as found:
        assert found == spec


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])
