"""How fast the server is, as ratios against a bare C loop and against plain FastAPI, in one run on one machine."""
