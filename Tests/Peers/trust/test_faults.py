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


def problems_of(bench, calls=slice(None)):
    """What is wrong after the faults of some of the calls, all if none are named."""
    chosen = list(enumerate(bench.trace, 1))[calls]
    points = itertools.chain.from_iterable(
        [(number, fault) for fault in faults_of(call, turn)] for turn, (number, call) in enumerate(chosen, 1)
    )
    return [problem for point in points if (problem := bench.try_fault(*point))]


@pytest.mark.parametrize("has_old", [False, True], ids=["new", "over"])
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system or "all")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_call(shim, root, inputs, kind, system, has_old):
    # In the short form a call has its faults where something stood there, and the next one where nothing did.
    calls = slice(None) if LONG else slice(has_old, None, 2)
    problems = problems_of(faults.Bench(shim, root, inputs, kind, system, has_old), calls)
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems[:5])


@pytest.mark.skipif(LONG, reason="the long form has all kinds on all file systems")
@pytest.mark.parametrize("system", faults.SYSTEMS[1:])
@pytest.mark.parametrize("kind", [outputs.ONE[3], outputs.SETS[0], outputs.SETS[3]], ids=lambda kind: kind.name)
def test_every_call_where_file_systems_lack_something(shim, root, inputs, kind, system):
    problems = problems_of(faults.Bench(shim, root, inputs, kind, system))
    assert not problems, f"{len(problems)} problems\n" + "\n".join(problems[:5])


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system or "all")
def test_an_evaluation_goes_on_after_every_call(shim, root, inputs, system):
    """Whatever happens while its state is kept, that is whole, and leads to the same end."""
    runs = faults.Bench(shim, root, inputs, outputs.STATE, system, has_old=False)
    for number, call in enumerate(runs.trace, 1):
        for fault in faults_of(call, number):
            runs.reset()
            ending = runs.run(number, fault)
            faults.figures[runs.kind.name, fault] += 1
            # An image that was not read is looked at no second time.
            if ending.status == 65 and "photo.jpg: " in ending.stdout:
                continue
            following = runs.run()
            assert following.status == 0, (number, call, fault, ending, following)
            files = runs.files()
            assert files["r.json"] == runs.after["r.json"], (number, call, fault, ending)
            unnamed = [name for name in files if name not in runs.after and f"{name}: " not in following.stderr]
            assert not unnamed, (number, call, fault, unnamed)
