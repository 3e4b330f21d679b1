"""The two version numbers: of the package, and of the figures it gives."""

__version__ = "0.1.0"
MODEL_VERSION = "0.2.0"
"""Moves when the numbers a run gives move; `__version__` moves with every release."""
