"""Sweeps: many runs over many points, lived by many workers, that a kill cannot lose."""
