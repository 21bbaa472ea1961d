"""Writes an attention trace of kind qkv while its length is still unknown, in constant memory."""

import json
import shutil
import struct
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

import torch

from .errors import RecorderError

DTYPES = {"F16": torch.float16, "BF16": torch.bfloat16}
FORMAT = {"format": "attention-trace", "version": "1", "kind": "qkv"}


class TraceFile:
    """Rows go to one file per tensor in a hidden folder beside the target; `finish` joins them and renames the result.

    The folder goes when the `with` block ends, however it ends, so that a target exists only if it is whole.
    """

    def __init__(self, path: Path, dtype: str) -> None:
        """Raises RecorderError if nothing can be written at that path or there is no such dtype."""
        if dtype not in DTYPES:
            raise RecorderError(f'dtype "{dtype}"; allowed: {", ".join(DTYPES)}')
        if path.is_dir() or not path.resolve().parent.is_dir():
            raise RecorderError(f"{path}: {'is a folder' if path.is_dir() else 'its folder does not exist'}")
        self._path = path
        self._dtype = dtype
        self._stack = ExitStack()
        self._rows: dict[str, BinaryIO] = {}
        self._shapes: dict[str, list[int]] = {}

    def __enter__(self) -> "TraceFile":
        """Makes the hidden folder."""
        parent = self._path.resolve().parent
        folder = tempfile.TemporaryDirectory(prefix=f".{self._path.name}.", dir=parent)
        self._folder = Path(self._stack.enter_context(folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Removes the hidden folder with all that was not finished."""
        self._stack.close()

    def append(self, name: str, rows: torch.Tensor) -> None:
        """Adds rows [n, heads, headDim] to a tensor. Raises RecorderError if the dtype cannot hold a value."""
        stored = rows.detach().to(device="cpu", dtype=DTYPES[self._dtype]).contiguous()
        if not stored.isfinite().all():
            worst = rows.abs().max().item()
            raise RecorderError(f"{name} has a value of {worst:g}, which {self._dtype} cannot hold; try BF16")
        if name not in self._rows:
            self._rows[name] = self._stack.enter_context((self._folder / name).open("w+b"))
            self._shapes[name] = [0, *stored.shape[1:]]
        self._shapes[name][0] += stored.shape[0]
        self._rows[name].write(_bytes(stored))

    def finish(self, token_ids: Sequence[int], metadata: Mapping[str, str]) -> None:
        """Joins what was appended, in the order of first appearance, and moves it to its place."""
        ids = _bytes(torch.tensor(token_ids, dtype=torch.int32))
        header: dict[str, object] = {"__metadata__": {**FORMAT, **metadata}}
        header["token_ids"] = {"dtype": "I32", "shape": [len(token_ids)], "data_offsets": [0, len(ids)]}
        end = len(ids)
        for name, rows in self._rows.items():
            start, end = end, end + rows.tell()
            header[name] = {"dtype": self._dtype, "shape": self._shapes[name], "data_offsets": [start, end]}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)  # tensors start at multiples of 8, as the safetensors library has them
        whole = self._folder / "whole"
        with whole.open("wb") as target:
            target.write(struct.pack("<Q", len(text)) + text + ids)
            for rows in self._rows.values():
                rows.seek(0)
                shutil.copyfileobj(rows, target, 1 << 20)
        whole.replace(self._path)


def _bytes(tensor: torch.Tensor) -> bytes:
    """Little-endian, as every platform of PyTorch is."""
    return tensor.view(torch.uint8).numpy().tobytes()
