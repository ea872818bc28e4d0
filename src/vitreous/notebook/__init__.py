"""Work in a notebook on a project's first steps: scans of parameters over the same movies, and the review of the CTF fits."""
