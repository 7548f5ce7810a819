"""The accounts of a school, as its admins look after them."""
