"""The one place that states the version; pyproject.toml reads it."""

VERSION = "0.1.0"
