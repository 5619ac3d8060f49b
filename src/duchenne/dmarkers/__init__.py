"""Duchenne Markers: numbers that describe how lips, cheeks and eyelids move during a smile."""
