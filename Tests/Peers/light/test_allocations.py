"""A plan has all memory that its runs need: what a run allocates is its input, its output and its progress, not its steps."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from command import BINARY

#: A run of a network of hundreds of steps; one allocation a step would be above it.
MOST_IN_A_RUN = 60


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    library = tmp_path_factory.mktemp("counting") / "counting.so"
    source = Path(__file__).with_name("counting.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", source, "-o", library, "-ldl"], check=True)
    return library


def allocations(counter, network, runs):
    command = [BINARY, "bench", network, "--batch", "1", "--threads", "1", "--runs", str(runs)]
    environment = os.environ | {"LD_PRELOAD": str(counter), "SWIFT_DETERMINISTIC_HASHING": "1"}
    process = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return int(re.search(r"^allocations (\d+)$", process.stderr, re.M)[1])


@pytest.mark.parametrize("network", ["arch:scalenet50", "arch:seresnet50"])
def test_steps_allocate_nothing(counter, network):
    few, many = (allocations(counter, network, runs) for runs in (5, 55))
    assert many > few, "a run at least has an output"
    assert (many - few) / 50 < MOST_IN_A_RUN, (few, many)
