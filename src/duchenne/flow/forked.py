"""Imported by the process that workers are forks of, and by no other: it ends with the stage.

Left alone it would wait for its last fork to end, and the forks, which end with it, for it.
"""

from duchenne.flow import process

process.die_with_parent()
