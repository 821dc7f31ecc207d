"""The form fields with the training options, the same for every endpoint that starts a training."""

from typing import Annotated

from fastapi import Depends, Form

from app.contracts.training import Method, Prefer, StartMethod, Tuning


def _tuning(
    vectors: Annotated[int | None, Form(description="Rows per text encoder.")] = None,
    steps_max: Annotated[int | None, Form(description="Most optimiser steps.")] = None,
    batch: Annotated[int | None, Form(description="Samples in one step: fewer are faster, more are steadier.")] = None,
    resolution: Annotated[
        int | None,
        Form(description="Side in pixels of the squares that are learned from; less takes less memory and time."),
    ] = None,
    mirror: Annotated[bool | None, Form(description="Whether training also uses mirrored pictures.")] = None,
    seed: Annotated[int, Form(ge=0, le=2**31 - 1)] = 0,
    method: Annotated[
        Method | None,
        Form(description="`directional` trains only the direction of the rows, `classic` also their length."),
    ] = None,
    kappa: Annotated[
        float | None,
        Form(description="For `directional`: a higher value keeps the word editable, a lower one comes closer."),
    ] = None,
    start: Annotated[StartMethod | None, Form(description="The initializer's own rows, or its encoding.")] = None,
    context_weight: Annotated[float | None, Form(description="Weight of the context regularisation; 0: none.")] = None,
    snr_gamma: Annotated[float | None, Form(description="Gamma of the min-SNR weighting; 0: none.")] = None,
    prefer: Annotated[
        Prefer | None,
        Form(description="Which checkpoint is chosen: highest likeness × editability, or highest likeness."),
    ] = None,
) -> Tuning:
    """The training options. The base model's defaults apply to options that are not sent."""
    return Tuning(
        vectors=vectors,
        steps_max=steps_max,
        batch=batch,
        resolution=resolution,
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
