"""Every setting of Oneword, each with a line that says what it does.

Values come from the environment (`ONEWORD_…`) or from a `.env` file in the working directory. A test holds
`docs/settings.md` equal to this file. This module knows nothing of the rest of the application.
"""

import hashlib
import tempfile
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parent.parent.parent
AUDIT_DAYS_MIN = 30  # as the triggers on the table have it


class Settings(BaseSettings):
    """All settings. A field's description is its documentation."""

    model_config = SettingsConfigDict(env_prefix="ONEWORD_", env_file=".env", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the web service listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web service listens on.")
    public_url: str = Field(
        "", description="Address people type, such as `https://oneword.example.org`. Empty: `http://HOST:PORT`."
    )
    proxies: str = Field(
        "",
        description="Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted: addresses and networks, "
        "separated by commas. Empty: none.",
    )
    connections_max: int = Field(1000, ge=10, description="Most connections that one web process has open.")
    connections_per_address_max: int = Field(
        250, ge=1, description="Most connections of one address, unless it is one of `ONEWORD_PROXIES`."
    )
    data_dir: Path = Field(
        Path("./data"), description="Folder of the SQLite file, pictures, embeddings and the embedded broker."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL, such as `postgresql+psycopg://…`. Empty: SQLite in the data folder."
    )
    broker_url: SecretStr = Field(
        SecretStr(""),
        description="Celery broker: `redis://`, `rediss://`, `redis+socket://`, `amqp://`. Empty: an embedded Valkey.",
    )
    storage_url: str = Field(
        "", description="Where blobs live: `s3://bucket/prefix` or a folder. Empty: `blobs` in the data folder."
    )
    base_models: str = Field(
        "demo",
        description="Allowed base models, separated by commas: `demo`, folders, or hub names with a pinned revision, "
        "such as `org/name@0123abc`. The first is the default.",
    )
    openai_aliases: str = Field(
        "",
        description="Model names that OpenAI clients may send, and the base model that each means, such as "
        "`gpt-image-1=demo,dall-e-3=auto`. `auto`: that of the prompt's concepts, or the first. The name `*` stands "
        "for every other. Empty: none.",
    )
    scorer: str = Field(
        "",
        description="CLIP model that scores finished words, for base models that include none: a folder, or a hub name "
        "with a pinned revision. Empty: reports without scores.",
    )
    device: str = Field("auto", description="Where workers compute: `auto`, `cpu`, `cuda` or `cuda:1`.")
    compile: bool = Field(
        False,
        description="Compile the UNet for training. On a GPU, a worker's first trainings wait minutes for it.",
    )
    warm_models: int = Field(
        4, ge=1, description="Most base models a worker keeps in memory at once; fewer if they do not fit."
    )
    warm_up: bool = Field(
        True,
        description="Load at the start what the first upload and the first drawing need. Workers load a base model "
        "only if it is the only one.",
    )
    upload_bytes_max: int = Field(25_000_000, description="Largest picture that is accepted, in bytes.")
    body_bytes_max: int = Field(130_000_000, description="Largest request body that is accepted, in bytes.")
    pictures_min: int = Field(3, ge=1, description="Fewest pictures a concept is taught from.")
    pictures_max: int = Field(5, ge=1, description="Most pictures a concept is taught from.")
    steps_max: int = Field(3000, ge=1, description="Most optimiser steps one training may ask for.")
    queued_jobs_max: int = Field(100, ge=1, description="Most jobs a team may have waiting at once.")
    team_gpu_seconds_max: float = Field(
        0.0, ge=0, description="Most GPU seconds a team may use in 30 days. 0: no limit."
    )
    team_storage_bytes_max: int = Field(
        0, ge=0, description="Most bytes a team's pictures and drawings may take. 0: no limit."
    )
    concepts_max: int = Field(
        10_000, ge=0, description="Most words a team may have, those in the bin included. 0: no limit."
    )
    changes_per_minute: int = Field(
        600, ge=0, description="Most requests that change something, per minute and signed-in person. 0: no limit."
    )
    members_max: int = Field(200, ge=1, description="Most people a team may have.")
    streams_max: int = Field(50, ge=1, description="Most event streams a person may have open at once.")
    count_max: int = Field(16, ge=1, description="Most pictures one generation request may ask for.")
    grid_cells_max: int = Field(200, ge=1, description="Most pictures one grid may have.")
    pixels_max: int = Field(
        4_194_304,
        ge=4096,
        description="Most pixels of one picture (width × height). Each base model has a limit of its own, which this "
        "one can only lower.",
    )
    prompt_characters_max: int = Field(2000, ge=1, description="Longest prompt that is accepted, in characters.")

    lease_seconds: float = Field(
        20.0, gt=0, description="Seconds without a lease renewal after which another worker takes over a job."
    )
    checkpoint_seconds: float = Field(
        5.0, ge=0, description="Seconds between checkpoints of a training, from which another worker can resume it."
    )
    teach_together: int = Field(
        8, ge=1, description="Most words that one worker trains at the same time, on the same base model."
    )
    attempts_max: int = Field(3, ge=1, description="Attempts at a job before it counts as failed.")
    sweep_seconds: float = Field(
        5.0, gt=0, description="Seconds between sweeps, which re-send lost messages and reclaim expired leases."
    )
    orphan_seconds: float = Field(
        86_400.0, ge=0, description="Age in seconds at which the sweep removes a blob that no row refers to."
    )
    bin_days: float = Field(
        30.0,
        ge=0,
        description="Days that deleted words and drawings stay in the bin, from which they can be restored. 0: no bin.",
    )
    audit_days: float = Field(
        365.0,
        ge=0,
        description="Days that entries of the audit are kept, at least 30. 0: for ever.",
    )
    drawings_days: float = Field(
        0.0, ge=0, description="Days after which drawings that nobody keeps are removed. 0: never."
    )
    upload_hours: float = Field(
        24.0,
        gt=0,
        description="Hours that a picture of `POST /api/uploads` is kept after it was sent or last named.",
    )
    progress_days: float = Field(
        7.0, ge=0, description="Days after which the progress and warnings of a job are removed; its outcome stays."
    )
    batch_pictures_max: int = Field(16, ge=1, description="Most pictures drawn in one denoising loop.")
    session_days: float = Field(
        30.0, gt=0, description="Days without use after which a browser is signed out; after a year it is in any case."
    )
    webhooks: bool = Field(False, description="Let administrators send their team's events to addresses elsewhere.")
    webhooks_to_private: bool = Field(
        False,
        description="Allow webhooks over plain http, to private networks and to this machine. For development.",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token that `/metrics` requires. Empty: it answers only requests from this machine.",
    )
    log_level: str = Field("INFO", description="`DEBUG`, `INFO`, `WARNING` or `ERROR`.")
    log_json: bool = Field(False, description="Write logs as JSON lines instead of text.")

    @field_validator("openai_aliases")
    @classmethod
    def _pairs(cls, aliases: str) -> str:
        _pairs_of(aliases)
        return aliases

    @field_validator("audit_days")
    @classmethod
    def _at_least_a_month(cls, days: float) -> float:
        """The database refuses to delete younger entries."""
        if 0 < days < AUDIT_DAYS_MIN:
            raise ValueError(f"entries of the audit are kept for at least {AUDIT_DAYS_MIN} days")
        return days

    @cached_property
    def url(self) -> str:
        """The address people open, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @cached_property
    def resolved_database_url(self) -> str:
        """The database URL in use."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'oneword.sqlite3'}"

    @cached_property
    def resolved_storage_url(self) -> str:
        """The storage URL in use."""
        return self.storage_url or str(self.data_dir.resolve() / "blobs")

    @property
    def embedded_broker(self) -> bool:
        """Whether the studio runs its own Valkey."""
        return not self.broker_url.get_secret_value()

    @cached_property
    def broker_socket(self) -> Path:
        """Unix socket of the embedded Valkey."""
        socket = self.data_dir.resolve() / "valkey" / "valkey.sock"
        if len(str(socket).encode()) < 100:
            return socket
        # A socket's path has 108 bytes at most, so the socket of a deep data folder lies in the temporary folder.
        name = hashlib.sha256(str(socket).encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"oneword-{name}.sock"

    @cached_property
    def resolved_broker_url(self) -> str:
        """The Celery broker URL in use."""
        return self.broker_url.get_secret_value() or f"redis+socket://{self.broker_socket}"

    @cached_property
    def base_model_sources(self) -> tuple[str, ...]:
        """The allowed base models, in order."""
        return tuple(entry.strip() for entry in self.base_models.split(",") if entry.strip())

    @cached_property
    def openai_model_aliases(self) -> dict[str, str]:
        """Alias -> id of a base model, or `auto`."""
        return _pairs_of(self.openai_aliases)


def _pairs_of(text: str) -> dict[str, str]:
    """The pairs of `name=value,name=value`. Raises ValueError."""
    entries = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    pairs = {name.strip(): value.strip() for name, _, value in entries}
    if not all(pairs) or not all(pairs.values()):
        raise ValueError("write pairs such as gpt-image-1=demo, separated by commas")
    return pairs
