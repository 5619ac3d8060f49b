"""The fast passes of the landmark networks on a CPU.

`reference.CurveNet` is the readable form of what `graph`, `edges` and `batchnorm` compute. With
them a training step takes half the time at published size (0.63 at the demo's), inference 0.36
(0.41). `pool` takes 0.45 of the time of torch's dropout and product, `dropout` half of torch's.
"""
