"""Races, each forced at a named point of the code, and shown to be lost without the protection."""
