"""A ResNet of octave convolutions after the paper (Chen et al. 2019, arXiv:1904.05049), under the names that the widely
used PyTorch implementation gives its modules: `conv_h2l` leads from the high frequency to the low.

Every feature map is a pair: `high` of full size and `low` of half the height and width, the part `alpha` of the
channels. Steps are means of 2x2 before the convolutions, and what comes from the low frequency is repeated behind them.
"""

from torch import nn
from torch.nn import functional


def halved(x):
    return functional.avg_pool2d(x, 2)


class Paths(nn.Module):
    """The up to four convolutions between two frequencies; `reads` and `gives` are alpha on either side."""

    def __init__(self, inputs, outputs, kernel, reads, gives, step):
        super().__init__()
        self.step = step
        low_in, low_out = int(reads * inputs), int(gives * outputs)
        sizes = {"h": (inputs - low_in, outputs - low_out), "l": (low_in, low_out)}
        for source in "hl":
            for target in "hl":
                count_in, count_out = sizes[source][0], sizes[target][1]
                if count_in and count_out:
                    module = nn.Conv2d(count_in, count_out, kernel, padding=kernel // 2, bias=False)
                    self.add_module(f"conv_{source}2{target}", module)

    def forward(self, pair):
        high, low = pair
        if self.step == 2:
            high = halved(high)
        to_high, to_low = self.conv_h2h(high), None
        if hasattr(self, "conv_h2l"):
            to_low = self.conv_h2l(halved(high))
        if low is not None:
            from_low = self.conv_l2h(low)
            if self.step == 1:
                from_low = functional.interpolate(from_low, scale_factor=2, mode="nearest")
            to_high = to_high + from_low
            if hasattr(self, "conv_l2l"):
                to_low = to_low + self.conv_l2l(halved(low) if self.step == 2 else low)
        return to_high, to_low


class Layer(nn.Module):
    """Octave convolution and the normalisation of both frequencies."""

    def __init__(self, inputs, outputs, kernel, reads, gives, step=1, rectifies=True):
        super().__init__()
        self.conv = Paths(inputs, outputs, kernel, reads, gives, step)
        self.bn_h = nn.BatchNorm2d(outputs - int(gives * outputs))
        self.bn_l = nn.BatchNorm2d(int(gives * outputs)) if gives else None
        self.rectifies = rectifies

    def forward(self, pair):
        high, low = self.conv(pair)
        high = self.bn_h(high)
        low = None if low is None else self.bn_l(low)
        if not self.rectifies:
            return high, low
        return high.relu(), None if low is None else low.relu()


class Block(nn.Module):
    def __init__(self, inputs, planes, reads, gives, step, is_first):
        super().__init__()
        outputs = 4 * planes
        self.conv1 = Layer(inputs, planes, 1, reads, gives)
        self.conv2 = Layer(planes, planes, 3, gives, gives, step)
        self.conv3 = Layer(planes, outputs, 1, gives, gives, rectifies=False)
        if is_first:
            self.downsample = nn.Sequential(Layer(inputs, outputs, 1, reads, gives, step, rectifies=False))
        else:
            self.downsample = None

    def forward(self, pair):
        shortcut = pair if self.downsample is None else self.downsample(pair)
        high, low = self.conv3(self.conv2(self.conv1(pair)))
        high = (high + shortcut[0]).relu()
        return high, None if low is None else (low + shortcut[1]).relu()


class OctResNet(nn.Module):
    def __init__(self, depths, planes=(64, 128, 256, 512), classes=1000, alpha=0.5, stem=64):
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        channels = stem
        for stage, (depth, width) in enumerate(zip(depths, planes)):
            gives = 0 if stage == len(depths) - 1 else alpha
            blocks = []
            for number in range(depth):
                # The image has one frequency, and so has what the last stage hands on.
                reads = gives if number else (alpha if stage else 0)
                step = 2 if stage and not number else 1
                blocks.append(Block(channels, width, reads, gives, step, number == 0))
                channels = 4 * width
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        self.fc = nn.Linear(channels, classes)

    def forward(self, image):
        x = functional.max_pool2d(self.bn1(self.conv1(image)).relu(), 3, stride=2, padding=1)
        pair = (x, None)
        for stage in range(self.stages):
            pair = getattr(self, f"layer{stage + 1}")(pair)
        return self.fc(pair[0].mean((2, 3)))


def oct_resnet50():
    return OctResNet((3, 4, 6, 3))
