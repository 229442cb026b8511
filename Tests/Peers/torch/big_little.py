"""A Big-Little Net after the paper (Chen et al. 2019, arXiv:1807.03848), under the names that its authors' PyTorch
implementation gives its modules.

A module has a deep branch of half the height and width (`big`) and a shallow branch that is `alpha` times narrower and
`beta` times shallower (`little`); they are added, and one more block (`fusion`) takes the module's step.
"""

from torch import nn
from torch.nn import functional


class Gate(nn.Module):
    """Squeeze-and-excitation to a sixteenth."""

    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1)

    def forward(self, x):
        return x * self.fc2(self.fc1(x.mean((2, 3), keepdim=True)).relu()).sigmoid()


class Block(nn.Module):
    def __init__(self, inputs, outputs, inner, groups, step=1, rectifies=True, is_gated=False):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(inner, inner, 3, stride=step, padding=1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        shortcut = [nn.AvgPool2d(3, stride=2, padding=1)] if step == 2 else []
        if inputs != outputs:
            shortcut += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]
        self.downsample = nn.Sequential(*shortcut)
        if is_gated:
            self.se_layer = Gate(outputs)
        self.rectifies = rectifies
        self.is_gated = is_gated

    def forward(self, x):
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y))
        if self.is_gated:
            y = self.se_layer(y)
        y = y + self.downsample(x)
        return y.relu() if self.rectifies else y


class Module(nn.Module):
    def __init__(self, make, inputs, outputs, depth, alpha, beta, step):
        super().__init__()
        self.big = make(inputs, outputs, depth - 1, step=2, rectifies_last=False)
        self.little = make(inputs, outputs // alpha, max(1, depth // beta - 1), narrowing=alpha)
        self.little_e = nn.Sequential(
            nn.Conv2d(outputs // alpha, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        )
        self.fusion = make(outputs, outputs, 1, step=step)

    def forward(self, x):
        little = self.little_e(self.little(x))
        big = functional.interpolate(self.big(x), little.shape[2:], mode="nearest")
        return self.fusion((big + little).relu())


class BigLittleNet(nn.Module):
    def __init__(self, depths, alpha=2, beta=4, widths=(64, 128, 256, 512), groups=1, base_width=64,
                 is_gated=False, classes=1000):
        super().__init__()

        def make(inputs, outputs, depth, step=1, rectifies_last=True, narrowing=1):
            own = groups // narrowing if groups > 1 else 1
            inner = outputs * base_width * (narrowing if groups > 1 else 1) // 64 // 4 * own
            blocks = []
            for number in range(depth):
                is_last = depth > 1 and number == depth - 1
                blocks.append(
                    Block(outputs if number else inputs, outputs, inner, own, 1 if number else step,
                          rectifies_last or not is_last, is_gated))
            return nn.Sequential(*blocks)

        stem = widths[0]
        layers = (
            ("conv1", "bn1", 3, stem, 7, 2), ("b_conv0", "bn_b0", stem, stem, 3, 2),
            ("l_conv0", "bn_l0", stem, stem // alpha, 3, 1),
            ("l_conv1", "bn_l1", stem // alpha, stem // alpha, 3, 2),
            ("l_conv2", "bn_l2", stem // alpha, stem, 1, 1), ("bl_init", "bn_bl_init", stem, stem, 1, 1),
        )
        for name, normalization, inputs, outputs, kernel, step in layers:
            self.add_module(name, nn.Conv2d(inputs, outputs, kernel, step, kernel // 2, bias=False))
            self.add_module(normalization, nn.BatchNorm2d(outputs))
        channels = stem
        for stage, (width, step) in enumerate(zip(widths, (2, 2, 1))):
            module = Module(make, channels, 4 * width, depths[stage], alpha, beta, step)
            self.add_module(f"layer{stage + 1}", module)
            channels = 4 * width
        self.layer4 = make(channels, 4 * widths[3], depths[3], step=2)
        self.fc = nn.Linear(4 * widths[3], classes)

    def forward(self, image):
        x = self.bn1(self.conv1(image)).relu()
        little = self.bn_l0(self.l_conv0(x)).relu()
        little = self.bn_l1(self.l_conv1(little)).relu()
        x = (self.bn_b0(self.b_conv0(x)) + self.bn_l2(self.l_conv2(little))).relu()
        x = self.bn_bl_init(self.bl_init(x)).relu()
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


DEPTHS = {50: (3, 4, 6, 3), 101: (4, 8, 18, 3), 152: (5, 12, 30, 3)}


def blresnet(depth=50):
    return BigLittleNet(DEPTHS[depth])


def blresnext(depth=50, groups=32, is_gated=False):
    return BigLittleNet(DEPTHS[depth], groups=groups, base_width=4, is_gated=is_gated)
