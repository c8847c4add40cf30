#!/usr/bin/env python3
"""Measures this project's work beside its peers' and writes the part of docs/benchmarks.md on this kind of machine.

Each row's commands run in alternating pairs (ours, peer, ours, peer, …), so that both sides meet the same state of the machine; the
table has the medians, and the median, least and greatest ratio of a pair. Of several peers for one row the fastest is quoted.

Usage: compare.py [--only ROW]... [--write] [--pairs 5] [--quick] [--programs .build/release]
Run by the Python that has the peers (Benchmarks/peers/requirements.txt); `make bench-peers` does it all. With --only or --quick the
table is printed and docs/benchmarks.md left alone; --only with --write puts the rows measured into the part on this kind of
machine. The exit code is 1 where a command failed, not where a goal was missed.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shlex
import statistics
import subprocess
import sys
import tempfile

import rows as catalogue

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "Benchmarks" / "peers"


class Failed(Exception):
    pass


def environment():
    """Without the user's choices for OpenBLAS: they would handicap the peers' own copy, and our programs choose for themselves."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}


def run(command, field=None):
    """- Returns: the JSON object of the command's last line, which must have the field; None where no field is asked for."""
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        words = (done.stderr.strip() or "no words").splitlines()[-1]
        raise Failed(f"`{shlex.join(command)}` ended with code {done.returncode}: {words}")
    if field is None:
        return None
    try:
        result = json.loads(done.stdout.strip().splitlines()[-1])
        result[field]
    except (IndexError, json.JSONDecodeError, KeyError, TypeError):
        raise Failed(f"`{shlex.join(command)}` printed no JSON with {field}") from None
    return result


class Measurement:
    """What was measured for one row."""

    def __init__(self, row, ours, peers):
        """- ours: results of our program; peers: for each peer its results, in the same order."""
        self.row = row
        self.ours = ours
        self.median = statistics.median(result[row.field] for result in ours)
        self.peer = self.peer_median = self.ratios = None
        if peers:
            speed = lambda results: statistics.median(result[row.field] for result in results)
            self.peer = (min if row.less_is_better else max)(peers, key=speed)
            self.peer_median = speed(self.peer)
            self.ratios = [self.ratio(a[row.field], b[row.field]) for a, b in zip(ours, self.peer)]

    def ratio(self, ours, peer):
        return peer / ours if self.row.less_is_better else ours / peer

    @property
    def quality_holds(self):
        if not self.row.quality or self.peer is None:
            return True
        ours, peer = self.quality
        return ours <= peer * (1 + self.row.quality[1])

    @property
    def quality(self):
        field = self.row.quality[0]
        return tuple(statistics.median(result[field] for result in side) for side in (self.ours, self.peer))

    @property
    def reached(self):
        fast = self.median <= self.row.goal if self.ratios is None else statistics.median(self.ratios) >= self.row.goal
        return fast and self.quality_holds

    @staticmethod
    def memory(results):
        return statistics.median(result["peak_megabytes"] for result in results)

    def cells(self):
        def text(value):
            number = f"{value:,.2f}" if self.row.less_is_better else f"{value:,.0f}" if value >= 1000 else f"{value:,.1f}"
            return f"{number} s" if self.row.less_is_better else f"{number} images/s"

        ours = text(self.median)
        if self.ratios is None:
            return [ours, "—", "—", self.row.goal_text, "yes" if self.reached else "**no**"]
        peer = f"{text(self.peer_median)}, {self.peer[0].get('peer', 'the step alone')}"
        if self.row.quality:
            name = self.row.quality[0].replace("_", " ").replace("kl", "KL")
            (a, b) = self.quality
            ours, peer = f"{ours}, {name} {a:,.10g}", f"{peer}, {name} {b:,.10g}"
        if all("peak_megabytes" in result for result in self.ours + self.peer):
            ours, peer = (f"{cell}, {self.memory(side):,.0f} MiB" for cell, side in ((ours, self.ours), (peer, self.peer)))
        ratio = f"{statistics.median(self.ratios):.2f} ({min(self.ratios):.2f}–{max(self.ratios):.2f})"
        return [ours, peer, ratio, self.row.goal_text, "yes" if self.reached else "**no**"]


def measure(row, program, folder, pairs):
    def command(parts):
        parts = [part.replace("{folder}", folder) for part in parts]
        return [program] + parts[1:] if parts[0] == "benchmarks" else parts

    ours_command = command(["benchmarks"] + row.ours + ["--json"])
    peer_commands = [command(peer) + (["--json"] if peer[0] == "benchmarks" else []) for peer in row.peers]
    if row.prepare:
        run(command(["benchmarks"] + row.prepare))
    ours, peers = [], [[] for _ in peer_commands]
    for pair in range(min(pairs, row.most_pairs)):
        ours.append(run(ours_command, row.field))
        for results, peer in zip(peers, peer_commands):
            results.append(run(peer, row.field))
        figures = [ours[-1][row.field]] + [results[-1][row.field] for results in peers]
        print(f"{row.name}, pair {pair + 1}: {' | '.join(str(figure) for figure in figures)}", file=sys.stderr, flush=True)
    return Measurement(row, ours, peers)


def table(outcomes):
    lines = ["| work | ours | peer | ratio | goal | reached |", "|---|---|---|---|---|---|"]
    for row, outcome in outcomes:
        cells = outcome.cells() if isinstance(outcome, Measurement) else [f"failed: {outcome}", "—", "—", row.goal_text, "**no**"]
        lines.append("| " + " | ".join([row.work] + cells) + " |")
    return "\n".join(lines)


