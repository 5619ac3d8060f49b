"""Files to frames: videos, stills, sequences and arrays, read in true time."""
