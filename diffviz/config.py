"""What whoever runs the app may set, by environment variables: `DIFFVIZ_TRAINING=off` and so on."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "DIFFVIZ_"
ROOT = Path(__file__).parent.parent


class Config(BaseSettings):
    """Each field is read from the variable of its name in capitals after DIFFVIZ_."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    threads: int = Field(0, ge=0, le=256, description="CPU threads that run networks; 0 chooses")
    places: int = Field(64, ge=1, le=1000, description="sampling runs at once")
    line: int = Field(200, ge=0, le=100_000, description="visitors that may wait for a place")
    run_seconds: float = Field(120, gt=0, le=86_400, description="seconds that a run may take")

    engine: Literal["local", "ray"] = Field(
        "local", description="where networks run: in the app, or in replicas on a Ray cluster"
    )
    ray_address: str = Field("local", description="the cluster's address; local starts one here")
    ray_replicas: int = Field(2, ge=1, le=1000, description="replicas, of `threads` threads each")

    training: bool = Field(True, description="whether visitors may train denoisers")
    trainings: Path = Field(ROOT / "trainings", description="folder for trainings")
    training_jobs: int = Field(1, ge=1, le=64, description="trainings that run at once")
    training_threads: int = Field(1, ge=1, le=256, description="CPU threads of a training")
    training_hours: float = Field(12, gt=0, le=1000, description="hours that a training may take")
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


@cache
def config() -> Config:
    """The settings; exits with a sentence for a value that is none."""
    try:
        return Config()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"{PREFIX}{first['loc'][0]}".upper()
        sys.exit(f"{name}={first['input']!r} will not do: {first['msg'].lower()}")
