"""An evaluation that engines of other people spread over processes: GNU parallel and Ray. Shards that die in the middle
are started again, go on where they were, and everything adds up to exactly what one process counts."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from command import BINARY, OK, scalenet

ROOT = Path(__file__).resolve().parents[3]
MODEL = ROOT / "fixtures/tiny/tiny.pth"
SHARDS = 4
IMAGES = 4000


@pytest.fixture(scope="module")
def images(session_folder):
    """Ten folders of links to a few images."""
    sources = [path for path in sorted((ROOT / "fixtures/images").iterdir())
               if path.suffix in (".jpg", ".png") and "one-pixel" not in path.name]
    folder = session_folder / "spread"
    for number in range(IMAGES):
        source = sources[number % len(sources)]
        target = folder / f"class_{number % 10}" / f"{number:05}{source.suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)
    return folder


@pytest.fixture(scope="module")
def whole(images):
    outcome = scalenet("eval", MODEL, images, "--format", "json")
    report = json.loads(outcome.stdout)
    assert report["images"] == IMAGES and 0 < report["top1"] < IMAGES
    return outcome.stdout


def merged(folder):
    files = sorted(folder.glob("shard-*.json"))
    assert len(files) == SHARDS
    return scalenet("eval", "--merge", *files, "--format", "json").stdout


def command(images, folder, index):
    return [str(BINARY), "eval", str(MODEL), str(images), "--shard", f"{index}/{SHARDS}", "--threads", "1",
            "--resume", str(folder / f"shard-{index}.json")]


def start_and_kill(images, folder, index):
    """Starts a shard and kills it when something was counted, and not all of it; how much that was."""
    path = folder / f"shard-{index}.json"
    for _ in range(20):
        process = subprocess.Popen(command(images, folder, index), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   text=True)
        while process.poll() is None and not path.exists():
            time.sleep(0.002)
        process.kill()
        message = process.communicate()[1]
        assert path.exists(), message
        report = json.loads(path.read_text())
        if 0 < report["processed"] < report["total"]:
            return report["processed"]
        # It was faster than its killer.
        path.unlink()
    raise AssertionError("the shard was done each time before it could be killed")


@pytest.mark.skipif(shutil.which("parallel") is None, reason="GNU parallel is not installed: make deps")
def test_gnu_parallel(images, whole, tmp_path):
    done = start_and_kill(images, tmp_path, 2)
    template = command(images, tmp_path, "{}")
    outcome = subprocess.run(
        ["parallel", "--will-cite", "--jobs", "2", "--retries", "2", "--joblog", str(tmp_path / "log"), *template, ":::",
         *map(str, range(1, SHARDS + 1))], capture_output=True, text=True, timeout=300)
    assert outcome.returncode == OK, outcome.stderr
    # What was killed began where it was, or a little before.
    assert done > 0 and "images were counted before" in outcome.stderr, outcome.stderr
    assert merged(tmp_path) == whole


def test_ray(images, whole, tmp_path, monkeypatch):
    ray = pytest.importorskip("ray")
    # Workers import the functions of this file.
    folders = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
    ray.init(num_cpus=2, include_dashboard=False, configure_logging=False, log_to_driver=False)
    try:

        @ray.remote(num_cpus=1, max_retries=2)
        def shard(index):
            killed = tmp_path / "killed"
            if index == 3 and not killed.exists():
                killed.write_text(str(start_and_kill(images, tmp_path, index)))
                # The worker dies with its shard, as on a machine that is taken away.
                os.kill(os.getpid(), signal.SIGKILL)
            process = subprocess.Popen(command(images, tmp_path, index), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, text=True)
            message = process.communicate(timeout=300)[1]
            return process.returncode, message

        results = ray.get([shard.remote(index) for index in range(1, SHARDS + 1)], timeout=400)
    finally:
        ray.shutdown()
    assert [status for status, _ in results] == [OK] * SHARDS, results
    assert int((tmp_path / "killed").read_text()) > 0
    assert "images were counted before" in results[2][1]
    assert merged(tmp_path) == whole
