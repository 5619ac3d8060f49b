"""From a face video to landmarks: pure steps, one file each, that know nothing of the project."""
