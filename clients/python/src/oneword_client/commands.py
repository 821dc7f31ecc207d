"""The commands. Each takes a `Session`, the studio and where it prints, and its own arguments."""

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.prompt import Prompt

from oneword_client import login as logins
from oneword_client.client import Client
from oneword_client.errors import OnewordError, UnknownConcept
from oneword_client.models import Concept, Job, Taught, Version
from oneword_client.output import Output, clean, when

ID_LENGTH = 26


@dataclass(frozen=True)
class Session:
    """One run of a command."""

    program: str
    studio: Client
    output: Output
    token: str | None = None  # that was given for this run


class Kind(StrEnum):
    """What a word is taught as."""

    object = "object"
    style = "style"


Word = Annotated[
    str, typer.Argument(metavar="WORD", help="The word, such as '<mug>' or mug, or its id.", show_default=False)
]
NewWord = Annotated[str, typer.Option("--word", help="The new word, such as '<mug>'.", show_default=False)]
OfKind = Annotated[Kind | None, typer.Option("--kind", help="Whether pictures show a thing or a style.")]
Model = Annotated[str | None, typer.Option("--base-model", help="Base model; without it the studio's default.")]
Name = Annotated[str | None, typer.Option("--name", help="Its name in the library.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A tag; may be given several times.")]
Detach = Annotated[bool, typer.Option("--detach", help="Print the job and do not wait for it.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed, for the same result again.")]
Existing = {"exists": True, "dir_okay": False, "readable": True}
Files = Annotated[list[Path], typer.Argument(metavar="FILE", **Existing, show_default=False)]


# --- Words ---


def teach(
    run: Session,
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO", help="3 to 5 pictures.", **Existing)],
    word: NewWord,
    like: Annotated[
        str | None, typer.Option("--like", help="A word for what the pictures show, such as mug.", show_default=False)
    ] = None,
    kind: OfKind = None,
    base_model: Model = None,
    name: Name = None,
    tag: Tags = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Most optimiser steps.")] = None,
    vectors: Annotated[int | None, typer.Option("--vectors", help="Vectors of the word.")] = None,
    seed: Seed = None,
    again: Annotated[
        bool, typer.Option("--again", help="If the word exists already, teach a new version of it.")
    ] = False,
    detach: Detach = False,
) -> None:
    """Teach a new word from a few pictures."""
    tuning = {"steps_max": steps, "vectors": vectors, "seed": seed}
    if again and _exists(run.studio, word):
        taught = run.studio.teach_again(word, photos, initializer=like, **tuning)  # type: ignore[arg-type]
    else:
        taught = run.studio.teach(
            photos,
            word,
            like or "",
            kind=kind,
            base_model=base_model,
            name=name,
            tags=tag or (),
            **tuning,  # type: ignore[arg-type]
        )
    _finish(run, taught, f"Teaching {taught.concept.placeholder}", detach)


def import_(
    run: Session,
    files: Files,
    word: NewWord,
    like: Annotated[str | None, typer.Option("--like", help="A common word for what it shows.")] = None,
    kind: OfKind = None,
    base_model: Model = None,
    name: Name = None,
    tag: Tags = None,
    detach: Detach = False,
) -> None:
    """Take in the embedding file of another tool or studio."""
    taught = run.studio.import_(
        list(files), word, initializer=like, kind=kind, base_model=base_model, name=name, tags=tag or ()
    )
    _finish(run, taught, f"Importing {taught.concept.placeholder}", detach)


