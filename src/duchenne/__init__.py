"""duchenne: from face videos to models that tell spontaneous from posed smiles."""

__version__ = "0.1.0"
