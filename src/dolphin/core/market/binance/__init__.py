"""Binance USD-M: its frames as events."""
