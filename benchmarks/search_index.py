"""Index and query times of the default search world: `python -m benchmarks.search_index`.

Queries are titles, three words of a page in a row, and questions of four clues. `rank` is the query
alone; `search` also reads ten pages and cuts their snippets, as an agent gets them.
"""

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from data.hashing import derive_rng
from data.sources.base import Document
from data.sources.corpus import DEFAULT_SOURCES, load_corpus
from envs.search.cache import open_index
from envs.search.world import World

NUM_QUERIES = 2000
TARGET_BUILD_S = 20.0
TARGET_P95_MS = 5.0

Ask = Callable[[Document, Random], str]


def title(document: Document, _: Random) -> str:
    return document.title


def three_words(document: Document, rng: Random) -> str:
    words = document.text.split()
    start = rng.randrange(max(1, len(words) - 2))
    return " ".join(words[start : start + 3])


def question(document: Document, rng: Random) -> str:
    clues = " and ".join(three_words(document, rng) for _ in range(4))
    return (
        "Which film of the late 1950s, released in more than one country, was directed by the "
        f"person who also wrote the one that features {clues}, and which runs for two hours?"
    )


def measure(act: Callable[[str], object], documents: list[Document], ask: Ask) -> list[float]:
    """Sorted times of one kind of query in milliseconds."""
    rng = derive_rng("search_index", ask.__name__)
    times = []
    for document in rng.sample(documents, NUM_QUERIES // 3):
        query = ask(document, rng)
        start = time.perf_counter()
        act(query)
        times.append(1000 * (time.perf_counter() - start))
    return sorted(times)


def main() -> None:
    start = time.perf_counter()
    corpus = load_corpus(DEFAULT_SOURCES)
    print(f"corpus     {len(corpus.documents):,} documents, "
          f"{sum(len(d.text) for d in corpus.documents) / 1e6:.1f} M characters, "
          f"loaded in {time.perf_counter() - start:.1f} s")  # fmt: skip
    sha256 = corpus.sha256
    before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        open_index(Path(folder), sha256, lambda: corpus.documents)
        build_s = time.perf_counter() - start
        size_mb = sum(f.stat().st_size for f in Path(folder).rglob("*") if f.is_file()) / 1e6
        start = time.perf_counter()
        world = World(open_index(Path(folder), sha256, lambda: corpus.documents))
        print(f"build      {build_s:.1f} s (target {TARGET_BUILD_S:.0f}), {size_mb:.1f} MB on disk, "
              f"reopened and checked in {1000 * (time.perf_counter() - start):.0f} ms")  # fmt: skip
        print("times in ms            p50     p95     p99     max")
        acts = {"rank": lambda query: world.rank(query, [], 10),
                "search": lambda query: world.search(query, 10)}  # fmt: skip
        for name, act in acts.items():
            everything: list[float] = []
            for ask in (title, three_words, question):
                times = measure(act, corpus.documents, ask)
                everything += times
                print(f"{name:6} {ask.__name__:11}  {_row(times)}")
            print(f"{name:6} all          {_row(sorted(everything))}   "
                  f"(target p95 {TARGET_P95_MS:.0f})")  # fmt: skip
    after_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory     {after_mib:.0f} MiB peak, {before_mib:.0f} of them the corpus")


def _row(times: list[float]) -> str:
    marks = [times[int(len(times) * part)] for part in (0.5, 0.95, 0.99)]
    return "  ".join(f"{ms:6.2f}" for ms in (*marks, times[-1]))


if __name__ == "__main__":
    main()
