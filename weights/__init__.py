"""Weight files of base models, as both the service and the workers have to see them. Imports neither, and no torch."""

from weights.fingerprint import fingerprint, weight_files

__all__ = ["fingerprint", "weight_files"]
