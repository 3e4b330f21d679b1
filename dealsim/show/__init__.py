"""Shows results: on the terminal, as charts, as a report. It computes no figure of its own."""
