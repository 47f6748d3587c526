"""Simulations that show whether what tables say is so; tests run small ones of the same."""
