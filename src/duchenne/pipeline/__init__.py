"""What all stages share: how they start, which clips they process, and what DVC tracks."""
