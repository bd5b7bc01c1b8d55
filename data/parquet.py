"""Parquet files, one a split, whose bytes depend on the rows alone."""

from collections import Counter
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from data.task import Split

ROWS_PER_GROUP = 256
"""Rows held in memory a split, and rows of a row group."""


class SplitWriter:
    """Rows in, `<split>.parquet` out, all of one schema, opened when a split's first row comes."""

    def __init__(self, out: Path, schema: pa.Schema) -> None:
        self._out = out
        self._schema = schema
        self._held: dict[Split, list[dict[str, Any]]] = {}
        self._writers: dict[Split, pq.ParquetWriter] = {}
        self.rows: Counter[str] = Counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for split, writer in self._writers.items():
            if kind is None:
                self._flush(split)
            writer.close()

    def add(self, split: Split, row: dict[str, Any]) -> None:
        name = f"{split}.parquet"
        if split not in self._writers:
            self._held[split] = []
            self._writers[split] = self._open(self._out / name)
        self._held[split].append(row)
        self.rows[name] += 1
        if len(self._held[split]) >= ROWS_PER_GROUP:
            self._flush(split)

    def _open(self, path: Path) -> pq.ParquetWriter:
        # Pinned, not left to defaults: same rows, same bytes. No Arrow schema in the metadata, so
        # that any reader sees plain Parquet.
        return pq.ParquetWriter(
            path,
            self._schema,
            version="2.6",
            data_page_version="1.0",
            compression="zstd",
            compression_level=3,
            use_dictionary=True,
            write_statistics=False,
            store_schema=False,
        )

    def _flush(self, split: Split) -> None:
        if self._held[split]:
            table = pa.Table.from_pylist(self._held[split], schema=self._schema)
            self._writers[split].write_table(table, row_group_size=ROWS_PER_GROUP)
            self._held[split].clear()
