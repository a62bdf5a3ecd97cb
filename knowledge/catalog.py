"""The catalogues of models, cards, prices, providers and data needs: read once, checked, cached."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, Literal

from knowdo.knowledge.errors import InputError, unknown_name
from knowdo.knowledge.schema import GpuSpec, ModelSpec, Price, Source, TaskType

ProviderStatus = Literal["open", "closing", "closed"]


@dataclass(frozen=True, slots=True)
class Provider:
    """A managed service for fine-tuning: whether it takes jobs, from whom, and until when."""

    name: str
    status: ProviderStatus
    who: str
    tunable: tuple[str, ...]
    note: str
    source: Source
    jobs_until: date | None = None
    serving_until: date | None = None
    aliases: tuple[str, ...] = ()
    # Its names in the price catalogue.
    price_names: tuple[str, ...] = ()
    minimum_usd_per_job: float = 0.0
    # Whether rows count as long as the longest when packing is off, and whether validation counts.
    bills_padding: bool = False
    bills_validation: bool = False

    def status_on(self, day: date) -> ProviderStatus:
        """The status on a day: a closing service is closed once its last day for jobs is over."""
        if self.status == "closing" and self.jobs_until is not None and day > self.jobs_until:
            return "closed"
        return self.status


@dataclass(frozen=True, slots=True)
class DataNeeds:
    """Examples that a kind of task takes, in total; `per_class` are the figures of one class."""

    task_type: TaskType
    minimum: int
    recommended_low: int
    recommended_high: int
    per_class: bool
    certainty: Literal["good", "fair", "low"]
    note: str
    sources: tuple[Source, ...]


@functools.cache
def models() -> tuple[ModelSpec, ...]:
    """All models, smallest first."""
    made = [_model(row) for row in _rows("models", "model")]
    _unique("model", [name for row in _rows("models", "model") for name in _names(row)])
    return tuple(sorted(made, key=lambda m: m.parameters_b))


def model(name: str) -> ModelSpec:
    """The model of that name or alias, in any case, with or without an owner in front of it.

    Raises InputError with the nearest names when there is none.
    """
    canonical = _find("model", name.rsplit("/", maxsplit=1)[-1], _rows("models", "model"))
    return next(m for m in models() if m.name == canonical)


def closest_model_by_size(parameters_b: float) -> ModelSpec:
    """The dense model whose size in billions of parameters is nearest by ratio.

    One that its makers have superseded does not stand in for others.

    Raises InputError when the size is not a positive number.
    """
    if not math.isfinite(parameters_b) or parameters_b <= 0:
        raise InputError(
            f"A model size of {parameters_b} billion parameters makes no sense; give a positive"
            " number, for instance 7."
        )
    fitting = (m for m in models() if not m.experts and not m.superseded)
    return min(fitting, key=lambda m: abs(math.log(m.parameters_b / parameters_b)))


@functools.cache
def gpus() -> tuple[GpuSpec, ...]:
    """All cards, least memory first."""
    made = [_gpu(row) for row in _rows("gpus", "gpu")]
    _unique("GPU", [name for row in _rows("gpus", "gpu") for name in _names(row)])
    return tuple(sorted(made, key=lambda g: (g.memory_gib, g.bf16_tflops)))


def gpu(name: str) -> GpuSpec:
    """The card of that name or alias ("4090", "a100"), in any case.

    Raises InputError with the nearest names when there is none.
    """
    canonical = _find("GPU", name, _rows("gpus", "gpu"))
    return next(g for g in gpus() if g.name == canonical)


@functools.cache
def prices() -> tuple[Price, ...]:
    """All dated prices."""
    return tuple(_price(row) for row in _rows("prices", "price"))


def gpu_prices(gpu_name: str) -> tuple[Price, ...]:
    """The prices of an hour of that card, cheapest first; empty where none is known."""
    name = gpu(gpu_name).name
    rows = [row for row in _rows("prices", "price") if row.get("gpu") == name and "usd" in row]
    return tuple(sorted((_price(row) for row in rows), key=lambda p: p.usd or 0.0))


@functools.cache
def providers() -> tuple[Provider, ...]:
    """All managed services, also those that have closed."""
    rows = _rows("providers", "provider")
    _unique("provider", [name for row in rows for name in _names(row)])
    return tuple(_provider(row) for row in rows)


def provider(name: str) -> Provider:
    """The service of that name or alias, in any case. Raises InputError when there is none."""
    canonical = _find("provider", name, _rows("providers", "provider"))
    return next(p for p in providers() if p.name == canonical)


@functools.cache
def data_need_rows() -> tuple[DataNeeds, ...]:
    """What each kind of task needs; for classification the figures count per class."""
    return tuple(
        DataNeeds(
            task_type=row["task_type"],
            minimum=row["minimum"],
            recommended_low=row["recommended_low"],
            recommended_high=row["recommended_high"],
            per_class=row["per_class"],
            certainty=row["certainty"],
            note=row["note"],
            sources=(_source(row),),
        )
        for row in _rows("data_needs", "need")
    )


@functools.cache
def _rows(file: str, table: str) -> tuple[dict[str, Any], ...]:
    text = resources.files("knowdo.knowledge").joinpath("data", f"{file}.toml").read_text("utf-8")
    return checked_rows(text, file, table)


def checked_rows(text: str, file: str, table: str) -> tuple[dict[str, Any], ...]:
    """The rows of a TOML catalogue. Raises InputError on a row without source or date."""
    rows = tomllib.loads(text).get(table, [])
    for number, row in enumerate(rows, start=1):
        where = f"{file}.toml, {table} {number} ({_label(row)})"
        if not row.get("source"):
            raise InputError(f"{where} has no source; every fact needs one.")
        if type(row.get("retrieved")) is not date:
            raise InputError(f"{where} has no date `retrieved`; write it as 2026-11-24.")
    return tuple(rows)


def _label(row: dict[str, Any]) -> str:
    return str(row.get("name") or row.get("item") or row.get("task_type") or "unnamed")


def _source(row: dict[str, Any]) -> Source:
    return Source(row["source"], row["retrieved"], row.get("url", ""))


def _names(row: dict[str, Any]) -> list[str]:
    return [row["name"], *row.get("aliases", ())]


def _key(name: str) -> str:
    """Names compare without case, blanks, hyphens and underscores."""
    return "".join(c for c in name.lower() if c not in " -_").removeprefix("nvidia")


def _find(kind: str, name: str, rows: Iterable[dict[str, Any]]) -> str:
    """The canonical name behind a name or alias. Raises InputError when there is none."""
    rows = tuple(rows)
    wanted = _key(name)
    for row in rows:
        if wanted in map(_key, _names(row)):
            return str(row["name"])
    raise unknown_name(kind, name, [row["name"] for row in rows])


def _unique(kind: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if _key(name) in seen:
            raise InputError(f"The {kind} catalogue names '{name}' twice.")
        seen.add(_key(name))


def _fields(row: dict[str, Any], *left_out: str) -> dict[str, Any]:
    """The row's own fields, without those of its source."""
    return {k: v for k, v in row.items() if k not in ("source", "url", "retrieved", *left_out)}


def _model(row: dict[str, Any]) -> ModelSpec:
    return ModelSpec(**_fields(row, "aliases"), source=_source(row))


def _gpu(row: dict[str, Any]) -> GpuSpec:
    aliases = tuple(row.get("aliases", ()))
    return GpuSpec(**_fields(row, "aliases"), aliases=aliases, source=_source(row))


def _price(row: dict[str, Any]) -> Price:
    sizes = tuple(row["sizes_b"]) if "sizes_b" in row else None
    fields = _fields(row, "gpu", "sizes_b")
    return Price(**{"usd": None, **fields}, sizes_b=sizes, source=_source(row))


def _provider(row: dict[str, Any]) -> Provider:
    return Provider(
        **_fields(row, "tunable", "aliases", "prices"),
        tunable=tuple(row["tunable"]),
        aliases=tuple(row.get("aliases", ())),
        price_names=tuple(row["prices"]),
        source=_source(row),
    )
