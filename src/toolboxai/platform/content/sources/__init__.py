"""A teacher's own material: files, their kinds, and the clean text in them."""
