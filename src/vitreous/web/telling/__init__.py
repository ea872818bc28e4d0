"""What a job tells of itself: results, how far it is, why it failed, its log, files, settings and history; for reading only."""
