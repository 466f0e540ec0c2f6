"""What makes a CPU fast: compiled loops, rounded weights, threads, memory that is kept."""
