"""Python client of a Oneword studio. `Client` and `AsyncClient` are the two ways in; `docs/client.md` shows both."""

from oneword_client.client import AsyncClient, Client
from oneword_client.errors import (
    JobFailed,
    NotAllowed,
    NotAStudio,
    OnewordError,
    Problem,
    UnknownConcept,
    Unreachable,
)
from oneword_client.models import Concept, Drawn, Event, Generation, Image, Job, Taught, Version

__all__ = [
    "AsyncClient",
    "Client",
    "Concept",
    "Drawn",
    "Event",
    "Generation",
    "Image",
    "Job",
    "JobFailed",
    "NotAStudio",
    "NotAllowed",
    "OnewordError",
    "Problem",
    "Taught",
    "UnknownConcept",
    "Unreachable",
    "Version",
]
