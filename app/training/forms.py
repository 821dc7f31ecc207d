"""The form fields that say how a concept is trained, the same for every call that trains."""

from typing import Annotated

from fastapi import Depends, Form

from app.contracts.training import Method, Prefer, StartMethod, Tuning


def _tuning(
    vectors: Annotated[int | None, Form(description="Rows per text encoder.")] = None,
    steps_max: Annotated[int | None, Form(description="Optimiser steps at most.")] = None,
    mirror: Annotated[bool | None, Form(description="Whether pictures are also shown mirrored.")] = None,
    seed: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    method: Annotated[
        Method | None, Form(description="`directional` only turns the word's rows, `classic` also lengthens them.")
    ] = None,
    kappa: Annotated[
        float | None, Form(description="Of `directional`: more stays easier to change, less comes closer.")
    ] = None,
    start: Annotated[StartMethod | None, Form(description="The initializer's own rows, or its encoding.")] = None,
    context_weight: Annotated[float | None, Form(description="Of context regularisation; 0 for none.")] = None,
    snr_gamma: Annotated[float | None, Form(description="Of min-SNR weighting; 0 for none.")] = None,
    prefer: Annotated[
        Prefer | None,
        Form(description="Which stage becomes the word: likeness × editability is highest, or likeness alone."),
    ] = None,
) -> Tuning:
    """How a word is learned. What is not sent is left to the base model's defaults."""
    return Tuning(
        vectors=vectors,
        steps_max=steps_max,
        mirror=mirror,
        seed=seed,
        method=method,
        kappa=kappa,
        start=start,
        context_weight=context_weight,
        snr_gamma=snr_gamma,
        prefer=prefer,
    )


Tuned = Annotated[Tuning, Depends(_tuning)]
