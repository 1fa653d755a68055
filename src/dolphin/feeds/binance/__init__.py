"""Binance USD-M live: connections, subscriptions, snapshots."""
