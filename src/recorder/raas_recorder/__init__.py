"""Records queries, keys and values of Hugging Face models as attention traces."""

from .errors import RecorderError
from .generate import Generate
from .record import record

__all__ = ["Generate", "RecorderError", "record"]
