"""Tests of the guide's rules."""
