"""How the model itself chooses the tokens that follow the prompt."""

from collections.abc import Collection
from dataclasses import dataclass

import torch

from .errors import RecorderError


@dataclass(frozen=True)
class Generate:
    """Greedy at temperature 0, else sampled. Nothing else of the model's generation settings is applied.

    A stop token ends the recording after it was read like any other token; `None` means those of the model.
    """

    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop_tokens: Collection[int] | None = None

    def __post_init__(self) -> None:
        """Raises RecorderError for values out of range."""
        if self.max_new_tokens < 1:
            raise RecorderError(f"max_new_tokens {self.max_new_tokens}; allowed: 1 or more")
        if not 0 <= self.temperature < float("inf"):
            raise RecorderError(f"temperature {self.temperature}; allowed: 0 or more")
        if not 0 < self.top_p <= 1:
            raise RecorderError(f"top_p {self.top_p}; allowed: above 0, at most 1")

    def random(self) -> torch.Generator:
        """The draws of one sequence, on the CPU so that a seed means the same on every device."""
        return torch.Generator().manual_seed(self.seed)

    def choose(self, logits: torch.Tensor, random: torch.Generator) -> int:
        """The next token, from logits [vocabulary]."""
        if self.temperature == 0:
            return int(logits.argmax())
        chances, tokens = (logits.float().cpu() / self.temperature).softmax(dim=-1).sort(descending=True)
        # Nucleus sampling (Holtzman et al. 2020): the smallest set of tokens whose mass reaches top_p.
        chances[chances.cumsum(dim=-1) - chances >= self.top_p] = 0
        return int(tokens[torch.multinomial(chances, 1, generator=random)])

    def __str__(self) -> str:
        """As a trace's metadata tell it."""
        if self.temperature == 0:
            return "greedy"
        return f"sampled at temperature {self.temperature:g}, top-p {self.top_p:g}, seed {self.seed}"
