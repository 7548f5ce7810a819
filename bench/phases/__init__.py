"""The measurements, one file for each idea; every phase is a function of the stand."""
