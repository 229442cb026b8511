"""ScaleNet in PyTorch, written for these tests from the paper and the published state dicts' names and shapes."""

import reference
import torch
from torch import nn
from torch.nn import functional

POOLS = (1, 2, 4, 7)
EXPANSION = 4


def resize(x, size):
    """To `size`: nearest where both sides divide evenly, else bilinear with half-pixel centres."""
    height, width = x.shape[-2:]
    if (height, width) == size:
        return x
    if size[0] % height == 0 and size[1] % width == 0:
        return functional.interpolate(x, size=size, mode="nearest")
    return functional.interpolate(x, size=size, mode="bilinear", align_corners=False)


class ScaleAggregation(nn.Module):
    """A bottleneck whose middle convolutions look at the block's features at several scales."""

    def __init__(self, in_channels, planes, channels, kernel_sizes, stride):
        super().__init__()
        out_channels = planes * EXPANSION
        self.stride = stride
        self.conv1 = nn.Conv2d(in_channels, planes, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.ModuleDict()
        self.bn2 = nn.ModuleDict()
        for scale, count in enumerate(channels):
            if count > 0:
                kernel_size = kernel_sizes[scale]
                self.conv2[str(scale)] = nn.Conv2d(
                    planes, count, kernel_size, padding=kernel_size // 2, bias=False
                )
                self.bn2[str(scale)] = nn.BatchNorm2d(count)
        self.conv3 = nn.Conv2d(sum(channels), out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample = None
        if stride > 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)
            )

    def forward(self, x):
        if self.stride > 1:
            x = functional.max_pool2d(x, self.stride, self.stride)
        shortcut = x if self.downsample is None else self.downsample(x)
        x = functional.relu(self.bn1(self.conv1(x)))
        size = (int(x.shape[-2]), int(x.shape[-1]))
        scales = []
        for scale, convolution in self.conv2.items():
            pool = POOLS[int(scale)]
            y = functional.max_pool2d(x, pool, pool) if pool > 1 else x
            scales.append(self.bn2[scale](resize(convolution(y), size)))
        x = functional.relu(torch.cat(scales, dim=1))
        return functional.relu(self.bn3(self.conv3(x)) + shortcut)


class ScaleNet(nn.Module):
    """`rows` are a structure file's; kernel sizes default to the rule that Python 3 follows."""

    def __init__(self, rows, planes=(64, 128, 256, 512), stem=64, classes=1000, kernel_sizes=None):
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        in_channels = stem
        stages = [[], [], [], []]
        for stage, index, (*channels, side) in reference.blocks(rows):
            default = [3 if side / 2**scale > 1 else 1 for scale in range(4)]
            sizes = (kernel_sizes or {}).get((stage, index), default)
            stride = 2 if stage > 1 and index == 0 else 1
            width = planes[stage - 1]
            stages[stage - 1].append(ScaleAggregation(in_channels, width, channels, sizes, stride))
            in_channels = width * EXPANSION
        self.layer1, self.layer2, self.layer3, self.layer4 = (nn.Sequential(*stage) for stage in stages)
        self.fc = nn.Linear(in_channels, classes)

    def features(self, x):
        """Outputs of the four stages."""
        x = functional.relu(self.bn1(self.conv1(x)))
        x = functional.max_pool2d(x, 3, stride=2, padding=1)
        results = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            results.append(x)
        return results

    def forward(self, x):
        return self.fc(self.features(x)[-1].mean(dim=(2, 3)))


def released(name):
    """A full-size network with the stand-in weights of fixtures/full, in evaluation mode."""
    model = ScaleNet(reference.structure(name))
    state = {key: torch.from_numpy(array) for key, array in reference.state_dict(name).items()}
    model.load_state_dict(state, strict=True)
    return model.eval()


def tiny():
    """The tiny network with its committed weights, in evaluation mode."""
    model = ScaleNet(reference.structure("tiny"), planes=(4, 8, 16, 32), stem=16, classes=10)
    model.load_state_dict(torch.load(reference.TINY / "tiny.pth", weights_only=True), strict=True)
    return model.eval()
