"""From the pictures of a clip to normalised landmarks of one face."""
