"""Examples of the calls of AUTOMATIC1111's clients, part of the story in `app.web.openapi_examples`."""

from collections.abc import Mapping
from typing import Any, Final

_HASH: Final = "3f0c9a51d2"
_SHA256: Final = f"{_HASH}7be4410c8c9b51c6fd3a2f6f14ab02e9d58f77ab21c0de93a1f55b"
_TITLE: Final = f"demo [{_HASH}]"
_INFOTEXT: Final = (
    "a photo of <my-mug> on the beach\nSteps: 12, Sampler: DDIM, CFG scale: 3, Seed: 7, Size: 64x64, Model: demo"
)
_OPTIONS: Final = {
    "sd_model_checkpoint": _TITLE,
    "sd_checkpoint_hash": _SHA256,
    "sd_vae": "Automatic",
    "samples_format": "png",
    "CLIP_stop_at_last_layers": 1,
    "eta_noise_seed_delta": 0,
    "return_grid": False,
    "randn_source": "CPU",
}
_TXT2IMG: Final = {"prompt": "a photo of my-mug on the beach", "seed": 7, "steps": 12, "sampler_name": "DDIM"}
_DRAWN: Final = {
    "images": ["iVBORw0KGgo…"],
    "parameters": _TXT2IMG,
    "info": '{"prompt": "a photo of <my-mug> on the beach", "all_seeds": [7], …}',
}

A1111_REQUESTS: Final[Mapping[str, Any]] = {
    "sdapi_txt2img": _TXT2IMG,
    "sdapi_img2img": {**_TXT2IMG, "init_images": ["iVBORw0KGgo…"], "denoising_strength": 0.6},
    "sdapi_png_info": {"image": "iVBORw0KGgo…"},
    "sdapi_set_options": {"sd_model_checkpoint": _TITLE},
}

A1111_RESPONSES: Final[Mapping[str, Any]] = {
    "sdapi_txt2img": _DRAWN,
    "sdapi_img2img": _DRAWN,
    "sdapi_png_info": {
        "info": _INFOTEXT,
        "items": {},
        "parameters": {"Prompt": "a photo of <my-mug> on the beach", "Negative prompt": "", "Steps": "12", "Seed": "7"},
    },
    "sdapi_progress": {
        "progress": 0.5,
        "eta_relative": 1.2,
        "state": {
            "skipped": False,
            "interrupted": False,
            "stopping_generation": False,
            "job": "scripts_txt2img",
            "job_count": 1,
            "job_timestamp": "20260801120000",
            "job_no": 0,
            "sampling_step": 6,
            "sampling_steps": 12,
        },
        "current_image": "/9j/4AAQSkZJRg…",
        "textinfo": None,
    },
    "sdapi_get_options": _OPTIONS,
    "sdapi_samplers": [{"name": "Euler a", "aliases": ["k_euler_a", "k_euler_ancestral"], "options": {}}],
    "sdapi_schedulers": [
        {"name": "automatic", "label": "Automatic", "aliases": None, "default_rho": -1.0, "need_inner_model": False}
    ],
    "sdapi_models": [
        {
            "title": _TITLE,
            "model_name": "demo",
            "hash": _HASH,
            "sha256": _SHA256,
            "filename": "demo",
            "config": None,
        }
    ],
    "sdapi_embeddings": {
        "loaded": {
            "my-mug": {
                "step": 300,
                "sd_checkpoint": _HASH,
                "sd_checkpoint_name": "demo",
                "shape": 128,
                "vectors": 3,
            }
        },
        "skipped": {},
    },
}
