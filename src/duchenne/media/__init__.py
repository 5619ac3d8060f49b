"""From files to frames in true time: videos, photographs, sequences of pictures, arrays."""
