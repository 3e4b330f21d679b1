"""The errors a user can cause or meet, each with the exit code the command line gives it.

A program error is not one of these and keeps its traceback.
"""

from __future__ import annotations


class DealsimError(Exception):
    """Something a user can read and act on; shown without a traceback."""

    exit_code = 1


class InputError(DealsimError, ValueError):
    """Bad input: every problem found, one line each."""

    exit_code = 2

    def __init__(self, problems: list[str] | str) -> None:
        self.problems = [problems] if isinstance(problems, str) else list(problems)
        super().__init__("\n".join(self.problems))


class LimitError(DealsimError):
    """More was asked for than the limits allow; nothing was started."""

    exit_code = 5


class StoppedError(DealsimError):
    """The user stopped the work before its end."""

    exit_code = 130


class StoreError(DealsimError):
    """A results folder could not be written or read; says what was kept."""


class MismatchError(DealsimError):
    """A stored result is not what its record says, or does not replay to the same bytes."""

    exit_code = 4
