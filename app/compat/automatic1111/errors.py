"""Errors as AUTOMATIC1111's clients read them: the usual problem, with `error`, `body` and `errors` beside `detail`."""

from typing import Any, Final

from starlette.types import Scope

from app.web.rewritten_problems import Rewritten

# AUTOMATIC1111's names of the fields that an error may be about.
_FIELDS: Final = {
    "base_model": "override_settings.sd_model_checkpoint",
    "count": "batch_size",
    "guidance": "cfg_scale",
    "scheduler": "sampler_name",
    "strength": "denoising_strength",
    "init_image": "init_images",
}


def rewritten(problem: dict[str, Any], _: Scope) -> Rewritten:
    """The same problem with AUTOMATIC1111's names of fields and its keys of errors."""
    if problem.get("type") != "/problems/sampler" and "field" in problem:
        problem["field"] = _FIELDS.get(problem["field"], problem["field"])
    status = problem["status"]
    keys = {"error": "HTTPException", "body": "", "errors": f"{status}: {problem['detail']}"}
    return Rewritten(problem | keys, status)
