"""Whether torch sees a GPU."""

import shutil
from collections.abc import Iterator

from duchenne.cli.doctor.site import Finding, Site

DRIVER = "nvidia-smi"


def check(site: Site) -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        return
    if site.params.train.device == "cuda":
        yield Finding("train.device is cuda and torch sees no GPU; write auto or cpu")
    elif shutil.which(DRIVER) and torch.version.cuda is None:
        yield Finding(
            "there is an NVIDIA driver, and torch is built for the CPU alone; install the build of "
            "the same version with CUDA to train on the GPU",
            blocks=False,
        )
    else:
        yield Finding(
            "torch sees no GPU, so training runs on the CPU: enough for the demo, days for the "
            "published network on a published set",
            blocks=False,
        )
