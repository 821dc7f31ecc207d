"""The drawing that an OpenAI client waits for: how it begins, and what it draws."""

from app.accounts.principal import Principal
from app.compat.openai.request import ImageRequest
from app.contracts.generation import GenerationSpec
from app.generation.sizes import SizeRefused
from app.generation.submission import draw
from app.jobs import service as jobs
from app.services import Services


def submit(services: Services, request: ImageRequest) -> str:
    """Queue the generation. Returns the job's id."""
    try:
        return draw(services, request.principal, request.generation, request.key, request.files)
    except SizeRefused as error:  # the examples of the clients ask for 1024x1024
        error.detail = f'{error.reason} Send size="{error.nearest}", or size="auto" for {error.own}.'
        raise


def spec_of(services: Services, principal: Principal, job_id: str) -> GenerationSpec:
    """What the job draws."""
    with services.database.reading() as session:
        return GenerationSpec.model_validate(jobs.get(session, principal.team_id, job_id).spec)
