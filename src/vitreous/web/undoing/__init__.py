"""Acts that can be undone: a journal of them in the project, which any server can read, and the way back of each."""
