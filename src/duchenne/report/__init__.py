"""One page about a run: the data, the smiles, the figures and the doubts."""
