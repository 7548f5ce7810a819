"""Reading the files that a teacher sends, in a process of its own with bounds on what it may use."""
