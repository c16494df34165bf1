"""Run the benchmarks and print their tables."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict

from benchmarks import engine_speed, growth_speed, rebuild_speed, scale_speed, warehouse_speed, writers_speed
from benchmarks.measure import Line, table

BENCHMARKS: Mapping[str, tuple[str, Callable[[int], list[Line]]]] = {
    "commands": ("Durable commands per second in one process that grows", engine_speed.commands),
    "writers": (
        "Answered tasks per second, each on disk before the next, by 1, 4 and 16 writers",
        writers_speed.writers,
    ),
    "rebuild": ("Events per second when a process is opened", rebuild_speed.rebuild),
    "guards": ("Guards evaluated per second", engine_speed.guards),
    "forms": ("Sets of answers checked per second", engine_speed.forms),
    "transitions": ("Accepted transitions per second in memory", scale_speed.transitions),
    "lists": ("One person's open tasks", scale_speed.lists),
    "migrations": ("Processes migrated per second", scale_speed.migrations),
    "growth": ("How the cost of one thing grows, of what it is about per second", growth_speed.growth),
    "lint": ("Templates linted per second", scale_speed.linting),
    "disk": ("Bytes on disk for each event (in the column “per second”)", scale_speed.disk),
    "pull": ("Events pulled into DuckDB per second", warehouse_speed.pulling),
    "marts": ("Unit-level measurements computed per second", warehouse_speed.marts),
    "memory": ("Memory", warehouse_speed.memory),
}


def main(arguments: list[str]) -> None:
    """Measure what was asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--scale", type=int, choices=(1, 10, 100), default=1, help="1: minutes; 100: 10 million units")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    chosen = parser.parse_args(arguments)
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if not chosen.json:
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}; median of repeats\n")
    for name in chosen.names or BENCHMARKS:
        title, measure = BENCHMARKS[name]
        lines = measure(chosen.scale)
        print(json.dumps({name: [asdict(one) for one in lines]}) if chosen.json else table(title, lines), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
