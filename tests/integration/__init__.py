"""Tests that need the database or the installed package."""
