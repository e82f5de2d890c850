"""The workflows that the storm meets."""
