"""Face meshes: landmarks of a face in a picture."""
