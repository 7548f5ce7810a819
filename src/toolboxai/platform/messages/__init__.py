"""Every message that the application sends or takes on channels and old sockets, as one registry of types.

What is written here is what checks, docs and generated types are made from; who makes a message stands elsewhere.
"""
