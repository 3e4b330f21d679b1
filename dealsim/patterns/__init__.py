"""National patterns that the old regime and the pace of programmes must show, and the trials they are read from."""
