"""What all stages share: how one is started, which clips it does, and what DVC keeps."""
