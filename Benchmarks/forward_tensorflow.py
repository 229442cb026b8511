"""The forward pass of Keras files: this engine against TensorFlow, medians and their ratio."""

import numpy as np
import tensorflow as tf
import timing

options = timing.arguments(__doc__)
tf.config.threading.set_intra_op_parallelism_threads(options.threads)
image = np.random.default_rng(1).standard_normal((options.batch, options.size, options.size, 3)).astype(np.float32)
for path in options.models:
    model = tf.keras.models.load_model(path, compile=False)
    run = tf.function(lambda x: model(x, training=False))
    constant = tf.constant(image)
    theirs = timing.median(lambda: run(constant), options.runs)
    timing.report("TensorFlow", path, timing.scalenet(path, options), theirs)
