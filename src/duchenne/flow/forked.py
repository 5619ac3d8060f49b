"""Imported by the fork server alone: it makes the fork server end with the stage.

Otherwise it would wait for its last fork to end, and the forks for it, since they end with it.
"""

from duchenne.flow import process

process.die_with_parent()
