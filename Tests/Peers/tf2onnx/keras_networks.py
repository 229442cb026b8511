"""The networks of Keras that faults are planted into: one of each kind of structure, for small images."""

import applications

# The builder of all DenseNets: Keras itself names the large ones only.
from keras.src.applications.densenet import DenseNet
from tensorflow import keras

layers = keras.layers
CLASSES = 10


def of_keras(name, **options):
    """One of Keras's own networks, which gives logits."""
    side = applications.SIZES.get(name, 64)
    shared = {"input_shape": (side, side, 3), "weights": None, "classes": CLASSES, "classifier_activation": None}
    return lambda: getattr(keras.applications, name)(**(shared | options))


def densenet():
    return DenseNet([2, 2, 3, 2], weights=None, input_shape=(64, 64, 3), classes=CLASSES)


def plain():
    """As VGG is: convolutions with a bias and a function, maxima, and maps laid flat, all ending in a softmax."""
    image = x = keras.Input((32, 32, 3))
    for number, channels in enumerate((8, 16, 24)):
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"block{number}_conv1")(x)
        x = layers.Conv2D(channels, 3, padding="same", activation="relu", name=f"block{number}_conv2")(x)
        x = layers.MaxPooling2D(name=f"block{number}_pool")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(40, activation="relu", name="fc1")(x)
    x = layers.Dropout(0.5)(x)
    return keras.Model(image, layers.Dense(CLASSES, activation="softmax", name="predictions")(x))


def normalized(x, channels, name, **options):
    x = layers.Conv2D(channels, name=f"{name}_conv", use_bias=False, padding="same", **options)(x)
    return layers.BatchNormalization(name=f"{name}_bn")(x)


def mixed():
    """Little of everything: an image prepared within, functions with parameters, a gate, residuals and a join of equals."""
    image = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescaling")(image)
    x = layers.LeakyReLU(0.2, name="leaky")(normalized(x, 12, "stem", kernel_size=3, strides=2))
    x = layers.MaxPooling2D(3, strides=1, padding="same", name="pool")(x)
    for number, function in enumerate(("relu", "elu", "swish")):
        inner = layers.Activation(function, name=f"block{number}_function")(normalized(x, 24, f"block{number}_wide", kernel_size=1))
        inner = layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"block{number}_depthwise")(inner)
        inner = layers.ReLU(6.0, name=f"block{number}_relu6")(layers.BatchNormalization(name=f"block{number}_depthwise_bn")(inner))
        gate = layers.GlobalAveragePooling2D(keepdims=True, name=f"block{number}_mean")(inner)
        gate = layers.Conv2D(8, 1, activation="relu", name=f"block{number}_squeeze")(gate)
        gate = layers.Conv2D(24, 1, activation="sigmoid", name=f"block{number}_expand")(gate)
        inner = layers.Multiply(name=f"block{number}_gate")([inner, gate])
        x = layers.Add(name=f"block{number}_add")([x, normalized(inner, 12, f"block{number}_narrow", kernel_size=1)])
    x = layers.PReLU(shared_axes=[1, 2], name="slopes")(normalized(x, 16, "down", kernel_size=3, strides=2))
    square = layers.Conv2D(16, 3, padding="same", activation="tanh", name="square")(x)
    mean = layers.AveragePooling2D(3, strides=1, padding="same", name="around")(x)
    x = layers.Concatenate(name="join")([square, mean])
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(CLASSES, name="classes")(x))


def segmentation():
    """What each pixel is: a U-Net, of which one half of the steps up are interpolated and the other convolutions."""
    image = x = keras.Input((32, 32, 3))
    levels = []
    for number, channels in enumerate((8, 12, 16)):
        x = layers.ReLU(name=f"down{number}_relu")(normalized(x, channels, f"down{number}", kernel_size=3))
        levels.append(x)
        x = layers.MaxPooling2D(name=f"down{number}_pool")(x)
    x = layers.Conv2D(16, 3, padding="same", activation="relu", dilation_rate=2, name="bottom")(x)
    for number, (level, channels) in enumerate(zip(levels[::-1], (16, 12, 8))):
        if number == 1:
            x = layers.Conv2DTranspose(channels, 3, strides=2, padding="same", name=f"up{number}_transposed")(x)
        else:
            x = layers.UpSampling2D(interpolation=("bilinear", "nearest")[number // 2], name=f"up{number}_resized")(x)
            x = layers.Conv2D(channels, 1, name=f"up{number}_narrow")(x)
        x = layers.Concatenate(name=f"up{number}_join")([level, x])
        x = layers.ReLU(name=f"up{number}_relu")(normalized(x, channels, f"up{number}", kernel_size=3))
    return keras.Model(image, layers.Conv2D(3, 1, activation="sigmoid", name="pixels")(x))


def attention():
    """Patches of an image that attend to each other, as in ViT."""
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(24, 4, strides=4, name="patches")(image)
    x = layers.Reshape((64, 24), name="sequence")(x)
    for number in range(2):
        inner = layers.LayerNormalization(epsilon=1e-6, name=f"block{number}_norm1")(x)
        inner = layers.MultiHeadAttention(3, 8, name=f"block{number}_attention")(inner, inner)
        x = layers.Add(name=f"block{number}_add1")([x, inner])
        inner = layers.LayerNormalization(epsilon=1e-6, name=f"block{number}_norm2")(x)
        inner = layers.Dense(48, activation="gelu", name=f"block{number}_wide")(inner)
        x = layers.Add(name=f"block{number}_add2")([x, layers.Dense(24, name=f"block{number}_narrow")(inner)])
    x = layers.LayerNormalization(epsilon=1e-6, name="norm")(x)
    x = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(image, layers.Dense(CLASSES, name="classes")(x))


#: tf2onnx writes resizes of the nearest pixel with coordinates that ONNX has at opsets 11 and 12 only.
OPSETS = {"segmentation": 12}
#: No plain layers of Keras compute products of what is computed.
NOT_REWRITTEN = {"attention"}

NETWORKS = {
    "mixed": mixed,
    "plain": plain,
    "segmentation": segmentation,
    "attention": attention,
    "MobileNetV2": of_keras("MobileNetV2", alpha=0.35),
    # Its softmax stays.
    "MobileNetV3Small": of_keras("MobileNetV3Small", classifier_activation="softmax"),
    "EfficientNetB0": of_keras("EfficientNetB0"),
    "DenseNet": densenet,
    "ResNet50": of_keras("ResNet50"),
    "ResNet50V2": of_keras("ResNet50V2"),
    "InceptionV3": of_keras("InceptionV3"),
    "NASNetMobile": of_keras("NASNetMobile"),
    "Xception": of_keras("Xception"),
    "EfficientNetV2B0": of_keras("EfficientNetV2B0"),
}


def network(name):
    """One of them, with weights and statistics that a mistake would show in."""
    keras.backend.clear_session()
    model = NETWORKS[name]()
    applications.randomize(model)
    return model
