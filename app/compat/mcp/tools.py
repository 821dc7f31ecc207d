"""The tools that an agent may call: find, teach, draw, and look after the jobs that follow.

Each tool is a line in TOOLS with what it takes, what it answers, and who may call it. `docs/agents.md` lists them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from app.base_models.schemas import BaseModelOut
from app.compat.mcp.call import Call
from app.compat.mcp.pictures import files
from app.compat.mcp.results import Answer, brief_concept, of_job
from app.compat.mcp.schemas import (
    BaseModelsOut,
    CancelJobIn,
    ConceptsFound,
    DrawIn,
    FindConceptsIn,
    JobResult,
    NothingIn,
    ShowJobIn,
    TeachIn,
)
from app.contracts.training import Tuning
from app.core.request_model import RequestModel
from app.generation import submission
from app.generation.init_images import Attached
from app.generation.request import GenerationRequest
from app.jobs import service as jobs
from app.jobs.stream import READ
from app.library import views as library
from app.pictures import decoding
from app.training.service import TrainingRequest
from app.training.service import teach as train
from app.web.sign_in import Requirement
from app.web.waiting import DRAWING, TEACHING


@dataclass(frozen=True)
class StudioTool:
    """One tool. `says` is what an agent reads to decide whether to call it."""

    name: str
    title: str
    says: str
    takes: type[RequestModel]
    answers: type[BaseModel]
    needs: Requirement
    run: Callable[[Call, Any], Awaitable[Answer]]
    reads_only: bool = False
    destroys: bool = False
    repeatable: bool = False  # calling it twice with the same arguments does no more than calling it once

    def listed(self) -> Tool:
        """The tool as clients list it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.says,
            input_schema=self.takes.model_json_schema(),
            output_schema=self.answers.model_json_schema(mode="serialization"),
            annotations=ToolAnnotations(
                title=self.title,
                read_only_hint=self.reads_only,
                destructive_hint=self.destroys,
                idempotent_hint=self.reads_only or self.repeatable,
                open_world_hint=False,
            ),
        )


async def _find_concepts(call: Call, sent: FindConceptsIn) -> Answer:
    def find() -> ConceptsFound:
        with call.services.database.reading() as session:
            page = library.page(
                session,
                call.principal,
                sort="newest",
                cursor=sent.cursor,
                limit=sent.limit,
                query=sent.query,
                kind=sent.kind,
            )
        return ConceptsFound(concepts=[brief_concept(each) for each in page.items], next=page.next)

    found = await run_in_threadpool(find)
    lines = [f"{each.word} ({each.state}): {each.name}. {each.description}".rstrip() for each in found.concepts]
    if not lines:
        lines = ["No concept matches. Call find_concepts without a query to see every concept, or teach one."]
    return Answer(found, "\n".join(lines))


async def _teach(call: Call, sent: TeachIn) -> Answer:
    def queue() -> str:
        request = TrainingRequest(
            uploads=files(call.services, call.principal, sent.pictures, "pictures"),
            initializer=sent.like,
            base_model=sent.base_model,
            placeholder=_placeholder(sent.word),
            kind=sent.kind,
            name=sent.name,
            description=sent.description,
            tags=tuple(sent.tags),
            tuning=Tuning(steps_max=sent.steps_max),
        )
        return train(call.services, call.principal, request, None).id

    job_id = await run_in_threadpool(queue)
    # A caller that hangs up leaves the training in the library, where find_concepts shows it.
    await call.follow(job_id, call.seconds(sent.wait_seconds), TEACHING)
    return await run_in_threadpool(of_job, call.services, call.principal, job_id, must_succeed=True)


async def _draw(call: Call, sent: DrawIn) -> Answer:
    def queue() -> str:
        own = sent.model_dump(exclude={"picture", "wait_seconds"})
        attached = {}
        if sent.picture is not None:
            (picture,) = files(call.services, call.principal, [sent.picture], "picture")
            attached["init_image"] = Attached(picture, decoding.init_image)
        return submission.draw(call.services, call.principal, GenerationRequest(**own), None, attached)

    job_id = await run_in_threadpool(queue)
    try:
        await call.follow(job_id, call.seconds(sent.wait_seconds), DRAWING)
    except asyncio.CancelledError:
        await call.cancel_if_nobody_waits(job_id)
        raise
    return await run_in_threadpool(of_job, call.services, call.principal, job_id, must_succeed=True)


