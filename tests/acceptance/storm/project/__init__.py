"""The Django project that runs in the storm."""
