"""Images a second of `scalenet eval` and of what timm's validate.py does, on the same network and images.

Usage: evaluation.py [--images N] [--rounds N] [--network NAME] [--realtime] SCALENET

validate.py is no part of timm's package; its loop is: timm's data set and loader, the network without gradients, timm's
accuracy. JPEGs of 500 x 375 are made of seeded noise on smooth colours, as large as photographs of that size are. Both take
turns; the medians are printed, and what the network alone does on tensors that are there.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

import torch

# timm also where torchvision's operators for detection can't be loaded.
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Tests" / "Peers" / "torch"))
from image_libraries import timm  # noqa: E402
import timm.data  # noqa: E402
import timm.utils  # noqa: E402

parser = argparse.ArgumentParser()
parser.add_argument("scalenet")
parser.add_argument("--images", type=int, default=500)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--network", default="resnet50")
parser.add_argument("--realtime", action="store_true", help="before all other processes; needs root")
arguments = parser.parse_args()
if arguments.realtime:
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))

BATCH, CLASSES = 16, 10
WORKERS = os.cpu_count()


def make(folder):
    generator = np.random.default_rng(0)
    size = 0
    for index in range(arguments.images):
        small = generator.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        image = np.asarray(Image.fromarray(small).resize((500, 375), Image.BICUBIC)).astype(float)
        image += generator.normal(0, 12, image.shape)
        path = folder / f"class{index % CLASSES}" / f"{index:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(path, quality=85)
        size += path.stat().st_size
    return size / arguments.images


def timms(network, folder):
    loader = timm.data.create_loader(
        timm.data.create_dataset("", root=str(folder)), input_size=(3, 224, 224), batch_size=BATCH, crop_pct=0.875,
        interpolation="bilinear", use_prefetcher=False, num_workers=WORKERS, pin_memory=False)
    right = count = 0
    with torch.inference_mode():
        for images, target in loader:
            accuracy = timm.utils.accuracy(network(images), target, topk=(1,))[0]
            right += round(float(accuracy) * len(target) / 100)
            count += len(target)
    assert count == arguments.images
    return right


def ours(model, folder):
    process = subprocess.run(
        [arguments.scalenet, "eval", model, folder, "--crop", "224", "--resize", "256"], capture_output=True, text=True,
        check=True)
    return int(process.stdout.split("top-1")[1].split("(")[1].split(")")[0])


with tempfile.TemporaryDirectory() as name:
    root = Path(name)
    size = make(root / "images")
    torch.manual_seed(0)
    network = timm.create_model(arguments.network, num_classes=CLASSES).eval()
    torch.save(network.state_dict(), root / "network.pth")
    subprocess.run(
        [arguments.scalenet, "convert", root / "network.pth", "-o", root / "network.onnx", "--no-verify"], check=True,
        capture_output=True)
    runs = {
        "scalenet eval": lambda: ours(root / "network.onnx", root / "images"),
        "timm": lambda: timms(network, root / "images"),
    }
    seconds, answers = {title: [] for title in runs}, {}
    for _ in range(arguments.rounds):
        for title, run in runs.items():
            begin = time.perf_counter()
            answers[title] = run()
            seconds[title].append(time.perf_counter() - begin)
    batch = torch.randn(BATCH, 3, 224, 224)
    begin, count = time.perf_counter(), 0
    with torch.inference_mode():
        while time.perf_counter() - begin < 10:
            network(batch)
            count += BATCH
    alone = count / (time.perf_counter() - begin)

processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
print(f"{processor.split(':')[1].strip()}, {os.cpu_count()} processors; {arguments.network}, {arguments.images} JPEGs of "
      f"{size / 1000:.0f} kB, batches of {BATCH}, {arguments.rounds} rounds; PyTorch {torch.__version__}, timm {timm.__version__}")
for title, times in seconds.items():
    rates = sorted(arguments.images / each for each in times)
    print(f"{title:14} {statistics.median(rates):6.1f} images a second ({rates[0]:.1f} to {rates[-1]:.1f}), "
          f"{answers[title]} right")
print(f"{'PyTorch alone':14} {alone:6.1f} images a second, on tensors that are there")
