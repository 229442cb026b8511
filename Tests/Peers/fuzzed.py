"""Inputs that fuzzing made: those of fixtures/fuzz, and with FUZZ_CORPUS=.build-fuzz/corpus all that it has come upon."""

import os
from pathlib import Path

from command import BAD_INPUT, OK, scalenet

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
FOLDERS = [FIXTURES / "fuzz", *filter(None, [os.environ.get("FUZZ_CORPUS") and Path(os.environ["FUZZ_CORPUS"])])]


def inputs(*targets):
    """All inputs of some targets."""
    return [path for folder in FOLDERS for target in targets for path in sorted((folder / target).glob("*"))]


def convert(source, output, *options):
    """Whether the command takes a file of weights; if not, it refuses it as it should."""
    outcome = scalenet("convert", source, "-o", output, *options, check=False, timeout=60)
    assert outcome.status in (OK, BAD_INPUT), f"{source}: {outcome}"
    return outcome.status == OK