def export(
    run: Session,
    word: Word,
    format_: Annotated[
        str, typer.Option("--format", help="oneword, diffusers, a1111, kohya, …; `show` lists them.")
    ] = "oneword",
    version: Annotated[int | None, typer.Option("--version", help="A version; without it the current one.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="File, or a folder to put the file in.")] = Path(),
) -> None:
    """Save the file of a word, in the format of a tool."""
    name, content = run.studio.export(word, format=format_, version=version)
    if out.is_dir() or out.suffix == "":
        out.mkdir(parents=True, exist_ok=True)
        file = _save_new(out / name, content)
    else:
        file = out
        file.write_bytes(content)
    run.output.result({"file": str(file), "bytes": len(content)}, str(file))


def list_(
    run: Session,
    query: Annotated[str | None, typer.Argument(help="Only words in which this is found.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only words with this tag.")] = None,
    kind: OfKind = None,
) -> None:
    """List the library, newest first."""
    found = list(run.studio.concepts(query, tag=tag, kind=kind))
    rows = [
        (
            each.placeholder,
            each.state,
            each.kind,
            each.initializer,
            str(each.version_count),
            each.owner.name,
            when(each.created_at),
        )
        for each in found
    ]
    run.output.table(found, ("WORD", "STATE", "KIND", "LIKE", "VERSIONS", "OWNER", "CREATED"), rows)


def show(run: Session, word: Word) -> None:
    """Show a word and its versions."""
    concept = run.studio.concept(word)
    versions = list(run.studio.versions(concept.id))
    run.output.result({"concept": concept, "versions": versions}, *_described(concept, versions))


def rename(
    run: Session,
    word: Word,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new word, such as '<cup>'.", show_default=False)],
) -> None:
    """Give a word another placeholder."""
    changed = run.studio.change(word, placeholder=new if new.startswith("<") else f"<{new}>")
    run.output.result(changed, f"It is {changed.placeholder} now.")


def delete(run: Session, word: Word) -> None:
    """Put a word with all its versions into the bin."""
    concept = run.studio.concept(word)
    run.studio.delete(concept.id)
    run.output.result(concept, f"{concept.placeholder} is in the bin.")


# --- Drawing ---


def draw(
    run: Session,
    prompt: Annotated[str, typer.Argument(help="What to draw, such as 'a photo of <mug>'.", show_default=False)],
    count: Annotated[int | None, typer.Option("--count", "-n", help="How many pictures.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the pictures.", file_okay=False)] = Path(),
    negative: Annotated[str | None, typer.Option("--negative", help="What not to draw.")] = None,
    base_model: Model = None,
    seed: Seed = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option("--guidance", help="Guidance scale.")] = None,
    scheduler: Annotated[str | None, typer.Option("--scheduler", help="Scheduler, such as dpm++2m.")] = None,
    width: Annotated[int | None, typer.Option("--width", help="Width in pixels.")] = None,
    height: Annotated[int | None, typer.Option("--height", help="Height in pixels.")] = None,
    init_image: Annotated[Path | None, typer.Option("--from", help="A picture to start from.", **Existing)] = None,
    mask: Annotated[Path | None, typer.Option("--mask", help="Its mask: white is drawn anew.", **Existing)] = None,
    strength: Annotated[float | None, typer.Option("--strength", help="How much of it is given up, 0 to 1.")] = None,
    detach: Detach = False,
) -> None:
    """Draw, and save the pictures."""
    drawn = run.studio.draw(
        prompt,
        count=count,
        negative_prompt=negative,
        base_model=base_model,
        seed=seed,
        steps=steps,
        guidance=guidance,
        scheduler=scheduler,
        width=width,
        height=height,
        init_image=init_image,
        mask=mask,
        strength=strength,
    )
    if detach:
        run.output.result(drawn, drawn.job.id)
        return
    _follow(run, drawn.job, f"Drawing {drawn.generation.count}")
    generation = run.studio.generation(drawn.generation.id)
    out.mkdir(parents=True, exist_ok=True)
    files = [
        str(_save_new(out / f"{_slug(prompt)}-{image.seed}.png", run.studio.fetch(image)))
        for image in generation.images
    ]
    run.output.result({"generation": generation, "files": files}, *files)


# --- Jobs ---


def jobs(
    run: Session, all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False
) -> None:
    """List the jobs that wait or run."""
    found = list(run.studio.jobs(active=not all_))
    rows = [(each.id, each.state, each.kind, _how_far(each), each.title, each.created_by.name) for each in found]
    run.output.table(found, ("JOB", "STATE", "KIND", "STEP", "TITLE", "BY"), rows)


def cancel(
    run: Session,
    job: Annotated[
        str, typer.Argument(metavar="JOB|WORD", help="A job, or a word that is being taught.", show_default=False)
    ],
    keep: Annotated[bool, typer.Option("--keep", help="Keep the best that a teaching has found so far.")] = False,
) -> None:
    """Stop a job."""
    if len(job) != ID_LENGTH or not job.isalnum():
        concept = run.studio.concept(job)
        if concept.training_job is None:
            raise OnewordError(f"{concept.placeholder} is not being taught, so there is nothing to cancel.")
        job = concept.training_job
    cancelled = run.studio.cancel(job, keep=keep)
    run.output.result(
        cancelled, f"{cancelled.title or cancelled.id}: {cancelled.state if cancelled.over else 'stops'}."
    )


# --- Signing in ---


def login(run: Session) -> None:
    """Store the address and token of a studio, for all later commands. The token is asked for, or read from stdin."""
    url, token = run.studio.studio.url, run.token
    if token is None:
        token = Prompt.ask(f"Token for {url}", password=True) if sys.stdin.isatty() else sys.stdin.readline()
    if not (token := token.strip()):
        raise OnewordError("No token was given. `oneword token NAME` on the studio's machine prints one.")
    with Client(url, token) as studio:
        me = studio.me()
        file = logins.store(studio.studio)
    who = f"{me.user.name} ({me.role} of {me.team.name}) may {', '.join(me.scopes) or 'do all that this role allows'}."
    run.output.result(
        {"url": url, "user": me.user, "scopes": me.scopes}, f"Signed in to {url}: {who}", f"Stored in {file}."
    )


def logout(run: Session) -> None:
    """Forget the stored token of a studio."""
    logins.forget(run.studio.studio.url)
    run.output.result({"url": run.studio.studio.url}, f"No token is stored for {run.studio.studio.url} any more.")


# --- Parts ---


def _finish(run: Session, taught: Taught, title: str, detach: bool) -> None:
    """Wait for a word, and say how to draw with it."""
    if detach:
        run.output.result(taught, taught.job.id)
        return
    job = _follow(run, taught.job, title)
    concept = run.studio.concept(taught.concept.id)
    line = f"{concept.placeholder} is ready. Draw with it: {run.program} draw 'a photo of {concept.placeholder}'"
    run.output.result({"concept": concept, "job": job}, line)


def _follow(run: Session, job: Job, title: str) -> Job:
    try:
        return run.output.follow(run.studio, job, title)
    except KeyboardInterrupt:
        run.output.note(f"The job goes on in the studio. `{run.program} cancel {job.id}` stops it.")
        raise


def _exists(studio: Client, word: str) -> bool:
    try:
        studio.concept(word)
    except UnknownConcept:
        return False
    return True


def _described(concept: Concept, versions: list[Version]) -> list[str]:
    current = concept.current_version
    formats = current.embedding.formats if current and current.embedding else []
    pairs = {
        "name": concept.name,
        "state": concept.state,
        "kind": f"{concept.kind}, like {concept.initializer}" if concept.initializer else concept.kind,
        "base model": concept.base_model,
        "owner": f"{concept.owner.name}, {when(concept.created_at)}",
        "tags": ", ".join(concept.tags),
        "formats": " ".join(formats),
        "about": concept.description,
    }
    lines = [concept.placeholder, *(f"  {name:<11}{value}" for name, value in pairs.items() if value)]
    for each in versions:
        figures = [
            f"{each.vectors} vector{'s' * (each.vectors != 1)}",
            f"{each.steps} steps" if each.steps else "",
            when(each.created_at),
        ]
        mark = "current" if each.current else each.state
        lines.append(f"  version {each.number:<3}{mark}, {', '.join(filter(None, figures))}")
    return [*lines, f"  id         {concept.id}"]


def _how_far(job: Job) -> str:
    return f"{job.progress.step}/{job.progress.steps_max}" if job.progress else "-"


def _slug(prompt: str) -> str:
    """A file name for a prompt: its letters and digits."""
    words = "".join(each if each.isalnum() else " " for each in clean(prompt).casefold()).split()
    return "-".join(words)[:60].strip("-") or "drawing"


def _save_new(path: Path, content: bytes) -> Path:
    """Write a file under this name, or one with a number after it if there is such a file already."""
    number, candidate = 1, path
    while True:
        try:
            with candidate.open("xb") as file:
                file.write(content)
            return candidate
        except FileExistsError:
            number += 1
            candidate = path.with_stem(f"{path.stem}-{number}")


COMMANDS: dict[str, Any] = {
    "teach": teach,
    "draw": draw,
    "list": list_,
    "show": show,
    "import": import_,
    "export": export,
    "jobs": jobs,
    "cancel": cancel,
    "rename": rename,
    "delete": delete,
    "login": login,
    "logout": logout,
}
