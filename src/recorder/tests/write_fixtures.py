"""Writes real recordings of randomly initialised models, and their eager attention, for the TypeScript reader's test.

`write_fixtures.py FOLDER`: for each model NAME.attn.safetensors, a trace, and NAME.rows.safetensors, whose tensors
`layers.{i}.rows` [steps, queryHeads, T] in F32 are the model's own attention at the decode steps.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))
from reading import eager_rows
from tiny_models import gemma2, llama, qwen2, random_tokens

from raas_recorder import Generate, record

PROMPT_TOKENS = 16
NEW_TOKENS = 24
FIXTURES = {
    "random-llama": (llama, 3, None, "F16"),
    "random-qwen2": (qwen2, 1, 8, "BF16"),
    "random-gemma2": (gemma2, 2, None, "F16"),
}


def write(folder: Path) -> None:
    """Sampled, since greedy text of a random model soon repeats one token."""
    for name, (make, layer, prompt_queries, dtype) in FIXTURES.items():
        model = make()
        tokens = record(
            model,
            random_tokens(PROMPT_TOKENS),
            Generate(NEW_TOKENS, temperature=1, seed=11),
            folder / f"{name}.attn.safetensors",
            layers=[layer],
            source="random tokens",
            source_license="CC0-1.0",
            model_name=f"{model.config.model_type} with random weights",
            prompt_queries=prompt_queries,
            dtype=dtype,
        )
        rows = eager_rows(model, tokens, layer)[PROMPT_TOKENS:].float().contiguous()
        save_file({f"layers.{layer}.rows": rows}, folder / f"{name}.rows.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write(Path(sys.argv[1]))
