"""The compiled loops of the week, one file a theme; `dealsim.week` puts them in order."""
