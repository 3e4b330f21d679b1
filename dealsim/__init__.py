"""An agent-based model of citizens and a council that change how they treat each other.

Importing it defines names and stops; the work is loaded when a name is first used.
"""

from __future__ import annotations

from typing import Any

from dealsim.version import MODEL_VERSION, __version__

_PUBLIC = {
    "run": ("dealsim.runs", "run"),
    "compare": ("dealsim.runs", "compare"),
    "Results": ("dealsim.results", "Results"),
    "load_scenario": ("dealsim.scenarios", "load"),
    "save": ("dealsim.store", "save"),
    "read": ("dealsim.store", "read"),
    "verify": ("dealsim.store", "verify"),
    "assure": ("dealsim.show.assurance", "assure"),
    "write_report": ("dealsim.show.report", "write_report"),
    "sweep": ("dealsim.sweeps.carrying_out", "sweep"),
    "read_sweep": ("dealsim.sweeps.results", "read_sweep"),
    "verify_sweep": ("dealsim.sweeps.verifying", "verify_sweep"),
    "analyse": ("dealsim.sweeps.analysing", "analyse"),
    "check_patterns": ("dealsim.patterns.reading", "check_patterns"),
    "serve": ("dealsim.web.serving", "serve"),
    "pack": ("dealsim.web.pack", "pack"),
    "DealModel": ("dealsim.model", "DealModel"),
}

__all__ = ["MODEL_VERSION", "__version__", *_PUBLIC]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        from importlib import import_module

        module, attribute = _PUBLIC[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'dealsim' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
