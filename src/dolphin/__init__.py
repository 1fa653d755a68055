"""DOLPHIN: how much leverage a trading system is entitled to right now."""
