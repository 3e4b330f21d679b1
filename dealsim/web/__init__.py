"""The page a workshop looks at: served from this machine, or packed into one file. It lives runs and shows them."""
