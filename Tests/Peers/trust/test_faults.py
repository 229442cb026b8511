"""At every call to the system, of every kind of output: an error, a part, or a kill leaves what stood there, or all
that is new, and nothing else."""

import itertools

import faults
import outputs
import pytest
from faults import LONG

KINDS = outputs.ONE + outputs.SETS
SYSTEMS = faults.SYSTEMS if LONG else faults.SYSTEMS[:1]


def faults_of(call, turn):
    """What happens at a call: all of it, or in the short form an error and a signal that take turns."""
    errors = faults.ERRORS if call in faults.CALLS_THAT_FAIL else ()
    errors += ("short",) if call == "write" else ()
    if LONG:
        return (*errors, *faults.KILLS)
    chosen = errors[turn % len(errors) :][:1] if errors else ()
    return (*chosen, faults.KILLS[turn % len(faults.KILLS)])


def problems_of(bench):
    points = itertools.chain.from_iterable(
        [(number, fault) for fault in faults_of(call, number)] for number, call in enumerate(bench.trace, 1)
    )
    return [problem for point in points if (problem := bench.try_fault(*point))]


@pytest.mark.parametrize("has_old", [False, True], ids=["new", "over"])
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system or "all")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_call(shim, root, inputs, kind, system, has_old):
    problems = problems_of(faults.Bench(shim, root, inputs, kind, system, has_old))
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems[:5])


@pytest.mark.skipif(LONG, reason="the long form has all kinds on all file systems")
@pytest.mark.parametrize("system", faults.SYSTEMS[1:])
@pytest.mark.parametrize("kind", [outputs.ONE[3], outputs.SETS[0], outputs.SETS[3]], ids=lambda kind: kind.name)
def test_every_call_where_file_systems_lack_something(shim, root, inputs, kind, system):
    problems = problems_of(faults.Bench(shim, root, inputs, kind, system))
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems[:5])
