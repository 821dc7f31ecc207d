"""What a command prints: results on stdout, progress and errors on stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from oneword_client.client import Client
from oneword_client.errors import JobFailed
from oneword_client.models import Event, Job

STATES = {"ready": "green", "succeeded": "green", "running": "cyan", "training": "cyan", "failed": "red"}


class Output:
    """The two streams of a command. With `as_json` the result is one JSON document, and nothing else is on stdout."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, value: Any, *lines: str) -> None:
        """Print the result: `value` as JSON, or else `lines`."""
        if self.as_json:
            print(json.dumps(_plain(value), indent=1, ensure_ascii=False))
            return
        for line in lines:
            self._out.print(clean(line), markup=False)

    def note(self, line: str) -> None:
        """Say something that is no result."""
        self._err.print(clean(line), markup=False)

    def table(self, values: Sequence[BaseModel], columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print rows: as a table in a terminal, with tabs between the columns for other programs, or as JSON."""
        if self.as_json:
            self.result(list(values))
        elif not self._out.is_terminal:
            for row in rows:
                print("\t".join(map(clean, row)))
        else:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for number, name in enumerate(columns):
                table.add_column(name, overflow="fold", no_wrap=number == 0)
            for row in rows:
                table.add_row(*(f"[{STATES[cell]}]{cell}" if cell in STATES else escape(clean(cell)) for cell in row))
            Console(highlight=False).print(table)

    def follow(self, studio: Client, job: Job, title: str) -> Job:
        """Show a progress bar until the job has ended. Raises JobFailed if it failed or was cancelled."""
        columns = (
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[said]}", style="dim"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._err) as bar:
            task = bar.add_task(escape(clean(title)), total=None, said="waits")
            try:
                for event in studio.events(job):
                    self._show(bar, task, event)
            except KeyboardInterrupt:
                bar.update(task, said="goes on")
                raise
            ended = studio.job(job.id)
            if ended.state != "succeeded":
                raise JobFailed(ended)
            bar.update(task, total=1, completed=1, said="done")
        return ended

    def _show(self, bar: Progress, task: Any, event: Event) -> None:
        if event.type == "progress" and "step" in event.data:
            step, of = event.data["step"], event.data.get("steps_max")
            said = "report" if event.data.get("stage") == "report" else f"{step}/{of}"
            bar.update(task, completed=step, total=of, said=said)
        elif event.type == "state":
            bar.update(task, said={"queued": "waits", "running": "starts"}.get(event.data.get("state", ""), ""))
        elif event.type == "warning":
            self.note(f"Warning: {event.data.get('detail', '')}")


def fail(program: str, sentence: str) -> None:
    """Print why a command failed."""
    print(f"{program}: {clean(sentence)}", file=sys.stderr)


def clean(text: str) -> str:
    """A text without control characters: a name in the library must not move somebody's cursor."""
    return "".join(each if each.isprintable() else " " for each in text)


def when(moment: datetime) -> str:
    """A moment in the time of this machine, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value
