"""How the model counts time: weeks, months of four weeks, quarters of thirteen."""

WEEKS_A_YEAR = 52
WEEKS_A_MONTH = 4
WEEKS_A_QUARTER = 13
MONTHS_A_YEAR = WEEKS_A_YEAR // WEEKS_A_MONTH
