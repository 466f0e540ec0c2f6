"""What whoever runs the app may set, by environment variables: `DIFFVIZ_TRAINING=off` and so on."""

from __future__ import annotations

import ipaddress
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from diffviz.storage import own_folder

PREFIX = "DIFFVIZ_"
DeviceName = Literal["auto", "cpu", "cuda", "mps"]
# Settings that Gradio has a variable for too, which hosts of its apps know.
GRADIOS = {"uploads": "GRADIO_TEMP_DIR", "root_path": "GRADIO_ROOT_PATH"}
# A Space is reached through its host's proxy alone, and shown in a page of its host.
ON_A_SPACE = "SPACE_ID" in os.environ


def or_gradios(name: str) -> AliasChoices:
    return AliasChoices(name, f"{PREFIX}{name}".upper(), GRADIOS[name])


def check_root_path(path: str) -> str:
    path = path.rstrip("/")
    if not re.fullmatch(r"(/[\w.~-]+)*", path, re.ASCII):
        raise ValueError("it must be a path such as /diffviz")
    return path


def check_ancestors(sources: str) -> str:
    """It becomes part of a header: nothing that could end it, or begin another rule."""
    if not re.fullmatch(r"[\w'*:/.\- ]+", sources, re.ASCII):
        raise ValueError("it must be sources of a content security policy, with spaces between")
    return sources


def is_public(others: dict[str, Any]) -> bool:
    """Whether strangers come, where nobody says: when others than this machine are listened to."""
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    try:
        own = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        own = False
    return not own or bool(others.get("trusted_proxies"))


class Config(BaseSettings):
    """Each field is read from the variable of its name in capitals after DIFFVIZ_."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, populate_by_name=True
    )

    # The machine
    device: DeviceName = Field(
        "auto", description="what runs networks and trainings; auto is the fastest that is here"
    )
    threads: int = Field(0, ge=0, le=256, description="CPU threads that run networks; 0 chooses")
    uploads: Path = Field(
        Path(tempfile.gettempdir()) / "diffviz",
        validation_alias=or_gradios("uploads"),
        description="folder for uploads and files made, which are deleted after an hour",
    )
    uploads_mb: int = Field(2000, ge=1, description="MB that this folder may hold")

    plugins: str = Field(
        "", description="modules, with commas between, that add media, networks and data sources"
    )

    # Sampling
    places: int = Field(64, ge=1, le=1000, description="sampling runs at once")
    line: int = Field(200, ge=0, le=100_000, description="visitors that may wait for a place")
    run_seconds: float = Field(300, gt=0, le=86_400, description="seconds that a run may take")
    engine: Literal["local", "ray"] = Field(
        "local", description="where networks run: in the app, or in replicas on a Ray cluster"
    )
    ray_address: str = Field("local", description="the cluster's address; local starts one here")
    ray_replicas: int = Field(2, ge=1, le=1000, description="replicas, of `threads` threads each")

    # Where it is
    root_path: Annotated[str, AfterValidator(check_root_path)] = Field(
        "",
        validation_alias=or_gradios("root_path"),
        description="path before all addresses, where a proxy serves the page under one",
    )
    trusted_proxies: int = Field(
        int(ON_A_SPACE),
        ge=0,
        le=10,
        description="proxies in front, whose forwarding headers are believed",
    )
    frame_ancestors: Annotated[str, AfterValidator(check_ancestors)] = Field(
        "'self'" + " https://huggingface.co" * ON_A_SPACE,
        description="pages that may embed this one, as Content-Security-Policy has it",
    )
    public: bool = Field(
        default_factory=is_public, description="whether strangers come: limits for each address"
    )

    # What an address may ask, in a minute, where strangers come
    rate_pages: int = Field(300, ge=1, description="pages and their parts")
    rate_events: int = Field(1200, ge=1, description="events and calls of endpoints")
    rate_polls: int = Field(3000, ge=1, description="looks at trainings, and event streams")
    rate_uploads: int = Field(60, ge=1, description="uploads")
    rate_trainings: int = Field(6, ge=1, description="trainings begun (in ten minutes)")

    # What all may ask
    share: float = Field(
        0.25, gt=0, le=1, description="of what all share, the part that one address may have"
    )
    listen_seconds: float = Field(
        15, gt=0, le=3600, description="in which somebody must come for what an event says"
    )
    connections: int = Field(800, ge=1, description="connections at once")
    connections_each: int = Field(200, ge=1, description="connections at once from one address")
    slow_seconds: float = Field(
        15, gt=0, le=3600, description="for a request to arrive, and more for a long body"
    )
    json_kb: int = Field(256, ge=64, le=65_536, description="KB of a request that is no upload")
    queue_size: int = Field(64, ge=1, le=10_000, description="events that may wait")
    sessions: int = Field(200, ge=1, le=10_000, description="visits whose state is kept")

    # Watching it
    metrics: bool = Field(True, description="whether there is a /metrics, for this machine")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="with `Authorization: Bearer TOKEN`, /metrics from anywhere"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="at info there is a line for each request"
    )
    log_format: Literal["json", "text"] = Field("text", description="of the log's lines")

    # Trainings
    training: bool = Field(True, description="whether visitors may train denoisers")
    trainings: Path = Field(own_folder() / "trainings", description="folder for trainings")
    training_jobs: int = Field(1, ge=1, le=64, description="trainings that run at once")
    training_threads: int = Field(1, ge=1, le=256, description="CPU threads of a training")
    training_nice: int = Field(
        19, ge=0, le=19, description="by how much trainings let all else on the machine go first"
    )
    training_hours: float = Field(12, gt=0, le=1000, description="hours that a training may take")
    training_mb: int = Field(2000, ge=300, description="MB of memory that a training may take")
    trainings_mb: int = Field(5000, ge=1, description="MB of disk that all trainings may take")
    trainings_each_mb: int = Field(
        1500, ge=1, description="MB of disk that the trainings of one visitor may take"
    )
    training_queue: int = Field(20, ge=1, le=10_000, description="trainings that may wait")
    training_each: int = Field(
        3, ge=1, le=1000, description="trainings of one visitor that run, wait or pause"
    )
    training_days: float = Field(
        30, gt=0, description="days after which a training that nobody touched is deleted"
    )
    share_trainings: bool = Field(
        False, description="whether all visitors may sample with what others trained"
    )

    @property
    def share_of_one(self) -> float:
        """What one address may have, where strangers come; else all."""
        return self.share if self.public else 1.0


def read_config() -> Config:
    """The settings of the environment; exits with a sentence for a value that is none."""
    try:
        return Config()
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        name = f"{PREFIX}{field}".upper()
        name = name if name in os.environ else GRADIOS.get(field, name)
        value = "…" if "TOKEN" in name else repr(first["input"])
        why = first["msg"].removeprefix("Value error, ").lower()
        sys.exit(f"{name}={value} will not do: {why}")