async def _show_job(call: Call, sent: ShowJobIn) -> Answer:
    def must_be_of_the_team() -> None:
        with call.services.database.reading() as session:
            jobs.get(session, call.principal.team_id, sent.job_id)

    await run_in_threadpool(must_be_of_the_team)
    await call.follow(sent.job_id, call.seconds(sent.wait_seconds), READ)
    return await run_in_threadpool(of_job, call.services, call.principal, sent.job_id)


async def _cancel_job(call: Call, sent: CancelJobIn) -> Answer:
    def cancel() -> Answer:
        with call.services.database.transaction() as session:
            kind = jobs.get(session, call.principal.team_id, sent.job_id).kind
            call.principal.require_scope("draw" if kind == "generation" else "teach")
            jobs.cancel(session, call.principal, sent.job_id, keep=sent.keep)
        return of_job(call.services, call.principal, sent.job_id)

    return await run_in_threadpool(cancel)


async def _list_base_models(call: Call, _: NothingIn) -> Answer:
    models = await run_in_threadpool(lambda: [BaseModelOut.of(each) for each in call.services.catalog.models])
    lines = [f"{each.id}: {each.description or each.not_ready_reason or each.name}" for each in models]
    return Answer(BaseModelsOut(base_models=models), "\n".join(lines))


def _placeholder(word: str) -> str:
    """`my-mug` and `<my-mug>` are the same word."""
    word = word.strip()
    return word if word.startswith("<") or not word else f"<{word}>"


TOOLS: Final = {
    tool.name: tool
    for tool in (
        StudioTool(
            "find_concepts",
            "Find concepts",
            "Finds the words that this studio has been taught. A concept is one word, such as <my-mug>, that stands "
            "for a particular thing or style in a prompt. Look here before you teach a new one.",
            FindConceptsIn,
            ConceptsFound,
            Requirement("viewer", ("read",)),
            _find_concepts,
            reads_only=True,
        ),
        StudioTool(
            "teach",
            "Teach a concept",
            "Teaches the studio one new word from 3 to 5 pictures of the same thing or style, and waits until it is "
            "learned. That takes from a minute to half an hour; if it takes longer than wait_seconds, the answer has "
            "a job to pass to show_job. Afterwards draw with a prompt that contains the word. If your call ends "
            "early, the training goes on.",
            TeachIn,
            JobResult,
            Requirement("member", ("teach",)),
            _teach,
        ),
        StudioTool(
            "draw",
            "Draw pictures",
            "Draws pictures from a prompt, in which taught concepts are written as <my-mug>, and returns previews "
            "with links to the full pictures. If it takes longer than wait_seconds, the answer has a job to pass to "
            "show_job. If your call ends early, the drawing is cancelled.",
            DrawIn,
            JobResult,
            Requirement("member", ("draw",)),
            _draw,
        ),
        StudioTool(
            "show_job",
            "Show a job",
            "Shows a job and what has come of it: the concept, or previews of the pictures. With wait_seconds it "
            "waits for the end of the job and reports progress. Ending this call does not end the job.",
            ShowJobIn,
            JobResult,
            Requirement("viewer", ("read",)),
            _show_job,
            reads_only=True,
        ),
        StudioTool(
            "cancel_job",
            "Cancel a job",
            "Ends a training or a drawing that waits or runs. What it has made is lost; a training can keep the best "
            "that it has learned so far.",
            CancelJobIn,
            JobResult,
            Requirement("member", ("draw", "teach")),
            _cancel_job,
            destroys=True,
        ),
        StudioTool(
            "list_base_models",
            "List base models",
            "Lists the text-to-image models of this studio, the default first, with their sizes and defaults. You "
            "need this only to choose another one than the default.",
            NothingIn,
            BaseModelsOut,
            Requirement("viewer", ("read",)),
            _list_base_models,
            reads_only=True,
        ),
    )
}
