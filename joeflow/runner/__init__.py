"""What carries a due machine task to a worker; one file for each system."""
