"""All contestants in turn, several times: whatever slows the machine down, slows all of them."""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import contestants as who
from benchmarks import measures
from benchmarks.servers import running_servers
from benchmarks.site import site

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Program:
    """What is measured of whom.

    Args:
        rounds: How often.
        contestants: Who takes part.
        instances: How many are started at once.
        idle: How many are timed one after the other; fewer of those that take seconds.
    """

    rounds: int
    contestants: tuple[who.Contestant, ...]
    instances: int = 100
    idle: int = 15


FULL = Program(5, who.ALL)
QUICK = Program(5, (who.FLOOR, who.OURS, who.OURS_ONE_STEP))
#: Those whose split takes seconds are timed less often.
SLOW = {who.SECOND.name, who.SECOND_AS_IT_COMES.name}
#: Those whose hand-over after a form is measured.
WITH_FORM = {
    who.FLOOR.name,
    who.OURS.name,
    who.OURS_ON_DRAMATIQ.name,
    who.OURS_ON_DJANGO_TASKS.name,
}


def run_rounds(program, *, against=None, only=None):
    """Return the figures of all rounds: lists, by name of contestant and of measure.

    Args:
        program: What is measured of whom.
        against: A commit whose joeflow is measured, too.
        only: Names of those who take part; None for all.
    """
    results = defaultdict(lambda: defaultdict(list))
    with worktree(against) if against else nullcontext() as source, ExitStack() as stack:
        everybody = who.ALL if only else program.contestants
        members = [member for member in everybody if not only or member.name in only]
        if source:
            members.append(replace(who.OURS, name=f"joeflow at {against}", source=str(source)))
        servers = stack.enter_context(running_servers())
        sites = [
            stack.enter_context(site(member, servers, number))
            for number, member in enumerate(members)
        ]
        for number in range(program.rounds):
            for place in sites:
                began = time.monotonic()
                _measure(place, program, results[place.contestant.name])
                seconds = round(time.monotonic() - began)
                note = f"round {number + 1}: {place.contestant.name}, {seconds} s"
                print(note, file=sys.stderr, flush=True)
    return {name: dict(figures) for name, figures in results.items()}


def _measure(place, program, figures):
    member = place.contestant
    place.start_workers()
    for shape in member.shapes:
        is_slow = shape == "split" and member.name in SLOW
        idle, instances = (2, 5) if is_slow else (program.idle, program.instances)
        figures[f"{shape} idle"].append(measures.measure_latency(place, shape, idle))
        figures[f"{shape} load"].append(measures.measure_load(place, shape, instances))
    if member.name in WITH_FORM:
        figures["hand-over"].append(measures.measure_hand_over(place, program.idle))
    place.stop_workers()


@contextmanager
def worktree(commit):
    """Give a folder with the files of a commit."""
    with tempfile.TemporaryDirectory(prefix="joeflow-bench-") as folder:
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", "--quiet", f"{folder}/tree", commit], check=True)
        try:
            yield Path(folder) / "tree"
        finally:
            subprocess.run([*git, "remove", "--force", f"{folder}/tree"], check=True)
