"""What many runs say together: what matters, where it fails, what to choose, how many runs are enough.

It knows arrays and tables only: it makes no design, lives no run and opens no folder.
"""
