"""The builders of questions, one kind a file. Each makes drafts; ``quiz`` chooses among them and finishes the chosen."""
