"""Named things of an OpenStreetMap extract (.osm.pbf): tags, and a point where the extract has one.

Reads dense nodes, ways and relations of zlib-compressed blocks, which is what such files hold.
Everything read is under the ODbL; nothing of it is written anywhere.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from data.errors import SourceError
from envs.general.trip.world import Point

NANO = 1e-9
MAX_BLOCK = 32 * 2**20
"""Bytes of a block, as the format allows."""


class Thing(NamedTuple):
    id: str
    """A letter for node, way or relation, and its number."""
    tags: dict[str, str]
    at: Point | None
    """Of a way its first node, of a relation the first of its members that has a point."""


def read_named(path: Path) -> list[Thing]:
    """Everything with a name, in the order of the file; raises `SourceError` if it is damaged."""
    try:
        return list(_Reader(path.read_bytes()).things())
    except (IndexError, KeyError, struct.error, zlib.error, UnicodeDecodeError) as error:
        raise SourceError(f"source trip_helsinki: {path.name} is damaged: {error}") from error


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._points: dict[str, Point] = {}

    def things(self) -> Iterator[Thing]:
        for block in _blocks(self._data):
            fields = list(_fields(block))
            strings = [text.decode() for text in _all(_one(fields, 1), 1)]
            self._unit = NANO * _number(fields, 17, 100)
            self._offset = NANO * _number(fields, 19, 0), NANO * _number(fields, 20, 0)
            for group in (value for key, value in fields if key == 2 and isinstance(value, bytes)):
                for kind, value in _fields(group):
                    if isinstance(value, bytes) and kind in (2, 3, 4):
                        read = {2: self._dense, 3: self._way, 4: self._relation}[kind]
                        yield from (
                            t for t in read(list(_fields(value)), strings) if "name" in t.tags
                        )

    def _dense(self, fields: "Fields", strings: list[str]) -> Iterator[Thing]:
        number = north = east = 0
        pairs = iter(list(_packed(_one(fields, 10)))) if _has(fields, 10) else iter(())
        columns = (_packed(_one(fields, key)) for key in (1, 8, 9))
        for step, up, right in zip(*columns, strict=True):
            number, north, east = number + _signed(step), north + _signed(up), east + _signed(right)
            tags = {}
            while key := next(pairs, 0):
                tags[strings[key]] = strings[next(pairs)]
            latitude = self._offset[0] + self._unit * north
            at = Point(latitude, self._offset[1] + self._unit * east)
            self._points[f"n{number}"] = at
            yield Thing(f"n{number}", tags, at)

    def _way(self, fields: "Fields", strings: list[str]) -> Iterator[Thing]:
        nodes = list(_packed(_one(fields, 8))) if _has(fields, 8) else []
        id_ = f"w{_number(fields, 1, 0)}"
        at = self._first("n", nodes)
        if at:
            self._points[id_] = at
        yield Thing(id_, _tags(fields, strings), at)

    def _relation(self, fields: "Fields", strings: list[str]) -> Iterator[Thing]:
        members = list(_packed(_one(fields, 9))) if _has(fields, 9) else []
        types = list(_packed(_one(fields, 10))) if _has(fields, 10) else []
        number, at = 0, None
        for step, type_ in zip(members, types, strict=True):
            number += _signed(step)
            at = at or self._points.get(f"{'nwr'[type_]}{number}")
        yield Thing(f"r{_number(fields, 1, 0)}", _tags(fields, strings), at)

    def _first(self, letter: str, steps: list[int]) -> Point | None:
        number = 0
        for step in steps:
            number += _signed(step)
            at = self._points.get(f"{letter}{number}")
            if at:
                return at
        return None


Fields = list[tuple[int, int | bytes]]
"""Fields of a protocol buffer message: number and value."""


def _blocks(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        header = list(_fields(data[at + 4 : at + 4 + size]))
        at += 4 + size
        length = _number(header, 3, 0)
        if _one(header, 1) == b"OSMData":
            blob = list(_fields(data[at : at + length]))
            raw = _one(blob, 1) if _has(blob, 1) else None
            yield raw or zlib.decompressobj().decompress(_one(blob, 3), MAX_BLOCK)
        at += length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        width = {1: 8, 5: 4}.get(key & 7)
        if key & 7 == 0:
            number, at = _varint(message, at)
            yield key >> 3, number
            continue
        if width is None:
            width, at = _varint(message, at)
        yield key >> 3, message[at : at + width]
        at += width


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def _packed(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _signed(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _has(fields: Fields, key: int) -> bool:
    return any(k == key for k, _ in fields)


def _all(message: bytes, key: int) -> Iterator[bytes]:
    return (value for k, value in _fields(message) if k == key and isinstance(value, bytes))


def _one(fields: Fields, key: int) -> bytes:
    found = dict(fields)[key]
    assert isinstance(found, bytes)
    return found


def _number(fields: Fields, key: int, default: int) -> int:
    found = dict(fields).get(key, default)
    assert isinstance(found, int)
    return found


def _tags(fields: Fields, strings: list[str]) -> dict[str, str]:
    if not _has(fields, 2):
        return {}
    keys, values = _packed(_one(fields, 2)), _packed(_one(fields, 3))
    return {strings[k]: strings[v] for k, v in zip(keys, values, strict=True)}
