"""A memory that is a picture (Shi et al. 2015, "Convolutional LSTM Network"; no peepholes)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from duchenne.nets.narrow_conv import narrow_conv


class ConvLstm(nn.Module):
    """Maps (B, S, i, H, W) → hidden states after each, (B, S, o, H, W), from zeros at the start."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.channels, self.hidden = channels, hidden
        self.gates = nn.Conv2d(channels + hidden, 4 * hidden, kernel_size=3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """One convolution in two parts: over all frames at once, then over states one by one."""
        weight = self.gates.weight
        of_frame, of_state = weight[:, : self.channels], weight[:, self.channels :]
        seen = narrow_conv(maps.flatten(0, 1), of_frame, self.gates.bias)
        seen = seen.reshape(*maps.shape[:2], *seen.shape[1:])
        cell = hidden = weight.new_zeros((len(maps), self.hidden, *maps.shape[3:]))
        states = []
        for now in seen.unbind(dim=1):
            cell, hidden = _step(now + functional.conv2d(hidden, of_state, padding=1), cell)
            states.append(hidden)
        return torch.stack(states, dim=1)


def _step(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    take, keep, show, new = gates.chunk(4, dim=1)
    cell = keep.sigmoid() * cell + take.sigmoid() * new.tanh()
    return cell, show.sigmoid() * cell.tanh()
