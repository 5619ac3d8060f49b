"""Training: windows of landmarks, one fold's network, and what is kept of it."""
