"""What is done with one clip in each stage; stages fan it out over clips, `measure` chains it."""
