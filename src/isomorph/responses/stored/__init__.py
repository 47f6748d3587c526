"""Arrays in files of others, read a region and a block of presentations at a time."""
