"""The recordings that the TypeScript reader is tested on are what this package writes."""

from pathlib import Path

import pytest
import torch
from reading import Trace
from safetensors.torch import load_file
from write_fixtures import FIXTURES, write

COMMITTED = Path(__file__).parents[2] / "attention" / "fixtures"
EPSILON = {"F16": 2**-10, "BF16": 2**-7}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fixtures")
    write(folder)
    return folder


@pytest.mark.parametrize("name", FIXTURES)
def test_committed_fixtures_are_current(name: str, written: Path) -> None:
    old, new = (Trace(folder / f"{name}.attn.safetensors") for folder in (COMMITTED, written))
    for metadata in (old.metadata, new.metadata):
        del metadata["recorder"]  # names versions
    assert old.metadata == new.metadata
    assert old.tokens == new.tokens
    tolerance = EPSILON[FIXTURES[name][3]]
    for tensor in old.tensors:
        ours, theirs = new.tensors[tensor].float(), old.tensors[tensor].float()
        assert torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance / 10), tensor
    ours, theirs = (load_file(folder / f"{name}.rows.safetensors") for folder in (written, COMMITTED))
    assert ours.keys() == theirs.keys()
    for tensor in ours:
        assert torch.allclose(ours[tensor], theirs[tensor], atol=1e-4), tensor
