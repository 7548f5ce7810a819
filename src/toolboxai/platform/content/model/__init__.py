"""What goes into a generation and what each stage makes of it.

All are frozen msgspec Structs: ``msgspec.to_builtins`` gives JSON objects, ``msgspec.convert`` brings them back
equal, so a stage's result can be stored and handed to the next stage by another process.

Sentences of the source are referred to by their index in ``Analysis.sentences``. An index of None means that the
words are ours: one of the fixed frames, never a statement about the subject.
"""
