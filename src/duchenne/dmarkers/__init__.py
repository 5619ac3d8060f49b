"""Duchenne Markers: what lips, cheeks and eyelids do during a smile, in numbers."""
