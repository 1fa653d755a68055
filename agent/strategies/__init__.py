"""Strategies as NautilusTrader runs them; what they decide is `dolphin.core.placing`."""
