"""Face detectors: boxes of faces in a picture."""
