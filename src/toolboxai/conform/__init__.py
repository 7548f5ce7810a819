"""Does a server speak Channels protocol 7? Rows of the protocol, checked from outside."""
