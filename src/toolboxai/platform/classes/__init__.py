"""Classes of pupils: who is in them, and how they come in without an address and without a password."""
