"""What comes of the grades: their list, files for other programs, and pairs that look alike."""
