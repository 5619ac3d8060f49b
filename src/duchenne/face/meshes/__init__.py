"""Face meshes, one file each."""
