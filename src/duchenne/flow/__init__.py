"""How work gets done: units, their cache, the engine that runs them, and one fan-out over all.

Nothing in here knows what a face is, and nothing in here changes a result.
"""
