"""Fills a folder with synthetic images of all kinds and what Pillow makes of them, for the sweep of ImagesTests.

    python make_sweep.py FOLDER [COUNT [SEED]]
    SCALENET_IMAGE_SWEEP=FOLDER swift test --filter ImagesTests

Needs numpy, Pillow and simplejpeg.
"""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "fixtures/images"))

import kinds  # noqa: E402
from expectations import FILTERS, Expectations  # noqa: E402


def main(folder, count=1200, seed=1):
    generator = np.random.Generator(np.random.PCG64(seed))
    expect = Expectations(folder)
    for number in range(count):
        width, height = (int(side) for side in generator.integers(1, 20 if number % 10 == 0 else 260, 2))
        if number % 3:
            kind = kinds.JPEG_KINDS[int(generator.integers(len(kinds.JPEG_KINDS)))]
            name = f"{number:05}-{kind.replace(' ', '-')}.jpg"
            data = kinds.jpeg(generator, kind, width, height)
            if number % 5 == 0:
                tiff = kinds.exif(int(generator.integers(1, 9)), "<>"[number % 2])
                data = kinds.with_segment(data, 0xe1, b"Exif\0\0" + tiff)
            image, source = expect.image(name, data)
        else:
            color_type, depth = kinds.PNG_KINDS[int(generator.integers(len(kinds.PNG_KINDS)))]
            transparency = color_type in (0, 2, 3) and generator.random() < 0.4
            # The keys that Pillow compares unscaled, and alpha itself.
            comparable = (color_type, depth) in [(0, 1), (0, 8), (2, 8)] or color_type in (3, 4, 6)
            name = f"{number:05}-type{color_type}-{depth}.png"
            data = kinds.png(generator, color_type, depth, width, height, bool(generator.integers(2)), transparency)
            image, source = expect.image(name, data, "#c08040" if comparable else None)
        # Of damaged progressive files the library smooths what is missing, each version in its own way.
        if "progressive" not in name:
            place = int(generator.integers(len(data)))
            expect.damaged("cut-" + name, data[:place])
            expect.damaged("flipped-" + name, data[:place] + bytes([data[place] ^ 1 << number % 8]) + data[place + 1:])
        interpolation = FILTERS[int(generator.integers(len(FILTERS)))]
        size = tuple(int(side) for side in generator.integers(1, 200, 2))
        expect.resize(image, source, interpolation, size)
        resize = int(generator.integers(8, 120))
        crop = int(generator.integers(4, 110))
        if max(image.size) / min(image.size) < 20:
            expect.torchvision(image, source, resize, crop, ("bilinear", "bicubic")[number % 2])
            expect.answer(image, name, resize, crop, ("bilinear", "bicubic")[number % 2])
            expect.timm(image, source, tuple(int(side) for side in generator.integers(16, 64, 2)),
                        round(float(generator.uniform(0.7, 1)), 3), ("center", "squash", "border")[number % 3], "bicubic")
    expect.finish()


main(sys.argv[1], *map(int, sys.argv[2:]))