def machine(program):
    speed = run([program, "gemm", "--threads", "2", "--json"], "gflops")
    cores = len(os.sched_getaffinity(0))
    return (f"{speed['cpu']}, {cores} cores, OpenBLAS kernels {speed['blas_core']}, {speed['gflops']:.0f} GFLOP/s in a 1024³ matrix product"
            f" on 2 threads")


def state():
    """The commit that was measured, empty outside of a git tree."""
    try:
        done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip()
    except OSError:
        return ""


def spelled(row):
    """The commands of a row as a person would type them."""
    ours = [["benchmarks"] + arguments for arguments in (row.prepare, row.ours) if arguments]
    peers = [peer if peer[0] == "benchmarks" else [pathlib.Path(peer[1]).name] + peer[2:] for peer in row.peers]
    return dict.fromkeys(" ".join(command).replace("{folder}/", "") for command in ours + peers)


def parts(document):
    """The parts of docs/benchmarks.md by kind of machine."""
    found = re.split(r"^## Machines with (.+)\n", document, flags=re.MULTILINE)
    return {name: re.split(r"^## ", text, flags=re.MULTILINE)[0].strip() for name, text in zip(found[1::2], found[2::2])}


def part(outcomes, machine_text, pairs, load):
    versions = sorted({m.peer[0]["peer"] for _, m in outcomes if isinstance(m, Measurement) and m.peer and "peer" in m.peer[0]})
    debian = ("Debian's python3-torch was measured too; the faster PyTorch is quoted." if catalogue.debian_has_torch()
              else "Debian's python3-torch is not installed here and was not measured.")
    missed = [row.work for row, outcome in outcomes if not (isinstance(outcome, Measurement) and outcome.reached)]
    return f"""- Machine: {machine_text}. Load average at the start {load:.2f}.
- Measured {datetime.date.today()}{f", commit {state()}" if state() else ""}; {pairs} alternating pairs a row, fewer for the longest.
- Peers quoted: {"; ".join(versions) or "none"}. {debian}

{table(outcomes)}

{ending(missed)}"""


def renewed(old, measured, names, pairs, rows):
    """A part of docs/benchmarks.md with some rows measured anew, in the order of all rows; a row that is no longer among them goes.
    - measured: lines of the table."""
    lines = old.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("|---")) + 1
    end = next((i for i in range(first, len(lines)) if not lines[i].startswith("|")), len(lines))
    known = {line.split(" | ")[0]: line for line in lines[first:end] + measured}
    table = [known[f"| {row.work}"] for row in rows if f"| {row.work}" in known]
    note = f"- Measured again {datetime.date.today()}{f', commit {state()}' if state() else ''}, {pairs} pairs: {names}."
    text = "\n".join(lines[:first] + table + lines[end:]).replace("\n- Peers quoted", f"\n{note}\n- Peers quoted", 1)
    missed = [line.split(" | ")[0].removeprefix("| ") for line in table if line.endswith("| **no** |")]
    return text[:text.rindex("\n\n")] + "\n\n" + ending(missed)


def ending(missed):
    return "All goals are reached." if not missed else "Not reached: " + "; ".join(missed) + "."


def document(parts_by_kind, rows):
    commands = [f"- {row.work}: " + ", ".join(f"`{command}`" for command in spelled(row)) for row in rows]
    kinds = "\n\n".join(f"## Machines with {name}\n\n{text}" for name, text in sorted(parts_by_kind.items()))
    return f"""# Benchmarks

Written by `make bench-peers`, a part for each kind of machine; not edited by hand.
Two threads, except where the row says otherwise. Medians; the ratio is that of a pair, with the least and greatest of all pairs in brackets.
The divergence of t-SNE is computed alike on both sides: p over exact nearest neighbours, q normalised over all pairs. The epochs count the
whole program `train`, from its start to its written weights.

{kinds}

## Commands

{chr(10).join(commands)}
"""


def main():
    parser = argparse.ArgumentParser()
    rows = catalogue.rows(SCRIPTS)
    parser.add_argument("--only", action="append", choices=[row.name for row in rows])
    parser.add_argument("--write", action="store_true", help="with --only: put these rows into docs/benchmarks.md")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="one pair for each row")
    parser.add_argument("--programs", type=pathlib.Path, default=ROOT / ".build" / "release")
    options = parser.parse_args()
    if options.pairs < 1:
        parser.error("--pairs is at least 1")
    file, title = ROOT / "docs" / "benchmarks.md", catalogue.title()
    known = parts(file.read_text()) if file.exists() else {}
    if options.only and options.write and title not in known:
        parser.error(f"{file} has no part on machines with {title} yet; measure all rows first, without --only")
    program = str(options.programs.resolve() / "benchmarks")
    if not os.access(program, os.X_OK):
        parser.error(f"there is no {program}; run make build")
    pairs, load = 1 if options.quick else options.pairs, os.getloadavg()[0]
    machine_text = machine(program)
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            if options.only and row.name not in options.only:
                continue
            try:
                outcomes.append((row, measure(row, program, folder, pairs)))
            except Failed as error:
                print(f"{row.name}: {error}", file=sys.stderr, flush=True)
                outcomes.append((row, error))
    if options.only or options.quick:
        print(table(outcomes))
    if options.write or not (options.only or options.quick):
        names = ", ".join(row.name for row, _ in outcomes)
        known[title] = (renewed(known[title], table(outcomes).splitlines()[2:], names, pairs, rows) if options.only
                        else part(outcomes, machine_text, pairs, load))
        file.write_text(document(known, rows))
        print(f"docs/benchmarks.md: the part on machines with {title} is written")
    if not all(isinstance(outcome, Measurement) for _, outcome in outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
