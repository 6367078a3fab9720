"""What `doctor` looks at, by subject. Each look yields findings and changes nothing: no file, no lock, no database."""
