"""Work that runs for a while and tells of itself, whatever it makes: turns, events in order, lost jobs set going again."""
