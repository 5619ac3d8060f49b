"""The fast passes of the networks on a CPU."""
