"""What the recorder refuses."""


class RecorderError(ValueError):
    """Something that cannot be recorded as asked; the message names the value and what is allowed."""
